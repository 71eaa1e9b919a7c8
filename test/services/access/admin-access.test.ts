import { beforeEach, describe, expect, it } from 'vitest';
import { nativeHasher } from '../../../src/adapters/hash/native.ts';
import { AdminAccess } from '../../../src/services/access/admin-access.ts';
import { ManualClock } from '../../support/fakes/manual-clock.ts';

const TOKEN = 'the-admin-token-0001';

let clock: ManualClock;
let access: AdminAccess;
beforeEach(() => {
  clock = new ManualClock();
  access = new AdminAccess(
    { hasher: nativeHasher, clock },
    { token: TOKEN, local: false, secret: new Uint8Array(32) },
  );
});

async function guess(times: number, address = 'a'): Promise<void> {
  for (let time = 0; time < times; time += 1)
    await access.admit('a-wrong-token', address).catch(() => undefined);
}

describe('who shows tokens from one address', () => {
  it('gets in with the right one after some wrong ones', async () => {
    await guess(599);
    await expect(access.admit('a-wrong-token', 'a')).rejects.toMatchObject({ code: 'throttled' });
    await expect(access.admit(TOKEN, 'b')).resolves.toBeUndefined();
  });

  it('learns nothing more when there were hundreds, until the minute is over', async () => {
    await guess(599);
    await expect(access.admit(TOKEN, 'a')).resolves.toBeUndefined();
    await guess(1);
    await expect(access.admit(TOKEN, 'a')).rejects.toMatchObject({ code: 'throttled', retryAfterMs: 60_000 });
    await clock.advance(60_000);
    await expect(access.admit(TOKEN, 'a')).resolves.toBeUndefined();
  });
});
