import { get, request } from 'node:http';
import { createGunzip, gunzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { field, GENERATION_PATH, post, startTestSimulator } from './support.ts';

const chat = {
  model: 'qwen3-vl-plus',
  input: { messages: [{ role: 'user', content: [{ text: 'What is this?' }] }] },
};

describe('calls beside image generation', () => {
  test('vision chat answers on the image models’ path', async () => {
    const { origin, control } = await startTestSimulator();
    const body: unknown = await (await post(origin, chat)).json();
    expect(field(body, 'output.choices.0.message.content.0.text')).toBe(
      'The picture shows a quiet landscape.',
    );
    expect(control.counters()).toMatchObject({ other: 1, asked: 0 });
  });

  test('streamed chat is framed as the gateway frames it', async () => {
    const { origin } = await startTestSimulator();
    const response = await post(origin, chat, { headers: { 'X-DashScope-SSE': 'enable' } });
    expect(response.headers.get('content-type')).toBe('text/event-stream;charset=UTF-8');
    const frames = (await response.text()).split('\n\n');
    expect(frames).toHaveLength(5);
    expect(frames[0]).toMatch(/^id:1\nevent:result\n:HTTP_STATUS\/200\ndata:\{"output"/);
    expect(frames[3]).toContain('"finish_reason":"stop"');
    expect(frames[4]).toBe('');
  });

  test('the first event of a gzipped stream can be read while the second is held', async () => {
    const { origin, control } = await startTestSimulator();
    const fault = control.fault({ on: 'other', effect: { kind: 'hold', at: 'body' } });
    const gunzip = createGunzip();
    const headers = {
      authorization: 'Bearer sk-test',
      'accept-encoding': 'gzip',
      'x-dashscope-sse': 'enable',
    };
    request(`${origin}${GENERATION_PATH}`, { method: 'POST', headers }, (answer) => answer.pipe(gunzip)).end(
      JSON.stringify(chat),
    );
    let text = '';
    let firstEvents = '';
    for await (const part of gunzip) {
      text += String(part);
      if (firstEvents === '' && text.includes('\n\n')) {
        firstEvents = text;
        fault.release();
      }
    }
    expect(firstEvents.match(/^id:/gm)).toHaveLength(1);
    expect(text.match(/^id:/gm)).toHaveLength(4);
  });

  test('compatible mode answers whole and streamed, and errs in its own shape', async () => {
    const { origin } = await startTestSimulator();
    const path = '/compatible-mode/v1/chat/completions';
    const body = { model: 'qwen-plus', messages: [{ role: 'user', content: 'Hello' }] };
    expect(field(await (await post(origin, body, { path })).json(), 'object')).toBe('chat.completion');
    const stream = await (await post(origin, { ...body, stream: true }, { path })).text();
    expect(stream).toMatch(/^data: \{/);
    expect(stream.endsWith('data: [DONE]\n\n')).toBe(true);
    const refused = await post(origin, body, { path, key: 'sk-invalid' });
    expect(refused.status).toBe(401);
    expect(field(await refused.json(), 'error.code')).toBe('invalid_api_key');
  });

  test('embeddings answer a vector for each text', async () => {
    const { origin } = await startTestSimulator();
    const path = '/api/v1/services/embeddings/text-embedding/text-embedding';
    const response = await post(
      origin,
      { model: 'text-embedding-v4', input: { texts: ['a', 'b'] } },
      { path },
    );
    expect(field(await response.json(), 'output.embeddings.1.text_index')).toBe(1);
  });

  test.each([
    ['gzip, deflate', true],
    ['br;q=1, GZIP;q=0.5', true],
    ['gzip;q=0', false],
    ['identity', false],
  ])('an offer of "%s" decides the encoding', async (offer, gzipped) => {
    const { origin } = await startTestSimulator();
    const headers = { authorization: 'Bearer sk-test', 'accept-encoding': offer };
    const { encoding, body } = await new Promise<{ encoding: string | undefined; body: Buffer }>(
      (resolve) => {
        get(`${origin}/api/v1/tasks`, { headers }, async (answer) => {
          const parts: Buffer[] = [];
          for await (const part of answer) parts.push(part);
          resolve({ encoding: answer.headers['content-encoding'], body: Buffer.concat(parts) });
        });
      },
    );
    expect(encoding).toBe(gzipped ? 'gzip' : undefined);
    const text = (gzipped ? gunzipSync(body) : body).toString();
    expect(field(JSON.parse(text), 'total')).toBe(0);
  });
});
