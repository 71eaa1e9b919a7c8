import { expect, it } from 'vitest';
import { AppError } from '../../../src/core/errors.ts';
import { Health } from '../../../src/services/operations/health.ts';
import { openMigrated } from '../../support/data/database.ts';

it('is ready while the database and every store can be used', async () => {
  const database = await openMigrated();
  const failures: unknown[] = [];
  const works = { check: async () => {} };
  const full = new AppError('storage_full', 'full');
  const fails = { check: () => Promise.reject(full) };
  const isReady = (...stores: (typeof works)[]) =>
    new Health({ database, stores, onFailure: (cause) => failures.push(cause) }).isReady();
  expect(await isReady(works, works)).toBe(true);
  expect(await isReady(fails, works)).toBe(false);
  expect(await isReady(works, fails)).toBe(false);
  expect(failures).toEqual([full, full]);
  database.close();
  expect(await isReady(works, works)).toBe(false);
});

it('is not ready when the database can only be read', async () => {
  const database = await openMigrated();
  await database.all({ sql: 'pragma query_only = on', params: [] });
  const failures: unknown[] = [];
  expect(
    await new Health({ database, stores: [], onFailure: (cause) => failures.push(cause) }).isReady(),
  ).toBe(false);
  expect(failures).toMatchObject([{ code: 'storage_full' }]);
  database.close();
});
