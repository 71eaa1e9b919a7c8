import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { CacheEvent } from '../../../src/core/events.ts';
import { type RawRequest, requestRaw } from '../../support/clients/raw-request.ts';
import { readAllRows } from '../../support/data/rows.ts';
import { API_KEY, body, Stack } from '../../support/servers/stack.ts';
import { SMALL } from '../../support/servers/start-stack.ts';

const JSON_TYPE = { 'content-type': 'application/json' };
const MAX_BODY = 4096;

let stack: Stack;
let rows = '';

beforeAll(async () => {
  stack = await Stack.start({ env: { DASHCACHE_MAX_BODY: String(MAX_BODY) } });
  rows = JSON.stringify([...readAllRows(stack)]);
});

// Whatever came: it was refused and no more, nothing was paid or kept, and the server still serves.
afterEach(async () => {
  expect(stack.simulator.control.counters()).toMatchObject({ asked: 0, other: 0 });
  expect(JSON.stringify([...readAllRows(stack)])).toBe(rows);
  expect(stack.events.filter((event) => !isRefusal(event) && !isReadiness(event))).toEqual([]);
  expect((await fetch(`${stack.origin}/readyz`)).status).toBe(200);
});

afterAll(async () => {
  await stack.close();
});

const isRefusal = (event: CacheEvent) =>
  event.type === 'request' && event.status >= 400 && event.status < 500;
const isReadiness = (event: CacheEvent) => event.type === 'request' && event.path === '/readyz';

/** Sends it and expects an error in DashScope's shape, whose message names what is wrong. */
async function expectRefused(
  request: RawRequest,
  status: number,
  code: string,
  named: string | RegExp,
): Promise<Readonly<Record<string, string | string[] | undefined>>> {
  const answer = await requestRaw(stack.origin, { headers: JSON_TYPE, ...request });
  expect(answer.text).toMatch(/^\{/);
  const json = JSON.parse(answer.text);
  expect({ status: answer.status, code: json.code }).toEqual({ status, code });
  expect(json.message).toMatch(named);
  expect(Object.keys(json).sort()).toEqual(['code', 'message', 'request_id']);
  expect(json.request_id).toMatch(/^[0-9a-f-]{36}$/);
  expect(answer.headers['x-request-id']).toBe(json.request_id);
  expect(answer.headers['content-type']).toMatch(/^application\/json/);
  return answer.headers;
}

const sent = (text: string | Uint8Array): RawRequest => ({ chunks: [text] });
const valid = body('a kettle', SMALL);
const messages = (content: unknown) => ({ ...valid, input: { messages: [{ role: 'user', content }] } });

describe('what is no JSON', () => {
  it.each([
    ['nothing', ''],
    ['white space', ' \n'],
    ['words', 'a kettle, please'],
    ['half of it', '{"model":"qwen-image-max","input":'],
    ['a trailing comma', '{"model":"qwen-image-max",}'],
    ['single quotes', "{'model':'qwen-image-max'}"],
    ['NaN', '{"model":"qwen-image-max","seed":NaN}'],
    ['two documents', `${JSON.stringify(valid)}${JSON.stringify(valid)}`],
    ['a byte order mark', `\ufeff${JSON.stringify(valid)}`],
    ['a control character in a string', '{"model":"qwen\u0000image"}'],
  ])('%s', async (_, text) => {
    await expectRefused(sent(text), 400, 'InvalidParameter', /JSON/);
  });

  it.each([
    ['a stray byte', [0xff]],
    ['half a sequence', [0xe4, 0xbd]],
    ['an overlong form', [0xc0, 0xaf]],
    ['a surrogate in UTF-8', [0xed, 0xa0, 0x80]],
  ])('invalid UTF-8: %s', async (_, bytes) => {
    const [head = '', tail = ''] = JSON.stringify(body('@', SMALL)).split('@');
    const text = Buffer.concat([Buffer.from(head), Buffer.from(bytes), Buffer.from(tail)]);
    await expectRefused(sent(text), 400, 'InvalidParameter', /UTF-8/);
  });

  it.each(['\\ud800', '\\udc00', '\\ud83d\\ud83d', '\\ud800x'])('half a surrogate pair: %s', async (half) => {
    const text = JSON.stringify(body('@', SMALL)).replace('@', half);
    const field = /input\.messages\[0\]\.content\[0\]\.text/;
    await expectRefused(sent(text), 400, 'InvalidParameter', field);
    const name = JSON.stringify(body('x', { '@': 1 })).replace('@', half);
    await expectRefused(sent(name), 400, 'InvalidParameter', /field name/);
  });
});

describe('what is too much', () => {
  it('nesting deeper than 64 levels', async () => {
    await expectRefused(sent('['.repeat(2000)), 400, 'InvalidParameter', /64 levels/);
    await expectRefused(sent('{"a":'.repeat(700)), 400, 'InvalidParameter', /64 levels/);
  });

  it('a body above the bound, as soon as it says so', async () => {
    const headers = { ...JSON_TYPE, 'content-length': '999999999999' };
    const named = /DASHCACHE_MAX_BODY/;
    await expectRefused({ headers, chunks: ['{'] }, 413, 'BadRequest.TooLarge', named);
    const exact = { ...JSON_TYPE, 'content-length': String(MAX_BODY + 1) };
    const chunks = [' '.repeat(MAX_BODY + 1)];
    await expectRefused({ headers: exact, chunks }, 413, 'BadRequest.TooLarge', named);
  });

  it('a body above the bound that does not say how long it is', async () => {
    const chunks = Array.from({ length: 5 }, () => ' '.repeat(MAX_BODY / 4));
    await expectRefused({ chunks }, 413, 'BadRequest.TooLarge', /DASHCACHE_MAX_BODY/);
  });
});

describe('fields of the wrong type, by name', () => {
  const cases: readonly (readonly [field: string, code: string, value: unknown])[] = [
    ['JSON object', 'InvalidParameter', [valid]],
    ['JSON object', 'InvalidParameter', 'a kettle'],
    ['JSON object', 'InvalidParameter', null],
    ['model', 'BadRequest.EmptyModel', { ...valid, model: undefined }],
    ['model', 'BadRequest.EmptyModel', { ...valid, model: null }],
    ['model', 'BadRequest.EmptyModel', { ...valid, model: '' }],
    ['model', 'InvalidParameter', { ...valid, model: 7 }],
    ['input', 'BadRequest.EmptyInput', { ...valid, input: undefined }],
    ['input', 'BadRequest.EmptyInput', { ...valid, input: null }],
    ['input', 'InvalidParameter', { ...valid, input: 'a kettle' }],
    ['input', 'InvalidParameter', { ...valid, input: [] }],
    ['parameters', 'InvalidParameter', { ...valid, parameters: [] }],
    ['parameters', 'InvalidParameter', { ...valid, parameters: '512*512' }],
    ['input.prompt', 'InvalidParameter', { ...valid, input: { prompt: 7 } }],
    [
      'input.negative_prompt',
      'InvalidParameter',
      { ...valid, input: { ...valid.input, negative_prompt: {} } },
    ],
    ['input.messages', 'InvalidParameter', { ...valid, input: { messages: {} } }],
    ['input.messages[0]', 'InvalidParameter', { ...valid, input: { messages: ['a kettle'] } }],
    [
      'input.messages[0].role',
      'InvalidParameter',
      { ...valid, input: { messages: [{ role: 1, content: [] }] } },
    ],
    ['input.messages[0].content', 'InvalidParameter', messages({ text: 'a kettle' })],
    ['input.messages[0].content[0]', 'InvalidParameter', messages(['a kettle'])],
    ['input.messages[0].content[0].text', 'InvalidParameter', messages([{ text: ['a kettle'] }])],
    [
      'input.messages[0].content[1].image',
      'InvalidParameter',
      messages([{ text: 'x' }, { image: { url: 'x' } }]),
    ],
    ['parameters.size', 'InvalidParameter', body('x', { size: 512 })],
    ['parameters.negative_prompt', 'InvalidParameter', body('x', { negative_prompt: ['blur'] })],
    ['parameters.style', 'InvalidParameter', body('x', { style: 1 })],
    ['parameters.n', 'InvalidParameter', body('x', { n: '1' })],
    ['parameters.seed', 'InvalidParameter', body('x', { seed: '7' })],
    ['parameters.prompt_extend', 'InvalidParameter', body('x', { prompt_extend: 'true' })],
    ['parameters.watermark', 'InvalidParameter', body('x', { watermark: 1 })],
  ];

  it.each(cases)('%s (%s)', async (field, code, value) => {
    const named = new RegExp(field.replace(/[[\].]/g, '\\$&'));
    await expectRefused(sent(JSON.stringify(value)), 400, code, named);
  });

  it('also beside a number that makes the request uncacheable', async () => {
    const text = JSON.stringify(body('x', { seed: '@' })).replace('"@"', '12345678901234567890');
    const wrong = text.replace('"input":', '"input":[],"other":');
    await expectRefused(sent(wrong), 400, 'InvalidParameter', /input/);
    const refused = text.replace('{"text":"x"}', '{"text":"x"},{"image":"http://127.0.0.1:9/a.png"}');
    await expectRefused(sent(refused), 400, 'InvalidURL', /input\.messages\[0\]\.content\[1\]\.image/);
  });
});

describe('requests that are not posted JSON', () => {
  it.each(['GET', 'HEAD', 'PUT', 'DELETE', 'PATCH', 'OPTIONS', 'TRACE', 'PROPFIND'])(
    '%s is a 405 with Allow',
    async (method) => {
      const answer = await requestRaw(stack.origin, { method });
      expect(answer.status).toBe(405);
      expect(answer.headers.allow).toBe('POST');
      if (method !== 'HEAD') expect(JSON.parse(answer.text).code).toBe('MethodNotAllowed');
    },
  );

  it.each([
    ['text/plain', { 'content-type': 'text/plain' }],
    ['a form', { 'content-type': 'application/x-www-form-urlencoded' }],
    ['multipart', { 'content-type': 'multipart/form-data; boundary=x' }],
    ['something like JSON', { 'content-type': 'application/json-seq' }],
    ['no type at all', {}],
  ])('Content-Type %s is a 415', async (_, headers) => {
    const request = { headers, chunks: [JSON.stringify(valid)] };
    await expectRefused(request, 415, 'BadRequest.UnsupportedMediaType', /Content-Type/);
  });

  it('a compressed body is a 415 rather than bad JSON', async () => {
    const headers = { ...JSON_TYPE, 'content-encoding': 'gzip' };
    const request = { headers, chunks: [Buffer.from('H4sIAAAAAAAAA6tWAgBDv6ajAwAAAA==', 'base64')] };
    await expectRefused(request, 415, 'BadRequest.UnsupportedMediaType', /Content-Encoding/);
  });

  it('no credential, no Host of this machine, or a page of another origin', async () => {
    const headers = { ...JSON_TYPE, host: 'evil.example' };
    const chunks = [JSON.stringify(valid)];
    await expectRefused({ headers, chunks }, 403, 'AccessDenied', /Host/);
    const page = { ...JSON_TYPE, origin: 'https://evil.example' };
    await expectRefused({ headers: page, chunks }, 403, 'AccessDenied', /pages/);
    const nobody = { ...JSON_TYPE, authorization: 'Basic abc' };
    await expectRefused({ headers: nobody, chunks: ['{'] }, 401, 'InvalidApiKey', /API-key/);
  });

  it.each([
    ['/nowhere', 404],
    ['/blobs/', 404],
    ['/blobs/..%2f..%2fetc%2fpasswd', 404],
    ['/api/v1/../../etc/passwd', 404],
    ['/api/v1/%2e%2e/%2E./etc/passwd', 404],
  ])('GET %s is a %d', async (path, status) => {
    const answer = await requestRaw(stack.origin, { method: 'GET', path });
    expect(answer.status).toBe(status);
    expect(answer.text).not.toContain(API_KEY);
  });
});
