import { once } from 'node:events';
import { connect } from 'node:net';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { requestRaw } from '../../support/clients/raw-request.ts';
import { countEntries, readPurchases } from '../../support/data/rows.ts';
import { API_KEY, body, imageUrls, MULTIMODAL, Stack } from '../../support/servers/stack.ts';
import { SMALL } from '../../support/servers/start-stack.ts';

let stack: Stack;

beforeEach(async () => {
  stack = await Stack.start({ env: { DASHCACHE_MAX_BODY: '1MiB' } });
});

afterEach(async () => {
  await stack.close();
});

describe('large bodies', () => {
  it('more than 200,000 values are refused before they are built', async () => {
    const text = JSON.stringify(body('many', { list: '@' })).replace('"@"', `[${'1,'.repeat(250_000)}1]`);
    const answer = await stack.generate(text);
    expect(answer.status).toBe(400);
    expect(answer.json.message).toContain('200000 values');
    expect(stack.asked).toBe(0);
  });

  it.each(['with', 'without'])('16 MiB %s a declared length get their 413', async (declared) => {
    const chunk = new Uint8Array(1024 * 1024).fill(0x20);
    const chunks = Array.from({ length: 16 }, () => chunk);
    const length = declared === 'with' ? { 'content-length': String(16 * 1024 * 1024) } : {};
    const headers = { 'content-type': 'application/json', ...length };
    const answer = await requestRaw(stack.origin, { headers, chunks });
    expect(answer.status).toBe(413);
    expect(JSON.parse(answer.text).code).toBe('BadRequest.TooLarge');
    expect((await stack.generate(body('afterwards', SMALL))).status).toBe(200);
  });
});

it('large bodies that are announced and never sent keep nobody out', async () => {
  const { hostname, port } = new URL(stack.origin);
  await stack.stopServer();
  await stack.startServer({ PORT: port, DASHCACHE_MAX_INFLIGHT: '1MiB' });
  const sockets = await Promise.all(
    [1, 2].map(async () => {
      const socket = connect(Number(port), hostname);
      const head = [
        `POST ${MULTIMODAL} HTTP/1.1`,
        `host: ${hostname}:${port}`,
        `authorization: Bearer ${API_KEY}`,
        'content-type: application/json',
        `content-length: ${1024 * 1024}`,
        'expect: 100-continue',
      ];
      socket.write(`${head.join('\r\n')}\r\n\r\n`);
      await once(socket, 'data');
      return socket;
    }),
  );
  expect((await stack.generate(body('meanwhile', SMALL))).status).toBe(200);
  for (const socket of sockets) socket.destroy();
});

it('clients that leave while they send are no failure of ours', async () => {
  const { hostname, port } = new URL(stack.origin);
  for (const framing of ['content-length: 5000', 'transfer-encoding: chunked']) {
    const socket = connect(Number(port), hostname);
    const head = [
      `POST ${MULTIMODAL} HTTP/1.1`,
      `host: ${hostname}:${port}`,
      `authorization: Bearer ${API_KEY}`,
      'content-type: application/json',
      framing,
      'expect: 100-continue',
    ];
    socket.write(`${head.join('\r\n')}\r\n\r\n`);
    // The server says that it is reading.
    expect(String(await once(socket, 'data'))).toContain('100 Continue');
    socket.write('5\r\n{"mod');
    socket.resetAndDestroy();
    await once(socket, 'close');
    expect((await stack.generate(body('afterwards', SMALL))).status).toBe(200);
  }
  expect(stack.events.filter(({ type }) => type === 'failure')).toEqual([]);
  expect(stack.asked).toBe(1);
});

describe('numbers that a double does not hold', () => {
  it.each(['12345678901234567890', '0.1000000000000000055511151231257827', '1e999', '1.0000000000000000001'])(
    '%s passes on as it came, uncached',
    async (literal) => {
      const text = JSON.stringify(body('exact', { ...SMALL, odd: '@' })).replace('"@"', literal);
      for (const asked of [1, 2]) {
        const answer = await stack.generate(text);
        expect(answer.status).toBe(200);
        expect(answer.headers.get('cache-status')).toBe('dashcache; fwd=bypass; detail=number');
        expect(answer.headers.get('x-cache')).toBe('BYPASS');
        expect(imageUrls(answer)[0]).toContain(stack.simulator.origin);
        expect(stack.asked).toBe(asked);
        expect(stack.simulator.control.recent('generation').at(-1)?.body).toBe(text);
      }
      expect(countEntries(stack)).toBe(0);
    },
  );

  it.each(['1.0', '1e0', '10e-1', '0.5', '-0', '1E+2', '9007199254740991', '0.1'])(
    '%s is one that it holds',
    async (literal) => {
      const text = JSON.stringify(body('exact', { ...SMALL, n: 1, odd: '@' })).replace('"@"', literal);
      expect((await stack.generate(text)).headers.get('x-cache')).toBe('MISS');
      expect((await stack.generate(text)).headers.get('x-cache')).toBe('HIT');
      expect(stack.simulator.control.recent('generation').at(-1)?.body).toBe(text);
    },
  );
});

describe('names that JavaScript knows', () => {
  it.each(['__proto__', 'constructor', 'toString', 'hasOwnProperty'])(
    '%s is a field like any other',
    async (name) => {
      const named = (value: number) =>
        JSON.stringify(body('names', { ...SMALL, '@': { '@': value } })).replaceAll('@', name);
      expect((await stack.generate(named(1))).headers.get('x-cache')).toBe('MISS');
      expect((await stack.generate(named(1))).headers.get('x-cache')).toBe('HIT');
      expect((await stack.generate(named(2))).headers.get('x-cache')).toBe('MISS');
      expect((await stack.generate(body('names', SMALL))).headers.get('x-cache')).toBe('MISS');
    },
  );

  it.each(['__proto__', 'constructor', 'toString', 'hasOwnProperty'])(
    '%s is a model like any other',
    async (model) => {
      const answer = await stack.generate(body('models', SMALL, model));
      expect(answer.status).toBe(404);
      expect(answer.json.code).toBe('ModelNotFound');
    },
  );
});

describe('whatever comes', () => {
  const headers = { 'content-type': 'application/json' };
  const anyText = fc.string({ unit: 'binary', maxLength: 40 });
  const anyValue = fc.jsonValue({ maxDepth: 4, stringUnit: 'binary' });
  const sometimes = <T>(arbitrary: fc.Arbitrary<T>) =>
    fc.oneof({ weight: 4, arbitrary }, { weight: 1, arbitrary: anyValue });
  const item = fc.oneof(
    fc.record({ text: sometimes(anyText) }),
    fc.record({
      image: sometimes(fc.constantFrom('', 'oss://a', 'data:image/png;base64,', 'http://[::1]/', 'x')),
    }),
    anyValue,
  );
  const parameters = fc.record(
    {
      size: sometimes(fc.constantFrom('512*512', '512x512', '1*1', '', '*')),
      n: sometimes(fc.integer({ min: -1, max: 2 })),
      seed: sometimes(fc.integer()),
      negative_prompt: sometimes(anyText),
      odd: anyValue,
    },
    { requiredKeys: [] },
  );
  const nearlyRight = fc.record(
    {
      model: sometimes(
        fc.constantFrom('qwen-image-max', 'z-image-turbo', 'wan2.7-image', 'qwen-vl-max', 'x'),
      ),
      input: sometimes(
        fc.record(
          {
            messages: sometimes(
              fc.array(
                sometimes(
                  fc.record({
                    role: sometimes(fc.constant('user')),
                    content: sometimes(fc.array(item, { maxLength: 3 })),
                  }),
                ),
                { maxLength: 2 },
              ),
            ),
            prompt: sometimes(anyText),
          },
          { requiredKeys: [] },
        ),
      ),
      parameters: sometimes(parameters),
      extra: anyValue,
    },
    { requiredKeys: [] },
  );

  it.each<[string, fc.Arbitrary<string | Uint8Array>, number]>([
    ['bytes', fc.uint8Array({ maxLength: 200 }), 100],
    ['JSON', fc.json({ stringUnit: 'binary' }), 100],
    ['requests that are nearly right', nearlyRight.map((value) => JSON.stringify(value)), 200],
    [
      'right ones with a byte changed',
      fc.tuple(fc.nat(), fc.nat(255)).map(([at, value]) => {
        const bytes = new TextEncoder().encode(JSON.stringify(body('changed', SMALL)));
        bytes[at % bytes.length] = value;
        return bytes;
      }),
      100,
    ],
  ])('%s: an answer, never a failure of ours', async (_, arbitrary, numRuns) => {
    await fc.assert(
      fc.asyncProperty(arbitrary, async (bytes) => {
        const answer = await requestRaw(stack.origin, { headers, chunks: [bytes] });
        expect(answer.status).toBeLessThan(500);
        if (answer.status >= 400) expect(JSON.parse(answer.text).code).toMatch(/./);
      }),
      { numRuns },
    );
    expect(stack.events.filter(({ type }) => type === 'failure')).toEqual([]);
    for (const { state } of readPurchases(stack)) expect(['stored', 'refused']).toContain(state);
    expect((await fetch(`${stack.origin}/readyz`)).status).toBe(200);
  });
});
