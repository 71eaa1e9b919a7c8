import { beforeEach, describe, expect, it } from 'vitest';
import { FlightProgress } from '../../../src/services/flights/flight-progress.ts';
import { TaskPoller } from '../../../src/services/generation/task-poller.ts';
import { Pacer } from '../../../src/services/limits/pacer.ts';
import { answer, FakeUpstream } from '../../support/fakes/fake-upstream.ts';
import { ManualClock, settle } from '../../support/fakes/manual-clock.ts';
import { RecordingReporter } from '../../support/fakes/recording-reporter.ts';

const JOB = { id: 'job-1', apiKey: 'sk', account: 'a', model: 'wan' };
const MINUTE_MS = 60_000;

let clock: ManualClock;
let upstream: FakeUpstream;
let pacer: Pacer;
let poller: TaskPoller;
beforeEach(() => {
  clock = new ManualClock();
  upstream = new FakeUpstream();
  pacer = new Pacer(clock, 15);
  poller = new TaskPoller({ upstream, pacer, clock, reporter: new RecordingReporter() });
});

const state = (task_status: string) => answer(200, { output: { task_id: JOB.id, task_status } });

/** How following ends; `over` is false while it goes on. */
function follow() {
  const followed = { over: false, end: poller.follow(JOB, new FlightProgress()) };
  followed.end.then(
    () => {
      followed.over = true;
    },
    () => {
      followed.over = true;
    },
  );
  return followed;
}

describe('a poll that is refused', () => {
  it.each([400, 401, 403, 404])(
    'with %i ends the following when it happens for half a minute',
    async (status) => {
      upstream.onPoll = () => answer(status, { code: 'No' });
      const { end } = follow();
      const rejected = expect(end).rejects.toMatchObject({
        code: 'outcome_unknown',
        message: expect.stringContaining(String(status)),
      });
      await clock.advance(MINUTE_MS);
      await rejected;
      expect(upstream.polls).toHaveLength(6);
    },
  );

  it('so often, with a word of the task in between, is lived through', async () => {
    const refused = Array.from({ length: 5 }, () => 401);
    const answers = [...refused, 200, ...refused, 200, 200];
    upstream.onPoll = () => {
      const status = answers.shift() ?? 200;
      if (status !== 200) return answer(status, {});
      return state(answers.length > 0 ? 'RUNNING' : 'SUCCEEDED');
    };
    const { end } = follow();
    await clock.advance(5 * MINUTE_MS);
    expect(await end).toMatchObject({ task: { state: 'SUCCEEDED' } });
  });
});

describe('while the vendor tells nothing', () => {
  it.each([429, 500, 503])('but %i, polls become rare, and are as before once it does', async (status) => {
    let silent = true;
    upstream.onPoll = () => (silent ? answer(status, {}) : state('RUNNING'));
    const followed = follow();
    await clock.advance(10 * MINUTE_MS);
    const before = upstream.polls.length;
    await clock.advance(60 * MINUTE_MS);
    expect(upstream.polls.length - before).toBe(60);
    expect(followed.over).toBe(false);
    silent = false;
    await clock.advance(MINUTE_MS);
    const since = upstream.polls.length;
    await clock.advance(MINUTE_MS);
    expect(upstream.polls.length - since).toBe(12);
    poller.stop();
    await expect(followed.end).rejects.toMatchObject({ code: 'shutting_down' });
  });
});

describe('stopping', () => {
  it('ends what waits for its turn to poll', async () => {
    for (let turn = 0; turn < 15; turn += 1) void pacer.turn(JOB.account);
    const { end } = follow();
    await clock.advance(500);
    expect(upstream.polls).toEqual([]);
    const rejected = expect(end).rejects.toMatchObject({ code: 'shutting_down' });
    poller.stop();
    await rejected;
    await clock.advance(MINUTE_MS);
    expect(upstream.polls).toEqual([]);
  });

  it('brings home nothing that is answered afterwards', async () => {
    let reply = () => {};
    upstream.onPoll = () =>
      new Promise((resolve) => {
        reply = () => resolve(state('SUCCEEDED'));
      });
    const { end } = follow();
    await clock.advance(500);
    poller.stop();
    reply();
    await expect(end).rejects.toMatchObject({ code: 'shutting_down' });
    await settle();
  });
});
