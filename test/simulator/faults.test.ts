import { describe, expect, test } from 'vitest';
import type { FaultEffect } from '../../src/simulator/faults/fault.ts';
import { field, firstImageUrl, imageUrls, post, recipe, refusalOf, startTestSimulator } from './support.ts';

async function withImageFault(effect: FaultEffect, times = 1) {
  const { origin, control } = await startTestSimulator();
  const url = await firstImageUrl(await post(origin, recipe({ size: '512*512', seed: 1 })));
  const whole = Buffer.from(await (await fetch(url)).arrayBuffer());
  const fault = control.fault({ on: 'image', effect, times });
  return { url, whole, fault, control };
}

const failure = (promise: Promise<unknown>) =>
  promise.then(
    () => 'no failure',
    () => 'failed',
  );

describe('faults on generations', () => {
  test('a 429 may name when to try again', async () => {
    const { origin, control } = await startTestSimulator();
    control.fault({ on: 'generation', effect: { kind: 'refuse', status: 429, retryAfter: '3' } });
    const response = await post(origin, recipe());
    expect(response.headers.get('retry-after')).toBe('3');
    expect(await refusalOf(response)).toMatchObject({ status: 429, code: 'Throttling.RateQuota' });
    expect((await post(origin, recipe())).status).toBe(200);
  });

  test.each([500, 502, 503, 504])('a %i, as often as asked', async (status) => {
    const { origin, control } = await startTestSimulator();
    const fault = control.fault({ on: 'generation', effect: { kind: 'refuse', status }, times: 2 });
    const statuses = [
      await post(origin, recipe()),
      await post(origin, recipe()),
      await post(origin, recipe()),
    ];
    expect(statuses.map((response) => response.status)).toEqual([status, status, 200]);
    expect(fault.hits).toBe(2);
    expect(control.counters()).toMatchObject({ asked: 3, accepted: 1, billedImages: 1 });
  });

  test('for one model only, in the order in which they were queued', async () => {
    const { origin, control } = await startTestSimulator();
    control.fault({ on: 'generation', model: 'qwen-image', effect: { kind: 'refuse', status: 500 } });
    control.fault({ on: 'generation', effect: { kind: 'refuse', status: 503 } });
    expect((await post(origin, recipe())).status).toBe(503);
    expect((await post(origin, recipe({}, 'qwen-image'))).status).toBe(500);
    expect((await post(origin, recipe())).status).toBe(200);
  });

  test('a reset before any byte, unpaid or paid', async () => {
    const { origin, control } = await startTestSimulator();
    control.fault({ on: 'generation', effect: { kind: 'reset' } });
    expect(await failure(post(origin, recipe()))).toBe('failed');
    expect(control.counters().billedImages).toBe(0);
    control.fault({ on: 'generation', effect: { kind: 'reset', billed: true } });
    expect(await failure(post(origin, recipe()))).toBe('failed');
    expect(control.counters()).toMatchObject({ billedImages: 1, aborted: 0 });
  });

  test.each(['identity', 'gzip'])('a connection cut within the %s body', async (encoding) => {
    const { origin, control } = await startTestSimulator();
    control.fault({ on: 'generation', effect: { kind: 'cut' } });
    const response = await post(origin, recipe(), { headers: { 'accept-encoding': encoding } });
    expect(response.status).toBe(200);
    expect(await failure(response.text())).toBe('failed');
  });

  test('no answer until the client leaves', async () => {
    const { origin, control } = await startTestSimulator();
    const fault = control.fault({ on: 'generation', effect: { kind: 'hang' } });
    const leaving = new AbortController();
    const answer = failure(post(origin, recipe(), { signal: leaving.signal }));
    await fault.waitForHit();
    leaving.abort();
    expect(await answer).toBe('failed');
    await control.waitFor('aborted', 1);
    expect(control.counters()).toMatchObject({ asked: 1, billedImages: 0, aborted: 1 });
  });

  test('no answer until the fault is released, and then none', async () => {
    const { origin, control } = await startTestSimulator();
    const fault = control.fault({ on: 'generation', effect: { kind: 'hang' } });
    const answer = failure(post(origin, recipe()));
    await fault.waitForHit();
    fault.release();
    expect(await answer).toBe('failed');
    expect(control.counters().aborted).toBe(0);
  });

  test('an answer held, though paid for, until it is released', async () => {
    const { origin, control } = await startTestSimulator();
    const fault = control.fault({ on: 'generation', effect: { kind: 'hold' }, times: 2 });
    let answered = 0;
    const answers = [1, 2].map(() => post(origin, recipe()).finally(() => answered++));
    await fault.waitForHit(2);
    await control.waitFor('generation', 2);
    while (control.counters().billedImages < 2) await fetch(`${origin}/simulator/counters`);
    expect(answered).toBe(0);
    fault.release();
    for (const answer of answers) expect((await answer).status).toBe(200);
  });

  test('a success without a picture, with words instead, or with a code', async () => {
    const { origin, control } = await startTestSimulator();
    const answer = async (kind: 'no_image' | 'text_only' | 'refused', model: string) => {
      control.fault({ on: 'generation', effect: { kind: 'answer', answer: kind } });
      const response = await post(origin, recipe({}, model));
      expect(response.status).toBe(200);
      return response.json();
    };
    const empty = await answer('no_image', 'qwen-image-max');
    expect(field(empty, 'output.choices.0.message.content')).toEqual([]);
    expect(field(empty, 'usage.image_count')).toBe(0);
    const words = await answer('text_only', 'qwen-image-3.0-pro');
    expect(field(words, 'output.choices.0.message.content.0')).toEqual({
      text: expect.any(String),
      type: 'text',
    });
    const refused = await answer('refused', 'qwen-image-max');
    expect(Object.keys(Object(refused)).sort()).toEqual(['code', 'message', 'request_id']);
    expect(control.counters().billedImages).toBe(0);
  });

  test('a page instead of JSON', async () => {
    const { origin, control } = await startTestSimulator();
    control.fault({ on: 'generation', effect: { kind: 'html' } });
    const response = await post(origin, recipe());
    expect(response.headers.get('content-type')).toMatch(/text\/html/);
  });

  test('a redirect, which is answered like any other', async () => {
    const { origin, control } = await startTestSimulator();
    control.fault({ on: 'other', effect: { kind: 'redirect', location: '/elsewhere' } });
    const response = await fetch(`${origin}/api/v1/files?purpose=test`, {
      headers: { authorization: 'Bearer sk-test' },
      redirect: 'manual',
    });
    expect(response.status).toBe(307);
    expect(response.headers.get('location')).toBe('/elsewhere');
    expect(control.recent('other')[0]?.path).toBe('/api/v1/files?purpose=test');
  });

  test('a cancelled fault strikes nobody', async () => {
    const { origin, control } = await startTestSimulator();
    control.fault({ on: 'generation', effect: { kind: 'reset' } }).cancel();
    expect((await post(origin, recipe())).status).toBe(200);
  });
});

describe('faults on pictures', () => {
  test('missing n times, then fine', async () => {
    const { url, whole } = await withImageFault({ kind: 'refuse', status: 404 }, 2);
    for (let attempt = 0; attempt < 2; attempt++) {
      const response = await fetch(url);
      expect(response.status).toBe(404);
      expect(await response.text()).toContain('<Code>NoSuchKey</Code>');
    }
    expect(Buffer.from(await (await fetch(url)).arrayBuffer()).equals(whole)).toBe(true);
  });

  test('cut off before the declared length', async () => {
    const { url, whole } = await withImageFault({ kind: 'cut' });
    const response = await fetch(url);
    expect(response.headers.get('content-length')).toBe(String(whole.length));
    expect(await failure(response.arrayBuffer())).toBe('failed');
  });

  test('half the content under a length that agrees', async () => {
    const { url, whole } = await withImageFault({ kind: 'truncate' });
    const response = await fetch(url);
    const half = Buffer.from(await response.arrayBuffer());
    expect(response.headers.get('content-length')).toBe(String(half.length));
    expect(half.equals(whole.subarray(0, Math.floor(whole.length / 2)))).toBe(true);
  });

  test('a page instead of a picture', async () => {
    const { url } = await withImageFault({ kind: 'html' });
    const response = await fetch(url);
    expect(response.status).toBe(200);
    expect(await response.text()).toMatch(/^<!doctype html>/);
  });

  test('slow but whole', async () => {
    const { url, whole } = await withImageFault({ kind: 'slow', chunkBytes: 100_000, delayMs: 1 });
    expect(Buffer.from(await (await fetch(url)).arrayBuffer()).equals(whole)).toBe(true);
  });

  test('a first part, and the rest on release', async () => {
    const { url, whole, fault } = await withImageFault({ kind: 'hold', at: 'body' });
    const body = (await fetch(url)).body?.getReader();
    const first = await body?.read();
    expect(first?.value?.byteLength).toBeGreaterThan(0);
    expect(first?.value?.byteLength).toBeLessThanOrEqual(16_384);
    fault.release();
    let length = first?.value?.byteLength ?? 0;
    for (let part = await body?.read(); part?.value; part = await body?.read())
      length += part.value.byteLength;
    expect(length).toBe(whole.length);
  });

  test('reset', async () => {
    const { url, control } = await withImageFault({ kind: 'reset' });
    expect(await failure(fetch(url))).toBe('failed');
    expect(control.counters().images).toBe(2);
  });
});

test('closing the simulator lets held requests go', async () => {
  const { origin, control, close } = await startTestSimulator({ latencyMs: 60_000 });
  const answers = [failure(post(origin, recipe()))];
  await control.waitFor('generation', 1);
  const fault = control.fault({ on: 'generation', effect: { kind: 'hang' } });
  answers.push(failure(post(origin, recipe())));
  await fault.waitForHit();
  await close();
  expect(await Promise.all(answers)).toEqual(['failed', 'failed']);
});

test('pictures are billed even when their answer is lost', async () => {
  const { origin, control } = await startTestSimulator();
  control.fault({ on: 'generation', effect: { kind: 'refuse', status: 504, billed: true } });
  expect((await post(origin, recipe({ n: 2 }, 'qwen-image-2.0'))).status).toBe(504);
  expect(control.counters()).toMatchObject({ accepted: 1, billedImages: 2 });
  expect(await imageUrls(await post(origin, recipe()))).toHaveLength(1);
});
