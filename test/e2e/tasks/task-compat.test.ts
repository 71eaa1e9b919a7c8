import type { IncomingMessage, ServerResponse } from 'node:http';
import { describe, expect, it } from 'vitest';
import { ASYNC, Sdk, SPELLINGS, TEXT2IMAGE } from '../../support/clients/sdk.ts';
import { writeRows } from '../../support/data/rows.ts';
import { startServer } from '../../support/servers/http-server.ts';
import type { Stack } from '../../support/servers/stack.ts';
import { startStack } from '../../support/servers/start-stack.ts';

const LEAKED = {
  'x-dashscope-uid': '1000000000000001',
  'x-dashscope-apikeyid': '10001',
  'x-dashscope-bwid': 'llm-simulated',
  'x-dashscope-workspace': 'llm-simulated',
  'x-dashscope-inner-flow-control-meta': '{"user_id":"1000000000000001"}',
  'set-cookie': 'acw_tc=abc;path=/;HttpOnly',
  'req-cost-time': '12',
  'x-envoy-upstream-service-time': '11',
} as const;

const promptTask = (prompt: string, n = 1) => ({
  model: 'wan2.5-t2i-preview',
  parameters: { n, size: '1280*1280' },
  input: { prompt },
});

const sdkOf = (stack: Stack) => new Sdk(stack.origin, SPELLINGS.asyncio);

/** The vendor, with its account's data in the headers of every answer. */
async function startLeakyVendor(vendor: () => string): Promise<string> {
  const relay = async (incoming: IncomingMessage, outgoing: ServerResponse) => {
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(Buffer.from(chunk));
    const { 'x-dashscope-async': async, 'content-type': type } = incoming.headers;
    const answer = await fetch(vendor() + (incoming.url ?? ''), {
      method: incoming.method ?? 'GET',
      headers: {
        authorization: incoming.headers.authorization ?? '',
        ...(type === undefined ? {} : { 'content-type': type }),
        ...(async === undefined ? {} : { 'x-dashscope-async': String(async) }),
      },
      ...(chunks.length === 0 ? {} : { body: Buffer.concat(chunks) }),
    });
    const contentType = answer.headers.get('content-type') ?? 'application/json';
    outgoing
      .writeHead(answer.status, { 'content-type': contentType, ...LEAKED })
      .end(Buffer.from(await answer.arrayBuffer()));
  };
  const { origin } = await startServer((incoming, outgoing) => {
    relay(incoming, outgoing).catch((cause) => outgoing.destroy(cause));
  });
  return origin;
}

describe('a task’s answers', () => {
  it('have the status 200 for whoever submits: the first, those who join, those who come later', async () => {
    const stack = await startStack();
    stack.simulator.control.holdTasks();
    const submit = () => sdkOf(stack).post(TEXT2IMAGE, promptTask('exactly'), ASYNC);
    const [first, joined] = [await submit(), await submit()];
    stack.simulator.control.resumeTasks();
    await sdkOf(stack).wait(first.json.output.task_id);
    const later = await submit();
    expect([first, joined, later].map(({ headers }) => headers.get('x-cache'))).toEqual([
      'MISS',
      'COALESCED',
      'HIT',
    ]);
    expect(stack.simulator.control.counters().tasksSubmitted).toBe(1);
  });

  it('tell nothing of the account that paid, nor when the vendor was asked', async () => {
    const stack = await startStack();
    const leaky = await startLeakyVendor(() => stack.simulator.origin);
    await stack.stopServer();
    await stack.startServer({ DASHCACHE_UPSTREAM: leaky });
    const sdk = sdkOf(stack);
    stack.simulator.control.holdTasks();
    const unseen = stack.simulator.control.fault({ on: 'poll', effect: { kind: 'hold' } });
    const submitted = await sdk.post(TEXT2IMAGE, promptTask('whose'), ASYNC);
    // Running by now, unknown to the server, so that the vendor itself refuses to cancel it.
    stack.simulator.control.advanceTask(stack.simulator.control.tasks()[0]?.id ?? '');
    const refused = await sdk.cancel(submitted.json.output.task_id);
    expect(refused.status).toBe(400);
    expect(stack.simulator.control.counters().cancels).toBe(1);
    unseen.cancel();
    stack.simulator.control.resumeTasks();
    const id = submitted.json.output.task_id;
    const answers = [
      submitted,
      refused,
      await sdk.fetchTask(id),
      await sdk.wait(id),
      await sdk.cancel(id),
      await sdk.list(),
      await sdk.post(TEXT2IMAGE, promptTask('whose'), ASYNC),
    ];
    for (const [index, { headers }] of answers.entries())
      for (const name of Object.keys(LEAKED)) expect(headers.has(name), `${index}: ${name}`).toBe(false);
  });

  it('have request ids of their own, the same in body and header', async () => {
    const stack = await startStack();
    const sdk = sdkOf(stack);
    const submitted = await sdk.post(TEXT2IMAGE, promptTask('ids'), ASYNC);
    const id = submitted.json.output.task_id;
    const answers = [submitted, await sdk.fetchTask(id), await sdk.wait(id), await sdk.fetchTask(id)];
    answers.push(await sdk.post(TEXT2IMAGE, promptTask('ids'), ASYNC));
    for (const response of [await sdk.cancel(id), await sdk.list()])
      answers.push({ headers: response.headers, json: await response.json() });
    for (const [index, { headers, json }] of answers.entries())
      expect([index, json.request_id]).toEqual([index, headers.get('x-request-id')]);
    expect(new Set(answers.map(({ json }) => json.request_id)).size).toBe(answers.length);
  });
});

describe('a hit’s task', () => {
  const HOUR_MS = 60 * 60 * 1000;

  /** Lets tasks look as old as if this time had passed. */
  async function pass(stack: Stack, ms: number): Promise<void> {
    await stack.stopServer();
    writeRows(stack, `update tasks set submitted_at = submitted_at - ${ms}, ended_at = ended_at - ${ms}`);
    await stack.startServer();
  }

  it('is one like any other: a UUID, polled, listed, not to be canceled, and forgotten after 24 hours', async () => {
    const stack = await startStack();
    const submit = () => sdkOf(stack).post(TEXT2IMAGE, promptTask('known already'), ASYNC);
    await sdkOf(stack).wait((await submit()).json.output.task_id);
    const hit = await submit();
    expect(hit.headers.get('x-cache')).toBe('HIT');
    const id = hit.json.output.task_id;
    expect(id).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
    const seen = async () => {
      const { json } = await sdkOf(stack).fetchTask(id);
      const { data } = await (await sdkOf(stack).list()).json();
      const canceled = await sdkOf(stack).cancel(id);
      expect([canceled.status, (await canceled.json()).code]).toEqual([400, 'UnsupportedOperation']);
      const isListed = data.some(({ task_id }: { task_id: string }) => task_id === id);
      return [json.output.task_status, isListed];
    };
    expect(await seen()).toEqual(['SUCCEEDED', true]);
    await pass(stack, 23 * HOUR_MS);
    expect(await seen()).toEqual(['SUCCEEDED', true]);
    await pass(stack, 2 * HOUR_MS);
    expect(await seen()).toEqual(['UNKNOWN', false]);
    expect(stack.simulator.control.counters().tasksSubmitted).toBe(1);
  });
});

describe('a poll', () => {
  it.each([429, 500, 502])('is answered although the vendor refuses ours with %i', async (status) => {
    const stack = await startStack();
    const refused = stack.simulator.control.fault({
      on: 'poll',
      effect: { kind: 'refuse', status },
      times: 2,
    });
    const sdk = sdkOf(stack);
    const { json } = await sdk.post(TEXT2IMAGE, promptTask('patience'), ASYNC);
    await refused.waitForHit();
    // The SDK's wait ends at any status but 200.
    expect((await sdk.wait(json.output.task_id)).json.output.task_status).toBe('SUCCEEDED');
    expect(stack.simulator.control.counters().polls).toBeGreaterThan(2);
  });

  it('is never one too many', async () => {
    const stack = await startStack();
    stack.simulator.control.holdTasks();
    const sdk = sdkOf(stack);
    const { json } = await sdk.post(TEXT2IMAGE, promptTask('impatient'), ASYNC);
    const polls = await Promise.all(Array.from({ length: 200 }, () => sdk.fetchTask(json.output.task_id)));
    expect(new Set(polls.map((poll) => poll.json.output.task_status))).toEqual(new Set(['PENDING']));
    stack.simulator.control.resumeTasks();
    await sdk.wait(json.output.task_id);
  });
});

it('entries of results are flat, those of failed pictures too', async () => {
  const stack = await startStack();
  stack.simulator.control.fault({ on: 'submit', effect: { kind: 'fail', images: 1 } });
  const sdk = sdkOf(stack);
  const { json } = await sdk.post(TEXT2IMAGE, promptTask('half', 2), ASYNC);
  const { results } = (await sdk.wait(json.output.task_id)).json.output;
  expect(results).toHaveLength(2);
  expect(results.filter(({ code }: { code?: string }) => code !== undefined)).toHaveLength(1);
  for (const result of results)
    for (const [name, value] of Object.entries(result))
      expect([name, typeof value]).toEqual([name, 'string']);
});
