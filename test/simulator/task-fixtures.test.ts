import { describe, expect, test } from 'vitest';
import { fixture, replay, textAt } from '../support/data/fixtures.ts';
import { expectLikeFixture } from './fixture.ts';
import { createManualClock, field, servePicture, startTestSimulator } from './support.ts';

const MINUTE_MS = 60_000;
const TASK_ID = /9f8e7d6c-5b4a-4392-8190-[0-9a-f]{12}/;

async function start() {
  const clock = createManualClock();
  const simulator = await startTestSimulator({ clock, pendingMs: 31, latencyMs: 31_251 });
  const submit = async (number: string, change?: (text: string) => string) =>
    String(field(await (await replay(simulator.origin, number, change)).json(), 'output.task_id'));
  const about = (id: string) => (text: string) => text.replace(TASK_ID, id);
  return { ...simulator, clock, submit, about };
}

describe('the published task exchanges come out of the simulator', () => {
  test.each(['09', '12', '20', '21'])('submission %s', async (number) => {
    const { origin, control } = await start();
    const picture = await servePicture();
    const change = (text: string) => text.replaceAll(/https:\/\/assets[^"]+/g, picture);
    const body = await expectLikeFixture(await replay(origin, number, change), number);
    expect(field(body, 'output.task_status')).toBe('PENDING');
    expect(field(body, 'output.task_id')).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
    expect(control.counters()).toMatchObject({ tasksSubmitted: 1, billedImages: 0 });
  });

  test('10 and 11: running, then succeeded with a choice for each picture', async () => {
    const { origin, clock, submit, about } = await start();
    const id = await submit('09');
    clock.advance(MINUTE_MS / 2);
    const running = await expectLikeFixture(await replay(origin, '10', about(id)), '10');
    expect(field(running, 'output')).toEqual({
      task_id: id,
      task_status: 'RUNNING',
      submit_time: '2026-09-21 10:00:16.000',
      scheduled_time: '2026-09-21 10:00:16.031',
      task_metrics: { TOTAL: 2, SUCCEEDED: 0, FAILED: 0 },
    });
    clock.advance(MINUTE_MS);
    const ended = await expectLikeFixture(await replay(origin, '11', about(id)), '11');
    expect(field(ended, 'output.end_time')).toBe('2026-09-21 10:00:47.282');
    expect(field(ended, 'usage')).toEqual(field(fixture('11'), 'response.body.usage'));
  });

  test('13: succeeded with results and both prompts', async () => {
    const { origin, clock, submit, about } = await start();
    const id = await submit('12');
    clock.advance(MINUTE_MS);
    const body = await expectLikeFixture(await replay(origin, '13', about(id)), '13');
    expect(field(body, 'output.results.0.orig_prompt')).toBe(
      field(fixture('13'), 'response.body.output.results.0.orig_prompt'),
    );
  });

  test('14: one of three pictures missing', async () => {
    const { origin, control, clock, submit, about } = await start();
    control.fault({ on: 'submit', effect: { kind: 'fail', code: 'InternalError.Timeout', images: 1 } });
    const id = await submit('12', (text) =>
      text.replace('qwen-image-plus', 'wanx-v1').replace('"n":1', '"n":3').replace('1664*928', '1024*1024'),
    );
    clock.advance(MINUTE_MS);
    const body = await expectLikeFixture(await replay(origin, '14', about(id)), '14');
    const expected = field(fixture('14'), 'response.body');
    expect(field(body, 'output.results.2')).toEqual(field(expected, 'output.results.2'));
    expect(field(body, 'output.task_metrics')).toEqual(field(expected, 'output.task_metrics'));
    expect(control.counters().billedImages).toBe(2);
  });

  test.each(['by a scripted fault', 'by a marker in the prompt'])('15: failed %s', async (way) => {
    const { origin, control, clock, submit, about } = await start();
    const marked = way.includes('marker') ? ' simulate:DataInspectionFailed' : '';
    if (!marked) control.fault({ on: 'submit', effect: { kind: 'fail', code: 'DataInspectionFailed' } });
    const id = await submit('12', (text) => text.replace('bistro', `bistro${marked}`));
    clock.advance(MINUTE_MS);
    const body = await expectLikeFixture(await replay(origin, '15', about(id)), '15');
    expect(field(body, 'output.message')).toBe(field(fixture('15'), 'response.body.output.message'));
    expect(control.counters()).toMatchObject({
      accepted: 0,
      billedImages: 0,
      generations: { 'qwen-image-plus': { refused: { DataInspectionFailed: 1 } } },
    });
  });

  test('16: never submitted', async () => {
    const { origin } = await start();
    await expectLikeFixture(await replay(origin, '16'), '16');
  });

  test('17 and 18: cancelled while pending, refused once running, by either SDK', async () => {
    const { origin, control, clock, submit, about } = await start();
    const id = await submit('09');
    await expectLikeFixture(await replay(origin, '17', about(id)), '17');
    const late = await submit('09');
    clock.advance(MINUTE_MS / 2);
    const refused = await expectLikeFixture(await replay(origin, '18', about(late)), '18');
    expect(field(refused, 'code')).toBe('UnsupportedOperation');
    expect(field(refused, 'message')).toBe(textAt(fixture('18'), 'response.body.message'));
    expect(control.counters().cancels).toBe(2);
  });

  test('19: the list', async () => {
    const { origin, clock, submit } = await start();
    const id = await submit('09');
    await submit('12');
    clock.advance(MINUTE_MS);
    const body = await expectLikeFixture(await replay(origin, '19'), '19');
    expect(field(body, 'data.0')).toMatchObject({
      task_id: id,
      gmt_create: Date.parse('2026-09-21T02:00:16.000Z'),
      start_time: Date.parse('2026-09-21T02:00:16.031Z'),
      end_time: Date.parse('2026-09-21T02:00:47.282Z'),
      user_api_unique_key: 'apikey:v1:aigc:image-generation:generation:wan2.6-t2i',
    });
  });

  test('36: 503 on a poll, by a scripted fault', async () => {
    const { origin, control, submit, about } = await start();
    const id = await submit('09');
    control.fault({ on: 'poll', effect: { kind: 'refuse', status: 503 } });
    const body = await expectLikeFixture(await replay(origin, '36', about(id)), '36');
    expect(field(body, 'message')).toBe(textAt(fixture('36'), 'response.body.message'));
    expect((await replay(origin, '36', about(id))).status).toBe(200);
  });
});
