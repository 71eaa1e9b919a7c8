import { describe, expect, it } from 'vitest';
import { send } from '../../support/clients/http-client.ts';
import { startStack } from '../../support/servers/proxy.ts';
import { body, imageUrls, MULTIMODAL, type Stack } from '../../support/servers/stack.ts';

const SERVER_KEY = 'sk-the-servers-own-key';

/** A generation without any credential, unless the headers bring one. */
function ask(stack: Stack, headers: Readonly<Record<string, string>> = {}): Promise<Response> {
  return fetch(stack.origin + MULTIMODAL, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body('whose key')),
  });
}

const keysUsed = (stack: Stack) =>
  stack.simulator.control.recent('generation').map(({ headers }) => headers.authorization);

describe('local mode', () => {
  it("needs no token: the server's key pays, unless the client brings its own", async () => {
    const stack = await startStack({ env: { DASHSCOPE_API_KEY: SERVER_KEY } });
    expect((await ask(stack)).status).toBe(200);
    expect((await ask(stack, { authorization: 'bearer sk-mine' })).headers.get('x-cache')).toBe('MISS');
    expect(keysUsed(stack)).toEqual([`Bearer ${SERVER_KEY}`, 'Bearer sk-mine']);
    expect((await ask(stack)).headers.get('x-cache')).toBe('HIT');
  });

  it('keeps what callers without a key have, whatever becomes of the server’s key', async () => {
    const stack = await startStack({ env: { DASHSCOPE_API_KEY: SERVER_KEY } });
    expect((await ask(stack)).headers.get('x-cache')).toBe('MISS');
    await stack.stopServer();
    await stack.startServer({ DASHSCOPE_API_KEY: 'sk-the-next-key' });
    expect((await ask(stack)).headers.get('x-cache')).toBe('HIT');
    const bearer = { authorization: 'Bearer sk-the-next-key' };
    expect((await ask(stack, bearer)).headers.get('x-cache')).toBe('HIT');
    expect((await ask(stack, { authorization: 'Bearer sk-mine' })).headers.get('x-cache')).toBe('MISS');
  });

  it('without any key it says where one was looked for', async () => {
    const stack = await startStack();
    const response = await ask(stack);
    expect(response.status).toBe(401);
    const answer = await response.json();
    expect(answer).toMatchObject({ code: 'InvalidApiKey', request_id: expect.any(String) });
    for (const place of ['DASHSCOPE_API_KEY', '.alibabacloud', '.dashscope'])
      expect(answer.message).toContain(place);
    expect(stack.asked).toBe(0);
  });

  it('a name that leads here only by DNS may not ask, whatever it looks like', async () => {
    const stack = await startStack({ env: { DASHSCOPE_API_KEY: SERVER_KEY } });
    const { port } = new URL(stack.origin);
    const names = [
      'evil.example',
      `evil.example:${port}`,
      'localhost.evil.example',
      '127.0.0.1.evil.example',
      'localhostx',
      '10.0.0.1',
      '169.254.169.254',
      '0.0.0.0',
      '[::2]',
    ];
    for (const host of names) {
      const { status, body: text } = await send(stack.origin, { path: '/api/v1/tasks', headers: { host } });
      expect([host, status]).toEqual([host, 403]);
      expect(JSON.parse(text.toString())).toMatchObject({ code: 'AccessDenied' });
    }
    const malformed = [
      'localhost@evil.example',
      'evil.example/localhost',
      'localhost:80:90',
      '[::1',
      '[::ffff:10.0.0.1]',
    ];
    for (const host of malformed) {
      const { status } = await send(stack.origin, { path: '/api/v1/tasks', headers: { host } });
      expect([host, status]).toEqual([host, 400]);
    }
    expect(stack.simulator.control.counters().tasks).toBe(0);
  });

  it('this machine may ask by any of its names', async () => {
    const stack = await startStack();
    const { port } = new URL(stack.origin);
    const hosts = [
      'localhost',
      'LOCALHOST',
      `127.0.0.1:${port}`,
      '127.8.9.1',
      '[::1]:8787',
      'app.localhost:1',
    ];
    for (const host of hosts) {
      const { status } = await send(stack.origin, { path: '/api/v1/tasks', headers: { host } });
      expect([host, status]).toEqual([host, 200]);
    }
    expect(stack.simulator.control.counters().tasks).toBe(hosts.length);
  });

  it('other web pages may not ask', async () => {
    const stack = await startStack({ env: { DASHSCOPE_API_KEY: SERVER_KEY } });
    const { port } = new URL(stack.origin);
    const strangers = [
      { origin: 'null' },
      { origin: 'https://evil.example' },
      { origin: 'http://localhost:3000' },
      { origin: `https://127.0.0.1:${port}` },
      { origin: `http://localhost:${port}` },
      { origin: 'http://127.0.0.1' },
      { origin: '' },
      { 'sec-fetch-site': 'cross-site' },
      { 'sec-fetch-site': 'same-site' },
      { origin: stack.origin, 'sec-fetch-site': 'cross-site' },
    ];
    for (const headers of strangers) {
      const { status } = await send(stack.origin, {
        method: 'POST',
        path: MULTIMODAL,
        headers: { 'content-type': 'application/json', ...headers },
        body: JSON.stringify(body('stolen')),
      });
      expect([headers, status]).toEqual([headers, 403]);
    }
    expect(stack.asked).toBe(0);
    for (const site of ['same-origin', 'none']) {
      const headers = { origin: stack.origin, 'sec-fetch-site': site };
      expect((await send(stack.origin, { path: '/api/v1/tasks', headers })).status).toBe(200);
    }
  });

  it('listens on IPv6 loopback too, and its blob URLs say so', async () => {
    const stack = await startStack({ env: { HOST: '::1' } });
    expect(stack.origin).toMatch(/^http:\/\/\[::1\]:\d+$/);
    const [url = ''] = imageUrls(await stack.generate(body('six')));
    expect(new URL(url).origin).toBe(stack.origin);
    expect((await fetch(url)).status).toBe(200);
  });

  it('a picture can be shown by any page that knows its address', async () => {
    const stack = await startStack();
    const [url = ''] = imageUrls(await stack.generate(body('shown')));
    const { status, headers } = await send(stack.origin, {
      path: new URL(url).pathname,
      headers: {
        host: 'cache.evil.example',
        origin: 'https://board.example',
        'sec-fetch-site': 'cross-site',
        'sec-fetch-dest': 'image',
      },
    });
    expect(status).toBe(200);
    expect(headers).toMatchObject({
      'content-type': 'image/png',
      'cross-origin-resource-policy': 'cross-origin',
      'access-control-allow-origin': '*',
    });
  });
});
