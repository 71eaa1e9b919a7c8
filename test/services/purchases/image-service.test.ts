import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AppError } from '../../../src/core/errors.ts';
import type { Services } from '../../../src/services/create-services.ts';
import type { ImageOutcome } from '../../../src/services/image-request.ts';
import { png } from '../../support/data/sample-images.ts';
import { answer, drawn, FakeUpstream } from '../../support/fakes/fake-upstream.ts';
import { Faults } from '../../support/fakes/faulty.ts';
import { createGate } from '../../support/fakes/gate.ts';
import { settle } from '../../support/fakes/manual-clock.ts';
import { RecordingReporter } from '../../support/fakes/recording-reporter.ts';
import { imageRequest as request, startServices } from '../../support/servers/services-bench.ts';
import { Machine } from '../../support/servers/store-bench.ts';

let machine: Machine;
let upstream: FakeUpstream;
let faults: Faults;
let reporter: RecordingReporter;
let services: Services;

function start(env: Readonly<Record<string, string>> = {}): Services {
  return startServices(machine, upstream, { faults, reporter, env });
}

beforeEach(async () => {
  machine = await Machine.open();
  upstream = new FakeUpstream();
  // Every call draws a picture of its own.
  upstream.onGenerate = () => {
    const url = `https://results.example/${upstream.calls.length}.png`;
    machine.pictures.set(url, png(upstream.calls.length, 8));
    return answer(200, drawn(url));
  };
  faults = new Faults();
  reporter = new RecordingReporter();
  services = start();
});
afterEach(() => machine.close());

/** The width of an entry's picture tells which call drew it. */
function drawnBy(outcome: ImageOutcome): number | undefined {
  return outcome.kind === 'entry' ? outcome.entry.images[0]?.width : undefined;
}

const states = async () =>
  (await machine.rows('select state from purchases order by id')).map(({ state }) => state);

describe('a picture', () => {
  it('is bought once, then found', async () => {
    const first = await services.images.generate(request('cat'));
    expect(first).toMatchObject({
      kind: 'entry',
      status: { kind: 'forwarded', fwd: 'miss', stored: true, collapsed: false },
    });
    await machine.clock.advance(5_000);
    const second = await services.images.generate(
      request('cat', {}, { call: () => Promise.reject(new Error('a hit must not be made up')) }),
    );
    expect(second).toMatchObject({ kind: 'entry', status: { kind: 'hit', ageSeconds: 5 } });
    expect(drawnBy(second)).toBe(1);
    expect(upstream.calls).toHaveLength(1);
    await services.usage.flush();
    expect(await machine.rows('select hits from entries')).toEqual([{ hits: 1 }]);
    expect(await states()).toEqual(['stored']);
  });

  it('is bought once for all who ask while it is drawn', async () => {
    const gate = createGate();
    const draw = upstream.onGenerate;
    upstream.onGenerate = async (call) => {
      await gate.opened;
      return await draw(call);
    };
    const asked = Array.from({ length: 50 }, () => services.images.generate(request('cat')));
    await settle();
    expect(services.images.flights).toBe(1);
    gate.open();
    const outcomes = await Promise.all(asked);
    expect(upstream.calls).toHaveLength(1);
    const collapsed = outcomes.filter(({ status }) => status.kind === 'forwarded' && status.collapsed);
    expect(collapsed).toHaveLength(49);
    expect(services.images.flights).toBe(0);
  });

  it('is nobody else’s: not of another scope, site or recipe with the same key', async () => {
    await services.images.generate(request('cat'));
    const collision = { ...request('dog'), key: 'k1:cat' };
    for (const other of [
      request('cat', {}, { scope: 'bob' }),
      request('cat', {}, { site: 'intl' }),
      collision,
    ]) {
      expect(await services.images.generate(other)).toMatchObject({ status: { kind: 'forwarded' } });
      expect(await services.images.generate(other)).toMatchObject({ status: { kind: 'hit' } });
    }
    expect(upstream.calls).toHaveLength(4);
  });

  it('is not shared with a recipe whose key collides while it is drawn', async () => {
    const both = [request('cat'), { ...request('dog'), key: 'k1:cat' }];
    const [cat, dog] = await Promise.all(both.map((one) => services.images.generate(one)));
    expect(cat).toMatchObject({ entry: { prompt: 'cat' } });
    expect(dog).toMatchObject({ entry: { prompt: 'dog' } });
  });

  it('is not shared with such a recipe either when it cannot be kept', async () => {
    faults.fail('stage.commit', new AppError('storage_full', 'full'));
    const both = [request('cat'), { ...request('dog'), key: 'k1:cat' }];
    const outcomes = await Promise.all(both.map((one) => services.images.generate(one)));
    const sent = upstream.calls.map(({ body }) => new TextDecoder().decode(body));
    expect(sent).toEqual(['cat', 'dog']);
    const pictures = outcomes.map((outcome) =>
      outcome.kind === 'relay' ? new TextDecoder().decode(outcome.answer.body) : '',
    );
    expect(pictures[0]).toContain('/1.png');
    expect(pictures[1]).toContain('/2.png');
  });
});

describe('a refusal', () => {
  it.each([
    [400, 'refused'],
    [504, 'unknown'],
  ])('%i is relayed, ends the attempt as %s, and is not remembered', async (status, state) => {
    const refuse = answer(status, { code: 'No' });
    const draw = upstream.onGenerate;
    upstream.onGenerate = () => refuse;
    const outcome = await services.images.generate(request('cat'));
    expect(outcome).toEqual({
      kind: 'relay',
      answer: refuse,
      status: {
        kind: 'forwarded',
        fwd: 'miss',
        fwdStatus: status,
        stored: false,
        collapsed: false,
        detail: undefined,
      },
    });
    expect(await states()).toEqual([state]);
    upstream.onGenerate = draw;
    expect(await services.images.generate(request('cat'))).toMatchObject({ kind: 'entry' });
  });

  it('in a body with status 200 is one too', async () => {
    upstream.onGenerate = () => answer(200, { code: 'InternalError', message: 'no' });
    expect(await services.images.generate(request('cat'))).toMatchObject({
      kind: 'relay',
      answer: { status: 200 },
    });
    expect(await states()).toEqual(['refused']);
  });

  it('that is a success without a picture is an error, and nothing is stored', async () => {
    upstream.onGenerate = () =>
      answer(200, { output: { choices: [{ message: { content: [{ text: 'I cannot draw that' }] } }] } });
    await expect(services.images.generate(request('cat'))).rejects.toMatchObject({
      code: 'no_image',
      message: expect.stringContaining('I cannot draw that'),
    });
    expect(await states()).toEqual(['failed']);
  });

  it('of the flight reaches all who wait, and the next one starts anew', async () => {
    const draw = upstream.onGenerate;
    upstream.onGenerate = () => Promise.reject(new Error('lost'));
    const asked = [1, 2, 3].map(() => services.images.generate(request('cat')));
    for (const result of await Promise.allSettled(asked)) {
      expect(result).toMatchObject({ status: 'rejected', reason: { code: 'outcome_unknown' } });
    }
    expect(upstream.calls).toHaveLength(1);
    upstream.onGenerate = draw;
    expect(await services.images.generate(request('cat'))).toMatchObject({ kind: 'entry' });
  });
});

describe('a paid picture is never withheld', () => {
  it('when it cannot be downloaded', async () => {
    upstream.onGenerate = () => answer(200, drawn('https://results.example/gone.png'));
    const asked = services.images.generate(request('cat'));
    await machine.clock.advance(60_000);
    expect(await asked).toMatchObject({
      kind: 'relay',
      answer: { status: 200 },
      status: { detail: 'not stored', stored: false },
    });
    expect(await states()).toEqual(['unstored']);
    expect(reporter.of('not-stored')).toMatchObject([{ reason: 'upstream_invalid' }]);
  });

  it.each(['database.batch', 'stage.commit', 'driver.stage'])('when the disk is full at %s', async (call) => {
    faults.fail(call, new AppError('storage_full', 'full'));
    expect(await services.images.generate(request('cat'))).toMatchObject({
      kind: 'relay',
      status: { detail: 'not stored' },
    });
    expect(upstream.calls).toHaveLength(1);
    expect(await machine.rows('select id from entries')).toEqual([]);
    expect(machine.driver.openStages).toBe(0);
  });

  it('when a simulator drew it in the vendor’s name: it is not stored', async () => {
    const draw = upstream.onGenerate;
    upstream.onGenerate = async (call) => ({ ...(await draw(call)), simulated: true });
    expect(await services.images.generate(request('cat'))).toMatchObject({
      kind: 'relay',
      status: { detail: 'not stored' },
    });
    const own = request('cat', {}, { site: 'http://127.0.0.1:1' });
    expect(await services.images.generate(own)).toMatchObject({ kind: 'entry' });
  });
});

describe('what the client asks of the cache', () => {
  it('no-cache: bought, and added as a further take, which is the newest then', async () => {
    await services.images.generate(request('cat'));
    const fresh = await services.images.generate(request('cat', { noCache: true }));
    expect(fresh).toMatchObject({ entry: { take: 2 }, status: { fwd: 'bypass', stored: true } });
    expect(drawnBy(await services.images.generate(request('cat')))).toBe(2);
    expect(drawnBy(await services.images.generate(request('cat', { take: 1 })))).toBe(1);
  });

  it('no-store: upstream’s own answer, and nothing is left behind, not even words', async () => {
    const outcome = await services.images.generate(request('cat', { noStore: true }));
    expect(outcome).toMatchObject({
      kind: 'relay',
      status: { fwd: 'bypass', detail: 'no-store', stored: false },
    });
    expect(await machine.rows('select id from entries')).toEqual([]);
    expect(await machine.rows('select state, identity, answer from purchases')).toEqual([
      { state: 'unstored', identity: null, answer: null },
    ]);
  });

  it('no-store: nobody joins it', async () => {
    const both = [request('cat', { noStore: true }), request('cat')];
    const [bare, kept] = await Promise.all(both.map((one) => services.images.generate(one)));
    expect(bare).toMatchObject({ kind: 'relay' });
    expect(kept).toMatchObject({ kind: 'entry' });
    expect(upstream.calls).toHaveLength(2);
  });

  it('only-if-cached: a hit, or an error that names what differs', async () => {
    const only = { onlyIfCached: true };
    await expect(services.images.generate(request('cat', only))).rejects.toMatchObject({
      code: 'not_cached',
    });
    await services.images.generate(request('cat'));
    expect(await services.images.generate(request('cat', only))).toMatchObject({ status: { kind: 'hit' } });
    await expect(services.images.generate(request('dog', only))).rejects.toMatchObject({
      message: expect.stringContaining('prompt'),
    });
    expect(upstream.calls).toHaveLength(1);
  });

  it('max-age: an older one is bought anew', async () => {
    await services.images.generate(request('cat'));
    await machine.clock.advance(11_000);
    expect(await services.images.generate(request('cat', { maxAgeSeconds: 11 }))).toMatchObject({
      status: { kind: 'hit' },
    });
    const fresh = await services.images.generate(request('cat', { maxAgeSeconds: 10 }));
    expect(fresh).toMatchObject({ entry: { take: 2 }, status: { fwd: 'stale' } });
  });
});

describe('requests without a seed', () => {
  it('get each stored take in turn', async () => {
    services = start({ DASHCACHE_SEEDLESS: 'takes:3' });
    for (const take of [1, 2, 3]) await services.images.generate(request('cat', { take }));
    const widths: (number | undefined)[] = [];
    for (let time = 0; time < 4; time += 1)
      widths.push(drawnBy(await services.images.generate(request('cat'))));
    expect(widths).toEqual([1, 2, 3, 1]);
    await expect(services.images.generate(request('cat', { take: 4 }))).rejects.toMatchObject({
      field: 'take',
    });
  });

  it('are always bought when the policy says so, each its own', async () => {
    services = start({ DASHCACHE_SEEDLESS: 'fresh' });
    await Promise.all([1, 2].map(() => services.images.generate(request('cat'))));
    await services.images.generate(request('cat'));
    expect(upstream.calls).toHaveLength(3);
    const seeded = request('cat');
    await services.images.generate({ ...seeded, recipe: { ...seeded.recipe, seedless: false } });
    expect(upstream.calls).toHaveLength(3);
  });
});

it('closing waits for what is in the air, lets nothing else start, and still serves hits', async () => {
  await services.images.generate(request('cat'));
  const gate = createGate();
  const draw = upstream.onGenerate;
  upstream.onGenerate = async (call) => {
    await gate.opened;
    return await draw(call);
  };
  const flying = services.images.generate(request('dog'));
  await settle();
  let closed = false;
  const closing = services.images.close().then(() => {
    closed = true;
  });
  await expect(services.images.generate(request('bird'))).rejects.toMatchObject({ code: 'shutting_down' });
  expect(await services.images.generate(request('cat'))).toMatchObject({ status: { kind: 'hit' } });
  await settle();
  expect(closed).toBe(false);
  gate.open();
  expect(await flying).toMatchObject({ kind: 'entry' });
  await closing;
});
