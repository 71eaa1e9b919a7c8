import { expect, it } from 'vitest';
import { openStream } from '../../support/clients/streams.ts';
import { png } from '../../support/data/sample-images.ts';
import { startServer } from '../../support/servers/http-server.ts';
import { startProxy } from '../../support/servers/proxy.ts';
import { type Answer, body, type Stack } from '../../support/servers/stack.ts';

async function repaint(stack: Stack): Promise<Answer> {
  const input = { image_url: `data:image/png;base64,${Buffer.from(png(8, 8)).toString('base64')}` };
  const submitted = await stack.request('POST', '/api/v1/services/aigc/image-generation/generation', {
    body: JSON.stringify({ model: 'wanx-style-repaint-v1', input: { ...input, style_index: 3 } }),
    headers: { 'content-type': 'application/json', 'x-dashscope-async': 'enable' },
  });
  const path = `/api/v1/tasks/${submitted.json.output.task_id}`;
  await expect
    .poll(async () => (await stack.request('GET', path)).json.output.task_status, { timeout: 20_000 })
    .toBe('SUCCEEDED');
  return await stack.request('GET', path);
}

it('an endpoint that answers in a family of its own does so from the store, with all fields', async () => {
  const upstream = await startServer((incoming, outgoing) => {
    const url = `http://${incoming.headers.host}/1.png`;
    const done = { task_id: 't', task_status: 'SUCCEEDED', error_message: 'Success', style_index: 3 };
    if (incoming.url?.startsWith('/api/v1/tasks/'))
      outgoing.end(JSON.stringify({ output: { ...done, results: [{ url }] }, usage: { image_count: 1 } }));
    else if (incoming.method === 'GET') outgoing.end(png(4, 4));
    else {
      const answer = { output: { task_id: 't', task_status: 'PENDING' } };
      incoming.resume().once('end', () => outgoing.end(JSON.stringify(answer)));
    }
  });
  const stack = await startProxy(upstream.origin);
  const [first, again] = [await repaint(stack), await repaint(stack)];
  for (const { json } of [first, again]) {
    expect(json).toMatchObject({
      output: { error_message: 'Success', style_index: 3, results: [{ url: expect.any(String) }] },
      usage: { image_count: 1 },
    });
    expect(json.output.results[0].url).toContain(`${stack.origin}/blobs/`);
  }
});

it('a stream of a model that only draws is replayed as it came: its last event has the picture', async () => {
  const upstream = await startServer((incoming, outgoing) => {
    if (incoming.method === 'GET') {
      outgoing.end(png(4, 4));
      return;
    }
    const content = [{ image: `http://${incoming.headers.host}/1.png` }];
    const choices = [{ message: { role: 'assistant', content }, finish_reason: 'stop' }];
    const data = { output: { choices, finished: true }, usage: { image_count: 1 } };
    outgoing.setHeader('content-type', 'text/event-stream;charset=UTF-8');
    const frame = `id:1\nevent:result\n:HTTP_STATUS/200\ndata:${JSON.stringify(data)}\n\n`;
    incoming.resume().once('end', () => outgoing.end(frame));
  });
  const stack = await startProxy(upstream.origin);
  const ask = async () => {
    const response = await openStream(stack.origin, body('cat', { n: 1 }, 'wan2.6-t2i'));
    return await response.text();
  };
  const live = await ask();
  await expect.poll(() => stack.events.some(({ type }) => type === 'stored')).toBe(true);
  const withoutUrl = (stream: string) => stream.replace(/"image":"[^"]+"/, '"image":""');
  const replayed = await ask();
  expect(withoutUrl(replayed)).toBe(withoutUrl(live));
  expect(replayed).toContain(`${stack.origin}/blobs/`);
});
