import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { BetterSqlite3Database } from '../../../src/adapters/better-sqlite3/sql-database.ts';
import { InProcessFlights } from '../../../src/adapters/flight/in-process.ts';
import { nativeHasher } from '../../../src/adapters/hash/native.ts';
import { AppError } from '../../../src/core/errors.ts';
import { TransportError } from '../../../src/ports/transport.ts';
import {
  type CredentialOptions,
  CredentialService,
} from '../../../src/services/access/credential-service.ts';
import { CredentialStore } from '../../../src/services/access/credential-store.ts';
import { openMigrated } from '../../support/data/database.ts';
import { answer, FakeUpstream } from '../../support/fakes/fake-upstream.ts';
import { Faults } from '../../support/fakes/faulty.ts';
import { createGate } from '../../support/fakes/gate.ts';
import { ManualClock, settle } from '../../support/fakes/manual-clock.ts';
import { RecordingReporter } from '../../support/fakes/recording-reporter.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const TOKENS = new Map([
  ['token-of-ann', 'ann'],
  ['token-of-bob', 'bob'],
]);

let database: BetterSqlite3Database;
let clock: ManualClock;
let upstream: FakeUpstream;
let faults: Faults;
let reporter: RecordingReporter;
beforeEach(async () => {
  database = await openMigrated();
  clock = new ManualClock();
  upstream = new FakeUpstream();
  faults = new Faults();
  reporter = new RecordingReporter();
});
afterEach(() => database.close());

function start(options: Partial<CredentialOptions> = {}): CredentialService {
  return new CredentialService(
    {
      store: new CredentialStore(faults.watch('database', database)),
      upstream,
      hasher: nativeHasher,
      clock,
      proofs: new InProcessFlights(),
      reporter,
    },
    {
      mode: 'passthrough',
      scope: 'client',
      tokens: TOKENS,
      serverKey: 'sk-server',
      keyPlaces: 'looked everywhere',
      secret: new Uint8Array(32).fill(7),
      ...options,
    },
  );
}

const unanswered = () => Promise.reject(new TransportError('no route', false));

describe('the key that a purchase’s task is asked about with', () => {
  it('is the server’s of today for what any key of the folder has paid, and for its own account', async () => {
    const before = start({ mode: 'local', serverKey: 'sk-first' });
    const paid = await before.identify(undefined);
    const client = await before.identify('sk-client');
    const later = start({ mode: 'local', serverKey: 'sk-second' });
    expect(await later.keyFor(paid)).toBe('sk-second');
    expect(await later.keyFor(await later.identify(undefined))).toBe('sk-second');
    expect(await later.keyFor(client)).toBeUndefined();
  });

  it('is the server’s for every token, and no client’s in passthrough mode', async () => {
    const token = await start({ mode: 'token', serverKey: 'sk-first' }).identify('token-of-ann');
    expect(await start({ mode: 'token', serverKey: 'sk-second' }).keyFor(token)).toBe('sk-second');
    const client = await start().identify('sk-client');
    expect(await start().keyFor(client)).toBeUndefined();
  });
});

describe('local mode', () => {
  it('takes the client’s key, else the server’s, and needs no proof', async () => {
    const service = start({ mode: 'local' });
    const own = await service.identify('sk-own');
    expect(own).toMatchObject({ apiKey: 'sk-own', needsProof: false });
    const none = await service.identify(undefined);
    expect(none).toMatchObject({ apiKey: 'sk-server', needsProof: false });
    expect(own.scope).not.toBe(none.scope);
  });

  it('says where a key was looked for when there is none', async () => {
    const service = start({ mode: 'local', serverKey: undefined });
    await expect(service.identify(undefined)).rejects.toMatchObject({
      code: 'unauthorized',
      message: expect.stringContaining('looked everywhere'),
    });
  });
});

describe('passthrough mode', () => {
  it('takes the client’s key only, which needs proof', async () => {
    const service = start();
    expect(await service.identify('sk-own')).toMatchObject({ apiKey: 'sk-own', needsProof: true });
    await expect(service.identify(undefined)).rejects.toMatchObject({ code: 'unauthorized' });
  });

  it('remembers clients within a bound of bytes, not of their number', async () => {
    const service = start();
    const first = await service.identify('sk-own');
    expect(await service.identify('sk-own')).toBe(first);
    for (let client = 0; client < 300; client += 1) {
      await service.identify(`${client}`.padEnd(30_000, 'x'));
    }
    const again = await service.identify('sk-own');
    expect(again).toEqual(first);
    expect(again).not.toBe(first);
  });

  it('tells nothing of the key in scope and account', async () => {
    const service = start();
    const own = await service.identify('sk-own-secret');
    expect(`${own.scope} ${own.account}`).not.toContain('sk-own');
    const elsewhere = await start({ secret: new Uint8Array(32).fill(8) }).identify('sk-own-secret');
    expect(elsewhere.account).not.toBe(own.account);
    expect(await start().identify('sk-own-secret')).toEqual(own);
  });
});

describe('token mode', () => {
  it('knows its tokens by name, and pays with the server’s key', async () => {
    const service = start({ mode: 'token' });
    const [ann, bob] = [await service.identify('token-of-ann'), await service.identify('token-of-bob')];
    expect(ann).toMatchObject({ scope: 'token:ann', apiKey: 'sk-server', needsProof: false });
    expect(bob).toMatchObject({ scope: 'token:bob', apiKey: 'sk-server' });
    // One key pays, so the vendor's limits are common.
    expect(ann.account).toBe(bob.account);
  });

  it.each([undefined, 'sk-server', 'token-of-an', 'ann', ''])('refuses %j', async (bearer) => {
    await expect(start({ mode: 'token' }).identify(bearer)).rejects.toMatchObject({
      code: 'unauthorized',
      message: expect.stringContaining('this server takes only its own tokens'),
    });
  });

  it('refuses even a good token when there is no key to pay with', async () => {
    const service = start({ mode: 'token', serverKey: undefined });
    await expect(service.identify('token-of-ann')).rejects.toMatchObject({ code: 'unauthorized' });
  });
});

it('puts everybody into one scope when it is shared, and still pays with each one’s own key', async () => {
  const service = start({ scope: 'shared' });
  const [one, two] = [await service.identify('sk-1'), await service.identify('sk-2')];
  expect([one.scope, two.scope]).toEqual(['shared', 'shared']);
  expect([one.apiKey, two.apiKey]).toEqual(['sk-1', 'sk-2']);
});

describe('a proof', () => {
  it('is not asked for where none is needed', async () => {
    const service = start({ mode: 'local' });
    expect(await service.prove(await service.identify('sk-own'), '1.1.1.1')).toEqual({ accepted: true });
    expect(upstream.proofs).toEqual([]);
  });

  it('is remembered for an hour, also by a process that starts anew', async () => {
    const service = start();
    const own = await service.identify('sk-own');
    expect(await service.prove(own, '1.1.1.1')).toEqual({ accepted: true });
    await clock.advance(HOUR - 1);
    expect(await service.prove(own, '1.1.1.1')).toEqual({ accepted: true });
    expect(await start().prove(own, '1.1.1.1')).toEqual({ accepted: true });
    expect(upstream.proofs).toEqual(['sk-own']);
    await clock.advance(1);
    await service.prove(own, '1.1.1.1');
    expect(upstream.proofs).toHaveLength(2);
  });

  it('keeps no key in the database', async () => {
    const service = start();
    await service.prove(await service.identify('sk-own'), '1.1.1.1');
    const rows = await database.all({ sql: 'select * from credentials', params: [] });
    expect(rows).toHaveLength(1);
    expect(JSON.stringify(rows)).not.toContain('sk-own');
  });

  it('is given by a call that the vendor accepted', async () => {
    const service = start();
    const own = await service.identify('sk-own');
    await service.accepted(own);
    expect(await service.prove(own, '1.1.1.1')).toEqual({ accepted: true });
    expect(upstream.proofs).toEqual([]);
  });

  it('is asked for once by all who wait for it', async () => {
    const gate = createGate();
    upstream.onProve = async () => {
      await gate.opened;
      return answer(200, {});
    };
    const service = start();
    const own = await service.identify('sk-own');
    const asked = Array.from({ length: 20 }, () => service.prove(own, '1.1.1.1'));
    await settle();
    gate.open();
    for (const verdict of await Promise.all(asked)) expect(verdict).toEqual({ accepted: true });
    expect(upstream.proofs).toEqual(['sk-own']);
  });

  it.each([401, 403])(
    'that the vendor refuses with %i is its answer, remembered for a minute',
    async (status) => {
      const refusal = answer(status, { code: 'InvalidApiKey' });
      upstream.onProve = () => refusal;
      const service = start();
      const own = await service.identify('sk-bad');
      expect(await service.prove(own, '1.1.1.1')).toEqual({ accepted: false, answer: refusal });
      await clock.advance(MINUTE - 1);
      expect(await service.prove(own, '1.1.1.1')).toMatchObject({ accepted: false });
      expect(upstream.proofs).toHaveLength(1);
      await clock.advance(1);
      upstream.onProve = () => answer(200, {});
      expect(await service.prove(own, '1.1.1.1')).toEqual({ accepted: true });
    },
  );

  it('that is refused ends an earlier one, grace and all', async () => {
    const service = start();
    const own = await service.identify('sk-own');
    await service.prove(own, '1.1.1.1');
    await clock.advance(HOUR);
    upstream.onProve = () => answer(401, {});
    expect(await service.prove(own, '1.1.1.1')).toMatchObject({ accepted: false });
    await clock.advance(MINUTE);
    upstream.onProve = unanswered;
    await expect(service.prove(own, '1.1.1.1')).rejects.toMatchObject({ code: 'proof_unavailable' });
  });

  it('is forgotten when the vendor refuses a call, restarts included', async () => {
    const own = await start().identify('sk-own');
    const service = start();
    await service.accepted(own);
    await service.refused(own);
    upstream.onProve = () => answer(401, {});
    expect(await start().prove(own, '1.1.1.1')).toMatchObject({ accepted: false });
    expect(await service.prove(own, '1.1.1.1')).toMatchObject({ accepted: false });
    await service.accepted(own);
    expect(await service.prove(own, '1.1.1.1')).toEqual({ accepted: true });
  });

  it('forgets a refusal when the vendor takes a call', async () => {
    upstream.onProve = () => answer(401, {});
    const service = start();
    const own = await service.identify('sk-own');
    await service.prove(own, '1.1.1.1');
    await service.accepted(own);
    expect(await service.prove(own, '1.1.1.1')).toEqual({ accepted: true });
  });
});

describe('while the vendor does not answer', () => {
  const silences: [string, FakeUpstream['onProve']][] = [
    ['cannot be reached', unanswered],
    ['answers 429', () => answer(429, {})],
    ['answers 503', () => answer(503, {})],
    ['answers something unreadable', () => Promise.reject(new AppError('upstream_invalid', 'gzip'))],
  ];
  it.each(silences)('because it %s, a key proved within a day is still good', async (_, silence) => {
    const service = start();
    const own = await service.identify('sk-own');
    await service.prove(own, '1.1.1.1');
    upstream.onProve = silence;
    await clock.advance(24 * HOUR - 1);
    expect(await service.prove(own, '1.1.1.1')).toEqual({ accepted: true });
    await clock.advance(1);
    await expect(service.prove(own, '1.1.1.1')).rejects.toMatchObject({
      code: 'proof_unavailable',
      retryAfterMs: 5_000,
    });
  });

  it('within ten seconds, it is taken to be silent', async () => {
    upstream.onProve = () => new Promise(() => {});
    const service = start();
    const verdict = service.prove(await service.identify('sk-own'), '1.1.1.1');
    const refusal = expect(verdict).rejects.toMatchObject({ code: 'proof_unavailable' });
    await clock.untilSleeping(1);
    await clock.advance(10_000);
    await refusal;
  });
});

describe('proofs of one address', () => {
  it('are five a second, whatever the keys; others are not affected', async () => {
    const service = start();
    const keys = await Promise.all(Array.from({ length: 8 }, (_, index) => service.identify(`sk-${index}`)));
    const verdicts = await Promise.allSettled(keys.map((key) => service.prove(key, '1.1.1.1')));
    expect(verdicts.filter(({ status }) => status === 'fulfilled')).toHaveLength(5);
    expect(verdicts[5]).toMatchObject({ reason: { code: 'throttled', retryAfterMs: 1_000 } });
    const [, , , , , , seventh, eighth] = keys;
    if (seventh === undefined || eighth === undefined) throw new Error('too few keys');
    expect(await service.prove(seventh, '2.2.2.2')).toEqual({ accepted: true });
    await clock.advance(1_000);
    expect(await service.prove(eighth, '1.1.1.1')).toEqual({ accepted: true });
  });

  it('are not counted when the answer is known', async () => {
    const service = start();
    const own = await service.identify('sk-own');
    for (let time = 0; time < 10; time += 1) {
      expect(await service.prove(own, '1.1.1.1')).toEqual({ accepted: true });
    }
  });
});

it('does not fail a paid call because its proof cannot be written down', async () => {
  const service = start();
  const own = await service.identify('sk-own');
  faults.fail('database.batch', new AppError('storage_full', 'full'));
  await service.accepted(own);
  expect(reporter.of('failure')).toHaveLength(1);
  expect(await service.prove(own, '1.1.1.1')).toEqual({ accepted: true });
  expect(upstream.proofs).toEqual([]);
});
