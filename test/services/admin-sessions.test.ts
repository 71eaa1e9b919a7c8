import { beforeEach, describe, expect, it } from 'vitest';
import { nativeHasher } from '../../src/adapters/hash/native.ts';
import { AdminSessions } from '../../src/services/admin-sessions.ts';
import { ManualClock } from '../support/manual-clock.ts';

const TOKEN = 'the-admin-token-0001';
const SECRET = new Uint8Array(32).fill(7);

let clock: ManualClock;
beforeEach(() => {
  clock = new ManualClock();
});

function sessions(token: string | undefined = TOKEN, secret = SECRET): AdminSessions {
  return new AdminSessions({ hasher: nativeHasher, clock }, { token, secret });
}

describe('a session of the admin page', () => {
  it('is open until its time has come, also for a server that was started anew', async () => {
    const session = await sessions().open();
    await clock.advance(sessions().lifeSeconds * 1000 - 1);
    expect(await sessions().isOpen(session)).toBe(true);
    await clock.advance(1);
    expect(await sessions().isOpen(session)).toBe(false);
  });

  it('is no token, and no other session’s twin', async () => {
    const [one, other] = [await sessions().open(), await sessions().open()];
    expect(one).not.toContain(TOKEN);
    expect(one).not.toBe(other);
  });

  it('ends when the token is another, when there is none any more, and on another server', async () => {
    const session = await sessions().open();
    expect(await sessions('the-admin-token-0002').isOpen(session)).toBe(false);
    expect(
      await new AdminSessions({ hasher: nativeHasher, clock }, { token: undefined, secret: SECRET }).isOpen(
        session,
      ),
    ).toBe(false);
    expect(await sessions(TOKEN, new Uint8Array(32)).isOpen(session)).toBe(false);
  });

  it('does not take one that was changed anywhere', async () => {
    const session = await sessions().open();
    const [end = '', nonce = '', signature = ''] = session.split('.');
    const forged = [
      `${Number(end) + 1}.${nonce}.${signature}`,
      `${end}.${nonce.replace('0', '1')}.${signature}`,
      `${end}.${nonce}.${'0'.repeat(64)}`,
      `${end}.${nonce}.`,
      `${end}.${nonce}.${signature}.`,
      ` ${session}`,
      'undefined',
      '',
    ];
    for (const value of forged) expect([value, await sessions().isOpen(value)]).toEqual([value, false]);
  });
});
