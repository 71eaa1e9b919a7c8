import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { BetterSqlite3Database } from '../../../src/adapters/better-sqlite3/sql-database.ts';
import { nativeHasher } from '../../../src/adapters/hash/native.ts';
import { AdminSessions } from '../../../src/services/access/admin-sessions.ts';
import { openMigrated } from '../../support/data/database.ts';
import { ManualClock } from '../../support/fakes/manual-clock.ts';

const TOKEN = 'the-admin-token-0001';
const SECRET = new Uint8Array(32).fill(7);

let clock: ManualClock;
let database: BetterSqlite3Database;
beforeEach(async () => {
  clock = new ManualClock();
  database = await openMigrated();
});
afterEach(() => database.close());

function sessions(token: string | undefined = TOKEN, secret = SECRET): AdminSessions {
  return new AdminSessions({ database, hasher: nativeHasher, clock }, { token, secret });
}

async function endedSessions(): Promise<number> {
  return (await database.all({ sql: 'select id from ended_sessions', params: [] })).length;
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
    const parts = { database, hasher: nativeHasher, clock };
    const closed = new AdminSessions(parts, { token: undefined, secret: SECRET });
    expect(await closed.isOpen(session)).toBe(false);
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

  it('that is ended stays so, for a server that was started anew too, and no other one ends with it', async () => {
    const [one, other] = [await sessions().open(), await sessions().open()];
    await sessions().end(one);
    await sessions().end(one);
    expect(await sessions().isOpen(one)).toBe(false);
    expect(await sessions().isOpen(other)).toBe(true);
  });

  it('leaves no record of what is none of ours, nor of what is over anyway', async () => {
    const session = await sessions().open();
    await sessions().end(`${session.slice(0, -1)}g`);
    await sessions('the-admin-token-0002').end(session);
    expect(await endedSessions()).toBe(0);
    await sessions().end(session);
    expect(await endedSessions()).toBe(1);
    await clock.advance(sessions().lifeSeconds * 1000);
    await sessions().end(session);
    expect(await endedSessions()).toBe(1);
    await sessions().end(await sessions().open());
    expect(await endedSessions()).toBe(1);
  });
});
