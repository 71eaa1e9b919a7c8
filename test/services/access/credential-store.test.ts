import { afterEach, beforeEach, expect, it } from 'vitest';
import type { BetterSqlite3Database } from '../../../src/adapters/better-sqlite3/sql-database.ts';
import { CredentialStore } from '../../../src/services/access/credential-store.ts';
import { openMigrated } from '../../support/data/database.ts';

let database: BetterSqlite3Database;
let credentials: CredentialStore;
beforeEach(async () => {
  database = await openMigrated();
  credentials = new CredentialStore(database);
});
afterEach(() => database.close());

it('remembers the last proof of each credential', async () => {
  await credentials.proven('a', 10);
  await credentials.proven('b', 5);
  await credentials.proven('a', 20);
  expect(await credentials.find('a')).toBe(20);
  expect(await credentials.find('b')).toBe(5);
  expect(await credentials.find('c')).toBeUndefined();
});

it('is not set back by a proof that arrives late', async () => {
  await credentials.proven('a', 20);
  await credentials.proven('a', 10);
  expect(await credentials.find('a')).toBe(20);
});

it('forgets, also what it never knew', async () => {
  await credentials.proven('a', 10);
  await credentials.forget('a');
  await credentials.forget('b');
  expect(await credentials.find('a')).toBeUndefined();
});
