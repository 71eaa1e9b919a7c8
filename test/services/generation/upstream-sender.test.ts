import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { BetterSqlite3Database } from '../../../src/adapters/better-sqlite3/sql-database.ts';
import { AppError } from '../../../src/core/errors.ts';
import type { HeaderList } from '../../../src/core/headers.ts';
import { TransportError } from '../../../src/ports/transport.ts';
import { AttemptCloser } from '../../../src/services/attempts/attempt-closer.ts';
import { AttemptStore } from '../../../src/services/attempts/attempt-store.ts';
import { UpstreamSender } from '../../../src/services/generation/upstream-sender.ts';
import { Governor, type GovernorOptions } from '../../../src/services/limits/governor.ts';
import { openMigrated } from '../../support/data/database.ts';
import { answer, drawn, FakeUpstream } from '../../support/fakes/fake-upstream.ts';
import { Faults } from '../../support/fakes/faulty.ts';
import { ManualClock } from '../../support/fakes/manual-clock.ts';
import { RecordingReporter } from '../../support/fakes/recording-reporter.ts';

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

function start(options: Partial<GovernorOptions> = {}) {
  const governor = new Governor(clock, {
    limitsOf: () => ({ concurrency: 1, perMinute: undefined }),
    maxQueue: 10,
    queueTimeoutMs: 5_000,
    ...options,
  });
  const attempts = new AttemptStore(faults.watch('database', database));
  const closer = new AttemptCloser({ attempts, clock, reporter });
  const buyer = new UpstreamSender(
    { upstream, governor, attempts, closer, clock, reporter },
    {
      retry: { throttledAttempts: 4, failedAttempts: 3, budgetMs: 30_000 },
      generationTimeoutMs: 300_000,
    },
  );
  return { buyer, governor };
}

const purchase = {
  call: { path: '/api/v1/x', headers: [], body: new Uint8Array(1), apiKey: 'sk-own' },
  account: 'account',
  attempt: {
    id: 'a',
    site: 'cn',
    scope: 's',
    key: 'k',
    model: 'm',
    account: 'a',
    recipe: '{}',
    createdAt: 0,
  },
};

const stateOf = async () => (await database.all({ sql: 'select state from attempts', params: [] }))[0]?.state;

/** Buys while time passes; the upstream gives these answers in turn, the last one for ever. */
async function buy(...answers: readonly (readonly [number, HeaderList?, object?] | Error)[]) {
  upstream.onGenerate = () => {
    const next = answers[Math.min(upstream.calls.length, answers.length) - 1];
    if (next === undefined) throw new Error('no answer is written');
    if (next instanceof Error) throw next;
    const [status, headers = [], body = status === 200 ? drawn() : {}] = next;
    return answer(status, body, headers);
  };
  const { buyer, governor } = start();
  const began = clock.now();
  let waitedMs: number | undefined;
  const buying = buyer.buy(purchase).finally(() => {
    waitedMs = clock.now() - began;
  });
  const outcome = buying.then(
    (bought) => ({ status: bought.answer.status, code: undefined }),
    (error: unknown) => ({ status: undefined, code: error instanceof AppError ? error.code : error }),
  );
  await clock.advance(600_000);
  const permit = await governor.acquire('m', 'account');
  permit.release('failed');
  return { ...(await outcome), sent: upstream.calls.length, waitedMs };
}

const lost = new TransportError('reset', true);
const unsent = new TransportError('refused', false);

describe('what is sent again', () => {
  it.each([
    ['a success', [[200]], { status: 200, sent: 1 }],
    ['a refusal', [[400]], { status: 400, sent: 1 }],
    ['401', [[401]], { status: 401, sent: 1 }],
    ['429 for ever', [[429]], { status: 429, sent: 4 }],
    ['429, then a picture', [[429], [429], [429], [200]], { status: 200, sent: 4 }],
    ['500 for ever', [[500]], { status: 500, sent: 3 }],
    ['503, then a picture', [[503], [200]], { status: 200, sent: 2 }],
    ['504', [[504]], { status: 504, sent: 1 }],
    ['504 after a 429', [[429], [504]], { status: 504, sent: 2 }],
    ['unreachable for ever', [unsent], { code: 'upstream_unreachable', sent: 3 }],
    ['unreachable, then a picture', [unsent, [200]], { status: 200, sent: 2 }],
    ['a lost connection', [lost, [200]], { code: 'outcome_unknown', sent: 1 }],
    ['a lost connection after a 429', [[429], lost, [200]], { code: 'outcome_unknown', sent: 2 }],
    ['an overdue bill', [[429, [], { code: 'PrepaidBillOverdue' }]], { status: 429, sent: 1 }],
    ['an unreadable answer', [new AppError('upstream_invalid', 'x')], { code: 'outcome_unknown', sent: 1 }],
  ] as const)('%s', async (_, answers, expected) => {
    expect(await buy(...answers)).toMatchObject(expected);
  });

  it('waits as long as Retry-After says', async () => {
    expect(await buy([429, [['retry-after', '7']]], [200])).toMatchObject({ status: 200, waitedMs: 7_000 });
    expect(reporter.of('retry')).toMatchObject([{ status: 429, waitMs: 7_000 }]);
  });

  it('ends at a Retry-After beyond the time allowed', async () => {
    const patience: HeaderList = [['retry-after', '20']];
    expect(await buy([429, patience])).toMatchObject({ status: 429, sent: 2, waitedMs: 20_000 });
  });

  it('does not wait at all for a first Retry-After beyond it', async () => {
    expect(await buy([503, [['retry-after', '31']]])).toMatchObject({ status: 503, sent: 1, waitedMs: 0 });
  });
});

describe('the record', () => {
  it('is durable before anything is sent', async () => {
    let seen: unknown;
    upstream.onGenerate = async () => {
      seen = await stateOf();
      return answer(200, drawn());
    };
    await start().buyer.buy(purchase);
    expect(seen).toBe('open');
  });

  it.each([
    ['unknown', lost],
    ['failed', unsent],
  ] as const)('ends as %s when %s', async (state, error) => {
    await buy(error);
    expect(await stateOf()).toBe(state);
  });

  it('is missing when the disk is full, and the picture is bought all the same', async () => {
    faults.fail('database.batch', new AppError('storage_full', 'full'));
    expect(await buy([200])).toMatchObject({ status: 200, sent: 1 });
    expect(reporter.of('failure')).toHaveLength(1);
  });

  it('must not be missing for another reason: nothing is sent', async () => {
    faults.fail('database.batch', new AppError('storage_failed', 'broken'));
    expect(await buy([200])).toMatchObject({ code: 'storage_failed', sent: 0 });
  });

  it('that cannot be closed does not hide what happened', async () => {
    upstream.onGenerate = () => {
      faults.fail('database.batch', new AppError('storage_failed', 'broken'));
      throw lost;
    };
    await expect(start().buyer.buy(purchase)).rejects.toMatchObject({ code: 'outcome_unknown', cause: lost });
    expect(reporter.of('failure')).toHaveLength(1);
    expect(reporter.of('outcome-unknown')).toMatchObject([{ attemptId: 'a', model: 'm' }]);
  });
});

describe('time', () => {
  it('is over after the generation timeout: the outcome is unknown, and nothing is sent again', async () => {
    upstream.onGenerate = () => new Promise(() => {});
    const buying = start().buyer.buy(purchase);
    const failure = expect(buying).rejects.toMatchObject({ code: 'upstream_timeout' });
    await clock.advance(300_000);
    await failure;
    expect(await stateOf()).toBe('unknown');
    expect(upstream.calls).toHaveLength(1);
    expect(clock.sleeping).toBe(0);
  });

  it('is told from the last sending to its answer', async () => {
    upstream.onGenerate = async () => {
      await clock.sleep(1_234);
      return upstream.calls.length === 1 ? answer(503, {}) : answer(200, drawn());
    };
    const buying = start().buyer.buy(purchase);
    await clock.advance(60_000);
    expect((await buying).elapsedMs).toBe(1_234);
  });
});

describe('turns', () => {
  it('are waited for before anything is recorded', async () => {
    const { buyer, governor } = start();
    const permit = await governor.acquire('m', 'account');
    const buying = expect(buyer.buy(purchase)).rejects.toMatchObject({ code: 'overloaded' });
    await clock.advance(5_000);
    await buying;
    expect(await stateOf()).toBeUndefined();
    expect(upstream.calls).toEqual([]);
    permit.release('failed');
  });

  it('are given up while waiting to send again, and the answer so far is the last word when none comes', async () => {
    upstream.onGenerate = () => answer(429, { code: 'Throttling' });
    const { buyer, governor } = start();
    const buying = buyer.buy(purchase);
    await clock.untilSleeping(1);
    // Somebody else takes the turn and keeps it.
    const permit = await governor.acquire('m', 'account');
    await clock.advance(60_000);
    expect((await buying).answer.status).toBe(429);
    expect(upstream.calls).toHaveLength(1);
    permit.release('failed');
  });

  it('that do not come again after nothing could be sent leave a record that nothing was bought', async () => {
    upstream.onGenerate = () => {
      throw unsent;
    };
    const { buyer, governor } = start();
    const buying = expect(buyer.buy(purchase)).rejects.toMatchObject({ code: 'upstream_unreachable' });
    await clock.untilSleeping(1);
    const permit = await governor.acquire('m', 'account');
    await clock.advance(60_000);
    await buying;
    expect(await stateOf()).toBe('failed');
    permit.release('failed');
  });
});
