import { describe, expect, it } from 'vitest';
import type { AnsweredRequest } from '../../../src/core/events.ts';
import { startTestSimulator } from '../../simulator/support.ts';
import { send } from '../../support/clients/http-client.ts';
import { readAllRows } from '../../support/data/rows.ts';
import { ChildServer, createFolder } from '../../support/servers/child-server.ts';
import { type Answer, body, MULTIMODAL, type Stack } from '../../support/servers/stack.ts';
import { SMALL, startStack } from '../../support/servers/start-stack.ts';

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const TRACED = { traceparent: `00-${TRACE}-00f067aa0ba902b7-01`, tracestate: 'a=1' };
const JSON_BODY = { 'content-type': 'application/json' };
const WISH = { prompt: 'a fox', size: '512*512' };

/** The events of requests that were answered so far. */
function answeredBy(stack: Stack): readonly AnsweredRequest[] {
  return stack.events.filter((event): event is AnsweredRequest => event.type === 'request');
}

const post = (stack: Stack, path: string, value: unknown, headers: Record<string, string> = {}) =>
  stack.request('POST', path, { body: JSON.stringify(value), headers: { ...JSON_BODY, ...headers } });

const idIn = ({ json }: Answer) => json?.request_id;

describe('a request has one id in header, body and log', () => {
  it.each<[string, string, (stack: Stack) => Promise<Answer>]>([
    ['dashscope', 'miss', (stack) => stack.generate(body('a fox', SMALL))],
    ['image.generate', 'miss', (stack) => post(stack, '/v1/image.generate', WISH)],
    ['image.generate', 'error', (stack) => post(stack, '/v1/image.generate', {})],
    ['dashscope', 'error', (stack) => stack.generate('{')],
    ['admin', '', (stack) => post(stack, '/admin/api/explain', {})],
    ['other', '', (stack) => stack.request('GET', '/nowhere')],
  ])('%s %s', async (door, result, ask) => {
    const stack = await startStack();
    const answer = await ask(stack);
    const [event, ...others] = answeredBy(stack);
    expect(others).toEqual([]);
    const requestId = answer.headers.get('x-request-id');
    expect(requestId).toMatch(/^[0-9a-f-]{36}$/);
    expect(idIn(answer)).toBe(requestId);
    expect(event).toMatchObject({ door, requestId, status: answer.status });
    expect(event?.result ?? '').toBe(result);
    expect(event?.upstreamRequestId).toBeUndefined();
  });

  it('also at OpenAI’s door, whose errors have it in the header only', async () => {
    const stack = await startStack();
    for (const value of [{ model: 'qwen-image-max', prompt: 'a fox', size: '512x512' }, {}]) {
      const { headers } = await post(stack, '/v1/images/generations', value);
      expect(answeredBy(stack).at(-1)).toMatchObject({ requestId: headers.get('x-request-id') });
    }
  });

  it('also when a known hit is answered before any routing', async () => {
    const stack = await startStack();
    for (const result of ['miss', 'hit', 'hit']) {
      const answer = await stack.generate(body('a fox', SMALL));
      const requestId = answer.headers.get('x-request-id');
      expect(idIn(answer)).toBe(requestId);
      expect(answeredBy(stack).at(-1)).toMatchObject({
        requestId,
        result,
        door: 'dashscope',
        method: 'POST',
        path: MULTIMODAL,
        status: 200,
        scope: expect.stringMatching(/^key:/),
      });
    }
    expect(answeredBy(stack)).toHaveLength(3);
  });

  it('a stream of progress is told of once, when its end is known', async () => {
    const stack = await startStack();
    const accept = { accept: 'text/event-stream' };
    for (const [value, result, status] of [
      [WISH, 'miss', 200],
      [WISH, 'hit', 200],
    ] as const) {
      const answer = await post(stack, '/v1/image.generate', value, accept);
      expect(answer.text).toContain(`"request_id":"${answer.headers.get('x-request-id')}"`);
      expect(answeredBy(stack).at(-1)).toMatchObject({ result, status });
    }
    stack.simulator.control.fault({ on: 'generation', effect: { kind: 'refuse', status: 400 } });
    await post(stack, '/v1/image.generate', { ...WISH, prompt: 'a crow' }, accept);
    expect(answeredBy(stack).map(({ result, status }) => [result, status])).toEqual([
      ['miss', 200],
      ['hit', 200],
      ['error', 400],
    ]);
  });

  it('what upstream said keeps the id that it gave; the log has both', async () => {
    const stack = await startStack();
    stack.simulator.control.fault({ on: 'generation', effect: { kind: 'refuse', status: 400 } });
    const answer = await stack.generate(body('a fox', SMALL));
    const [event] = answeredBy(stack);
    expect(answer.status).toBe(400);
    expect(event).toMatchObject({ result: 'error', upstreamRequestId: answer.headers.get('x-request-id') });
    expect(event?.requestId).not.toBe(event?.upstreamRequestId);
    await stack.request('POST', '/compatible-mode/v1/chat/completions', { body: '{}', headers: JSON_BODY });
    expect(answeredBy(stack).at(-1)).toMatchObject({ door: 'passthrough', result: undefined });
  });

  it('names of blobs and tasks are in no path', async () => {
    const stack = await startStack();
    const name = 'a'.repeat(64);
    for (const path of [`/blobs/${name}`, `/api/v1/tasks/${name}`, `/v1/image.generate/tasks/${name}`])
      await stack.request('GET', path);
    expect(answeredBy(stack).map(({ path }) => path)).toEqual([
      '/blobs/:name',
      '/api/v1/tasks/:id',
      '/v1/image.generate/tasks/:id',
    ]);
  });

  it('a key that the vendor has not accepted is nobody’s', async () => {
    const stack = await startStack({ DASHCACHE_AUTH: 'passthrough' });
    const invalid = { authorization: 'Bearer sk-invalid-1' };
    expect((await stack.generate(body('a fox', SMALL), invalid)).status).toBe(401);
    await stack.generate(body('a fox', SMALL));
    expect(answeredBy(stack).map(({ result, scope }) => [result, scope])).toEqual([
      ['error', undefined],
      ['miss', expect.stringMatching(/^key:/)],
    ]);
  });
});

describe('a trace', () => {
  it('is in the log, goes on to an upstream that is not the vendor, and is kept nowhere', async () => {
    const stack = await startStack();
    for (const result of ['miss', 'hit', 'hit']) {
      await stack.generate(body('a fox', SMALL), TRACED);
      expect(answeredBy(stack).at(-1)).toMatchObject({ result, traceId: TRACE });
    }
    const [call] = stack.simulator.control.recent('generation');
    expect(call?.headers).toMatchObject(TRACED);
    expect(JSON.stringify([...readAllRows(stack)])).not.toContain(TRACE);
  });

  it('does not keep a repeated request from being known', async () => {
    const stack = await startStack();
    const wish = JSON.stringify(body('a fox', SMALL));
    const traced = (id: string) => ({
      ...JSON_BODY,
      traceparent: `00-${TRACE}-${id.repeat(16)}-01`,
    });
    const ask = (headers: Record<string, string>) =>
      send(stack.origin, { method: 'POST', path: MULTIMODAL, headers, body: wish });
    for (const id of ['1', '2', '3']) await ask(traced(id));
    // What was known is answered without being looked at: only that takes no time at all.
    expect(answeredBy(stack).at(-1)).toMatchObject({ result: 'hit', elapsedMs: 0, traceId: TRACE });
  });
});

it('the log has a line for each request that was forwarded or refused; hits are for debugging', async () => {
  const simulator = await startTestSimulator();
  const lines = async (level: string) => {
    const child = await ChildServer.start({
      DASHCACHE_DATA: await createFolder(),
      DASHCACHE_UPSTREAM: simulator.origin,
      DASHCACHE_LOG_LEVEL: level,
    });
    const ask = (text: string) =>
      fetch(child.origin + MULTIMODAL, {
        method: 'POST',
        headers: { ...JSON_BODY, authorization: 'Bearer sk-test' },
        body: text,
      }).then((answer) => answer.text());
    const wish = JSON.stringify(body('a fox', SMALL));
    for (const text of [wish, wish, '{']) await ask(text);
    await fetch(`${child.origin}/healthz`);
    child.kill('SIGTERM');
    await child.ended;
    const logged = child.stderr.split('\n').filter((line) => line.startsWith('{'));
    return logged.map((line) => JSON.parse(line)).filter(({ event }) => event === 'request');
  };
  expect((await lines('info')).map(({ result, status }) => [result, status])).toEqual([
    ['miss', 200],
    ['error', 400],
  ]);
  expect((await lines('debug')).map(({ door, result }) => [door, result])).toEqual([
    ['dashscope', 'miss'],
    ['dashscope', 'hit'],
    ['dashscope', 'error'],
    ['other', undefined],
  ]);
});
