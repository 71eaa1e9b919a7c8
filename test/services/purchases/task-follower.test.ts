import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Services } from '../../../src/services/create-services.ts';
import type { ImageOutcome } from '../../../src/services/image-request.ts';
import { png } from '../../support/data/sample-images.ts';
import { answer, drawn, FakeUpstream } from '../../support/fakes/fake-upstream.ts';
import { settle } from '../../support/fakes/manual-clock.ts';
import { RecordingReporter } from '../../support/fakes/recording-reporter.ts';
import { imageRequest, startServices } from '../../support/servers/services-bench.ts';
import { Machine } from '../../support/servers/store-bench.ts';

const URL = 'https://results.example/1.png';
const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;

let machine: Machine;
let upstream: FakeUpstream;
let reporter: RecordingReporter;
let services: Services;
beforeEach(async () => {
  machine = await Machine.open();
  machine.pictures.set(URL, png(1, 8));
  upstream = new FakeUpstream();
  upstream.onGenerate = () => state('PENDING');
  reporter = new RecordingReporter();
  services = startServices(machine, upstream, { reporter });
});
afterEach(() => machine.close());

function state(task_status: string) {
  const { output } = JSON.parse(JSON.stringify(drawn(URL)));
  const shown = task_status === 'SUCCEEDED' ? output : {};
  return answer(200, { output: { ...shown, task_id: 'job-1', task_status } });
}

const states = async () => (await machine.rows('select state from purchases')).map(({ state }) => state);

/** How a job that is bought now ends; `over` is false while it goes on. */
function follow() {
  const end = services.images.generate(imageRequest('cat', {}, { isAsyncUpstream: true }));
  const followed: { over: boolean; end: Promise<ImageOutcome> } = { over: false, end };
  const isOver = () => {
    followed.over = true;
  };
  end.then(isOver, isOver);
  return followed;
}

describe('nothing but the job’s own end ends it', () => {
  it.each([
    ['UNKNOWN right after the submission', () => state('UNKNOWN')],
    ['a key that is refused', () => answer(401, { code: 'InvalidApiKey' })],
    ['a task that is not found', () => answer(404, {})],
    ['an answer without a task', () => answer(200, {})],
    ['a page', () => ({ ...answer(502, {}), body: new TextEncoder().encode('<html>') })],
    [
      'a lost connection',
      () => {
        throw new Error('lost');
      },
    ],
  ])('not %s, for hours', async (_, odd) => {
    let isOdd = true;
    upstream.onPoll = () => (isOdd ? odd() : state('SUCCEEDED'));
    const followed = follow();
    await machine.clock.advance(3 * 60 * MINUTE_MS);
    expect([followed.over, await states()]).toEqual([false, ['accepted']]);
    isOdd = false;
    await machine.clock.advance(MINUTE_MS);
    expect(await followed.end).toMatchObject({ kind: 'entry' });
    expect([await states(), upstream.calls.length]).toEqual([['stored'], 1]);
  });

  it('but a day without a word does', async () => {
    upstream.onPoll = () => state('UNKNOWN');
    const followed = follow();
    followed.end.catch(() => undefined);
    await machine.clock.advance(DAY_MS - MINUTE_MS);
    expect(followed.over).toBe(false);
    await machine.clock.advance(2 * MINUTE_MS);
    await expect(followed.end).rejects.toMatchObject({ code: 'outcome_unknown' });
    expect(await states()).toEqual(['unknown']);
    expect(reporter.of('outcome-unknown')).toHaveLength(1);
  });
});

it('a job that failed by a timeout of the vendor’s was not bought', async () => {
  upstream.onPoll = () =>
    answer(200, { output: { task_id: 'job-1', task_status: 'FAILED', code: 'InternalError.Timeout' } });
  const { end } = follow();
  await machine.clock.advance(MINUTE_MS);
  expect(await end).toMatchObject({ kind: 'relay', answer: { status: 500 } });
  expect(await states()).toEqual(['refused']);
});

describe('while the vendor tells nothing', () => {
  it.each([429, 500, 503])('but %i, polls become rare, and are as before once it does', async (status) => {
    let silent = true;
    upstream.onPoll = () => (silent ? answer(status, {}) : state('RUNNING'));
    const followed = follow();
    followed.end.catch(() => undefined);
    await machine.clock.advance(10 * MINUTE_MS);
    const before = upstream.polls.length;
    await machine.clock.advance(60 * MINUTE_MS);
    expect(upstream.polls.length - before).toBe(60);
    expect(followed.over).toBe(false);
    silent = false;
    await machine.clock.advance(MINUTE_MS);
    const since = upstream.polls.length;
    await machine.clock.advance(MINUTE_MS);
    expect(upstream.polls.length - since).toBe(12);
    services.stopFollowing();
    await expect(followed.end).rejects.toMatchObject({ code: 'shutting_down' });
  });
});

describe('stopping', () => {
  it('ends what waits for its turn to poll, and leaves the job on record', async () => {
    for (let turn = 0; turn < 15; turn += 1) void services.pollPacer.turn('account');
    const { end } = follow();
    await machine.clock.advance(500);
    expect(upstream.polls).toEqual([]);
    const rejected = expect(end).rejects.toMatchObject({ code: 'shutting_down' });
    services.stopFollowing();
    await rejected;
    await machine.clock.advance(MINUTE_MS);
    expect([upstream.polls, await states()]).toEqual([[], ['accepted']]);
  });

  it('brings home nothing that is answered afterwards', async () => {
    let reply = () => {};
    upstream.onPoll = () =>
      new Promise((resolve) => {
        reply = () => resolve(state('SUCCEEDED'));
      });
    const { end } = follow();
    await machine.clock.advance(500);
    services.stopFollowing();
    reply();
    await expect(end).rejects.toMatchObject({ code: 'shutting_down' });
    await settle();
    expect(await states()).toEqual(['accepted']);
  });
});

it('a clock that is set forward ends no job of which the vendor tells', async () => {
  upstream.onPoll = () => state('RUNNING');
  const followed = follow();
  await machine.clock.advance(MINUTE_MS);
  machine.clock.jump(50 * 365 * DAY_MS);
  await machine.clock.advance(MINUTE_MS);
  expect([followed.over, await states()]).toEqual([false, ['accepted']]);
  upstream.onPoll = () => state('SUCCEEDED');
  await machine.clock.advance(MINUTE_MS);
  expect(await followed.end).toMatchObject({ kind: 'entry' });
});

it('a job that runs for ever is given up when its life has passed', async () => {
  upstream.onPoll = () => state('RUNNING');
  const followed = follow();
  followed.end.catch(() => undefined);
  await machine.clock.advance(DAY_MS + MINUTE_MS);
  expect([followed.over, await states()]).toEqual([true, ['unknown']]);
});

describe('a wall clock that is set two days ahead', () => {
  it('ends no task that the vendor is silent about for a moment', async () => {
    let isOdd = true;
    upstream.onPoll = () => state(isOdd ? 'UNKNOWN' : 'SUCCEEDED');
    const followed = follow();
    await machine.clock.advance(MINUTE_MS);
    machine.clock.jump(2 * DAY_MS);
    await machine.clock.advance(10 * MINUTE_MS);
    machine.clock.jump(-2 * DAY_MS);
    expect([followed.over, await states()]).toEqual([false, ['accepted']]);
    isOdd = false;
    await machine.clock.advance(10 * MINUTE_MS);
    expect(await followed.end).toMatchObject({ kind: 'entry' });
  });

  it('gives up no image whose host is away', async () => {
    upstream.onGenerate = () => answer(200, drawn(URL));
    machine.pictures.delete(URL);
    machine.missing = 503;
    const followed = services.images.generate(imageRequest('cat'));
    await settle();
    machine.clock.jump(2 * DAY_MS);
    await machine.clock.advance(10 * MINUTE_MS);
    await followed;
    machine.clock.jump(-2 * DAY_MS);
    expect(await states()).toEqual(['answered']);
  });
});
