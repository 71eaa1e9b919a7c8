import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AppError } from '../../../src/core/errors.ts';
import type { HeaderList } from '../../../src/core/headers.ts';
import { TransportError } from '../../../src/ports/transport.ts';
import type { Services } from '../../../src/services/create-services.ts';
import { png } from '../../support/data/sample-images.ts';
import { answer, drawn, FakeUpstream } from '../../support/fakes/fake-upstream.ts';
import { Faults } from '../../support/fakes/faulty.ts';
import { settle } from '../../support/fakes/manual-clock.ts';
import { RecordingReporter } from '../../support/fakes/recording-reporter.ts';
import { imageRequest, startServices } from '../../support/servers/services-bench.ts';
import { Machine } from '../../support/servers/store-bench.ts';

const MODEL = 'qwen-image-max';

let machine: Machine;
let upstream: FakeUpstream;
let faults: Faults;
let reporter: RecordingReporter;
let services: Services;
beforeEach(async () => {
  machine = await Machine.open();
  machine.pictures.set('https://results.example/1.png', png(1, 8));
  upstream = new FakeUpstream();
  faults = new Faults();
  reporter = new RecordingReporter();
  const env = { DASHCACHE_CONCURRENCY: '1', DASHCACHE_QUEUE_TIMEOUT: '5s' };
  services = startServices(machine, upstream, { faults, reporter, env });
});
afterEach(() => machine.close());

const states = async () => (await machine.rows('select state from purchases')).map(({ state }) => state);

/** Buys while time passes; the upstream gives these answers in turn, the last one for ever. */
async function buy(...answers: readonly (readonly [number, HeaderList?, (object | string)?] | Error)[]) {
  upstream.onGenerate = () => {
    const next = answers[Math.min(upstream.calls.length, answers.length) - 1];
    if (next === undefined) throw new Error('no answer is written');
    if (next instanceof Error) throw next;
    const [status, headers = [], body = status === 200 ? drawn() : {}] = next;
    if (typeof body === 'object') return answer(status, body, headers);
    return { ...answer(status, {}, headers), body: new TextEncoder().encode(body) };
  };
  const began = machine.clock.now();
  let waitedMs: number | undefined;
  const buying = services.images.generate(imageRequest('cat')).finally(() => {
    waitedMs = machine.clock.now() - began;
  });
  const outcome = buying.then(
    (bought) => ({ status: bought.kind === 'entry' ? 200 : bought.answer.status, code: undefined }),
    (error: unknown) => ({ status: undefined, code: error instanceof AppError ? error.code : error }),
  );
  await machine.clock.advance(600_000);
  const permit = await services.governor.acquire(MODEL, 'account');
  permit.release('failed');
  return { ...(await outcome), sent: upstream.calls.length, waitedMs, states: await states() };
}

const lost = new TransportError('reset', true);
const unsent = new TransportError('refused', false);
const NGINX = '<html><title>502</title>upstream prematurely closed connection while reading</html>';
const ENVOY =
  'upstream connect error or disconnect/reset before headers. reset reason: connection termination';
const NEVER_CONNECTED =
  'upstream connect error or disconnect/reset before headers. reset reason: connection failure';
const TIMED_OUT = { code: 'InternalError.Timeout', message: 'An internal timeout error has occurred.' };

describe('what is sent again', () => {
  it.each([
    ['a success', [[200]], { status: 200, sent: 1, states: ['stored'] }],
    ['a refusal', [[400]], { status: 400, sent: 1, states: ['refused'] }],
    // Nothing was bought, and whose key it was is nobody's: no record stays.
    ['401', [[401]], { status: 401, sent: 1, states: [] }],
    ['429 for ever', [[429]], { status: 429, sent: 4, states: ['refused'] }],
    ['429, then a picture', [[429], [429], [429], [200]], { status: 200, sent: 4, states: ['stored'] }],
    ['500 for ever', [[500]], { status: 500, sent: 3, states: ['refused'] }],
    ['503, then a picture', [[503], [200]], { status: 200, sent: 2 }],
    ['503 that never connected', [[503, [], NEVER_CONNECTED], [200]], { status: 200, sent: 2 }],
    ['unreachable for ever', [unsent], { code: 'upstream_unreachable', sent: 3, states: ['failed'] }],
    ['unreachable, then a picture', [unsent, [200]], { status: 200, sent: 2 }],
    ['an overdue bill', [[429, [], { code: 'PrepaidBillOverdue' }]], { status: 429, sent: 1 }],
  ] as const)('%s', async (_, answers, expected) => {
    expect(await buy(...answers)).toMatchObject(expected);
  });

  it.each([
    ['504', [[504]], { status: 504, sent: 1 }],
    ['504 after a 429', [[429], [504]], { status: 504, sent: 2 }],
    ['a timeout in the vendor’s words', [[500, [], TIMED_OUT], [200]], { status: 500, sent: 1 }],
    ['a gateway that lost the vendor', [[502, [], NGINX], [200]], { status: 502, sent: 1 }],
    ['a connection that was cut', [[503, [], ENVOY], [200]], { status: 503, sent: 1 }],
    ['a lost connection', [lost, [200]], { code: 'outcome_unknown', sent: 1 }],
    ['a lost connection after a 429', [[429], lost, [200]], { code: 'outcome_unknown', sent: 2 }],
    ['an unreadable answer', [new AppError('upstream_invalid', 'x')], { code: 'outcome_unknown', sent: 1 }],
  ] as const)('may have been drawn, and is not: %s', async (_, answers, expected) => {
    expect(await buy(...answers)).toMatchObject({ ...expected, states: ['unknown'] });
    expect(reporter.of('outcome-unknown')).toHaveLength(1);
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
      seen = await states();
      return answer(200, drawn());
    };
    await services.images.generate(imageRequest('cat'));
    expect(seen).toEqual(['sent']);
  });

  it('says that nothing is under way while it waits to be sent again', async () => {
    upstream.onGenerate = () => (upstream.calls.length === 1 ? answer(429, {}) : answer(200, drawn()));
    const buying = services.images.generate(imageRequest('cat'));
    await settle();
    expect(await states()).toEqual(['intended']);
    await machine.clock.advance(60_000);
    await buying;
  });

  it('is missing when the disk is full, and the picture is bought all the same; it follows when there is room', async () => {
    faults.fail('database.batch', new AppError('storage_full', 'full'));
    const outcome = await services.images.generate(imageRequest('cat'));
    expect(outcome).toMatchObject({ kind: 'relay', status: { detail: 'not stored' } });
    expect(await states()).toEqual([]);
    faults.heal('database.batch');
    expect(await services.images.generate(imageRequest('cat'))).toMatchObject({ kind: 'entry' });
    expect([await states(), upstream.calls.length]).toEqual([['stored'], 1]);
    expect(await machine.rows('select sum(spent_cny) as spent from ledger')).toEqual([{ spent: 0.5 }]);
  });

  it('must not be missing for another reason: nothing is sent', async () => {
    faults.fail('database.batch', new AppError('storage_failed', 'broken'));
    await expect(services.images.generate(imageRequest('cat'))).rejects.toMatchObject({
      code: 'storage_failed',
    });
    expect([upstream.calls, services.registry.list()]).toEqual([[], []]);
  });

  it('that cannot be closed does not hide what happened', async () => {
    upstream.onGenerate = () => {
      faults.fail('database.batch', new AppError('storage_failed', 'broken'));
      throw lost;
    };
    const buying = services.images.generate(imageRequest('cat'));
    await expect(buying).rejects.toMatchObject({ code: 'outcome_unknown', cause: lost });
    expect(reporter.of('failure')).toHaveLength(1);
    expect(reporter.of('outcome-unknown')).toMatchObject([{ model: MODEL }]);
    faults.heal('database.batch');
    await machine.clock.advance(60_000);
    services.registry.retry();
    await services.registry.settled();
    expect(await states()).toEqual(['unknown']);
  });
});

describe('time', () => {
  it('is over after the generation timeout: the outcome is unknown, and nothing is sent again', async () => {
    upstream.onGenerate = () => new Promise(() => {});
    const failure = expect(services.images.generate(imageRequest('cat'))).rejects.toMatchObject({
      code: 'outcome_unknown',
    });
    await machine.clock.advance(300_000);
    await failure;
    expect(await states()).toEqual(['unknown']);
    expect(upstream.calls).toHaveLength(1);
    expect(machine.clock.sleeping).toBe(0);
  });

  it('is told from the last sending to its answer', async () => {
    upstream.onGenerate = async () => {
      await machine.clock.sleep(1_234);
      return upstream.calls.length === 1 ? answer(503, {}) : answer(200, drawn());
    };
    const buying = services.images.generate(imageRequest('cat'));
    await machine.clock.advance(60_000);
    expect(await buying).toMatchObject({ entry: { elapsedMs: 1_234 } });
  });
});

describe('turns', () => {
  it('are waited for on record; when none comes, nothing was bought', async () => {
    const permit = await services.governor.acquire(MODEL, 'account');
    const buying = expect(services.images.generate(imageRequest('cat'))).rejects.toMatchObject({
      code: 'overloaded',
    });
    await settle();
    expect(await states()).toEqual(['intended']);
    await machine.clock.advance(5_000);
    await buying;
    expect([await states(), upstream.calls]).toEqual([['failed'], []]);
    permit.release('failed');
  });

  it('are given up when nobody wants the picture any more, and nothing is paid', async () => {
    const permit = await services.governor.acquire(MODEL, 'account');
    const line = new AbortController();
    const buying = services.images.generate(imageRequest('cat', {}, { hangUp: line.signal }));
    buying.catch(() => undefined);
    await settle();
    expect(services.governor.queued).toBe(1);
    line.abort();
    await settle();
    expect([await states(), services.governor.queued]).toEqual([['withdrawn'], 0]);
    permit.release('failed');
    await settle();
    expect(upstream.calls).toEqual([]);
  });

  it('are given up while waiting to send again, and the answer so far is the last word when none comes', async () => {
    upstream.onGenerate = () => answer(429, { code: 'Throttling' });
    const buying = services.images.generate(imageRequest('cat'));
    await machine.clock.untilSleeping(1);
    // Somebody else takes the turn and keeps it.
    const permit = await services.governor.acquire(MODEL, 'account');
    await machine.clock.advance(60_000);
    expect(await buying).toMatchObject({ kind: 'relay', answer: { status: 429 } });
    expect([await states(), upstream.calls.length]).toEqual([['refused'], 1]);
    permit.release('failed');
  });

  it('that do not come again after nothing could be sent leave a record that nothing was bought', async () => {
    upstream.onGenerate = () => {
      throw unsent;
    };
    const buying = expect(services.images.generate(imageRequest('cat'))).rejects.toMatchObject({
      code: 'upstream_unreachable',
    });
    await machine.clock.untilSleeping(1);
    const permit = await services.governor.acquire(MODEL, 'account');
    await machine.clock.advance(60_000);
    await buying;
    expect(await states()).toEqual(['failed']);
    permit.release('failed');
  });
});
