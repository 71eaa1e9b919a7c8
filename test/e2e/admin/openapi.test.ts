import { Validator } from '@seriousme/openapi-schema-validator';
import { expect, it } from 'vitest';
import { OPENAPI_DOCUMENT } from '../../../src/http/openapi/document.ts';
import { admin } from '../../support/clients/admin.ts';
import { dataUri, edit } from '../../support/clients/assets.ts';
import { explain } from '../../support/clients/explain.ts';
import { send } from '../../support/clients/http-client.ts';
import { routesOf } from '../../support/clients/routes.ts';
import {
  describedHeaders,
  describedOperations,
  namedSchemaErrors,
  schemaErrors,
} from '../../support/data/api-schema.ts';
import { png } from '../../support/data/sample-images.ts';
import { type Answer, body, imageUrls, type Stack } from '../../support/servers/stack.ts';
import { SMALL, startStack } from '../../support/servers/start-stack.ts';

/** What is ours to describe; the rest is the vendor's protocol, or a part of a page. */
const OURS = /^\/(v1\/.*|blobs\/.*|admin\/api\/.*|healthz|readyz|metrics|openapi\.json|docs)$/;

const post = (stack: Stack, path: string, value: unknown, headers: Record<string, string> = {}) =>
  stack.request('POST', path, {
    body: JSON.stringify(value),
    headers: { 'content-type': 'application/json', ...headers },
  });

/** The answer is described, and is as described. */
function expectDescribed(path: string, method: string, { status, headers, json }: Answer): void {
  const type = headers.get('content-type')?.split(';')[0] ?? '';
  expect({ path, status, errors: schemaErrors({ path, method, status, type }, json) }).toEqual({
    path,
    status,
    errors: [],
  });
}

it('is a valid OpenAPI 3.1 document whose references all lead somewhere', async () => {
  const validator = new Validator();
  const { valid, errors } = await validator.validate(structuredClone(OPENAPI_DOCUMENT));
  expect({ valid, errors }).toEqual({ valid: true, errors: undefined });
  expect(validator.version).toBe('3.1');
  const schemas = new Set(Object.keys(OPENAPI_DOCUMENT.components.schemas));
  const named = JSON.stringify(OPENAPI_DOCUMENT).matchAll(/"#\/components\/schemas\/([^"]+)"/g);
  const used = new Set([...named].map(([, name = '']) => name));
  expect(used).toEqual(schemas);
});

it('each operation has an id of its own and says what it is for', () => {
  const text = JSON.stringify(OPENAPI_DOCUMENT);
  const ids = [...text.matchAll(/"operationId":"([^"]+)"/g)].map(([, id]) => id);
  expect(ids).toHaveLength(describedOperations().length);
  expect(new Set(ids).size).toBe(ids.length);
});

it('describes every route of our own, and nothing that is none', async () => {
  const stack = await startStack();
  const routes = routesOf(stack).filter(({ path }) => OURS.test(path));
  const described = describedOperations();
  expect(new Set(described.map(({ path }) => path))).toEqual(new Set(routes.map(({ path }) => path)));
  const known = described.map(({ method, path }) => `${method.toUpperCase()} ${path}`);
  for (const { method, path } of routes) {
    if (method !== 'ALL') expect(known).toContain(`${method} ${path}`);
  }
});

it('real answers of image.generate are as described', async () => {
  const stack = await startStack();
  const generate = '/v1/image.generate';
  const wish = { prompt: 'a fox', size: '512*512' };
  for (const value of [{ ...wish, model: null, n: 1 }, wish]) {
    expect(namedSchemaErrors('GenerateRequest', value)).toEqual([]);
    expectDescribed(generate, 'post', await post(stack, generate, value));
  }
  expect(namedSchemaErrors('GenerateRequest', { ...wish, style: 5 })).not.toEqual([]);
  expectDescribed(generate, 'post', await post(stack, generate, wish, { 'cache-control': 'no-store' }));
  expectDescribed(generate, 'post', await post(stack, generate, {}));
  expectDescribed(generate, 'post', await stack.request('PUT', generate));
  const notCached = { 'cache-control': 'only-if-cached' };
  expectDescribed(generate, 'post', await post(stack, generate, { ...wish, prompt: 'a crow' }, notCached));

  const task = `${generate}/tasks/{id}`;
  const accepted = await post(stack, generate, wish, { prefer: 'respond-async' });
  expect(accepted.status).toBe(202);
  expectDescribed(generate, 'post', accepted);
  const location = accepted.headers.get('location') ?? '';
  const done = await stack.request('GET', location);
  expect(done.json.status).toBe('succeeded');
  expectDescribed(task, 'get', done);
  expectDescribed(task, 'get', await stack.request('GET', `${generate}/tasks/none`));
});

it('real answers of OpenAI’s API are as described', async () => {
  const stack = await startStack();
  const generations = '/v1/images/generations';
  const wish = { prompt: 'a fox', size: '512x512', model: 'qwen-image-max' };
  for (const value of [wish, { ...wish, response_format: 'b64_json', quality: 'high' }]) {
    expect(namedSchemaErrors('OpenAiGeneration', value)).toEqual([]);
    expectDescribed(generations, 'post', await post(stack, generations, value));
  }
  expectDescribed(generations, 'post', await post(stack, generations, {}));
  expectDescribed(generations, 'post', await post(stack, generations, { ...wish, model: 'none' }));
  const edits = '/v1/images/edits';
  const edit = { prompt: 'in copper', image: dataUri('image/png', png(400, 300)), size: '512x512' };
  expect(namedSchemaErrors('OpenAiEdit', edit)).toEqual([]);
  expectDescribed(edits, 'post', await post(stack, edits, edit));
  expectDescribed(edits, 'post', await post(stack, edits, { prompt: 'x' }));
  expectDescribed('/v1/models', 'get', await stack.request('GET', '/v1/models'));
  for (const id of ['qwen-image-max', 'none']) {
    expectDescribed('/v1/models/{id}', 'get', await stack.request('GET', `/v1/models/${id}`));
  }
});

it('other real answers are as described', async () => {
  const stack = await startStack();
  const explained = '/admin/api/explain';
  await stack.generate(body('a fox', SMALL));
  for (const value of [body('a fox', SMALL), body('a crow', SMALL), { ...body('x'), model: 'qwen-vl-max' }]) {
    expectDescribed(explained, 'post', await explain(stack, value));
  }
  expectDescribed(explained, 'post', await explain(stack, '{'));
  expectDescribed(explained, 'post', await explain(stack, {}, { headers: { 'content-type': 'text/plain' } }));
  expectDescribed(explained, 'post', await stack.request('GET', explained));

  for (const path of ['/healthz', '/readyz', '/openapi.json']) {
    expectDescribed(path, 'get', await stack.request('GET', path));
  }
  expectDescribed('/blobs/{name}', 'get', await stack.request('GET', '/blobs/none'));
});

it('answers about pictures have the described statuses and headers', async () => {
  const stack = await startStack();
  const [url = ''] = imageUrls(await stack.generate(body('a fox', SMALL)));
  const asked: [Record<string, string>, number][] = [
    [{}, 200],
    [{ range: 'bytes=0-9' }, 206],
    [{ range: 'bytes=99999999-' }, 416],
  ];
  for (const [headers, status] of asked) {
    const answer = await fetch(url, { headers });
    expect(answer.status).toBe(status);
    const described = describedHeaders('/blobs/{name}', 'get', status);
    expect(described).toBeDefined();
    for (const name of described ?? []) expect(answer.headers.has(name)).toBe(true);
  }
});

it('is open to everybody, and names nothing of this server', async () => {
  const stack = await startStack();
  const { origin, simulator, folder } = stack;
  for (const path of ['/openapi.json', '/docs', '/docs/style.css']) {
    const answer = await send(origin, {
      path,
      headers: { host: 'cache.example', origin: 'https://x.example' },
    });
    expect([path, answer.status]).toEqual([path, 200]);
    for (const secret of [origin, simulator.origin, folder])
      expect(answer.body.toString()).not.toContain(secret);
  }
});

it('the page shows every operation and schema, runs no script and loads nothing from elsewhere', async () => {
  const stack = await startStack();
  const answer = await stack.request('GET', '/docs');
  expect(answer.headers.get('content-type')).toBe('text/html; charset=UTF-8');
  const policy = answer.headers.get('content-security-policy');
  expect(policy).toContain("default-src 'none'; style-src 'self'");
  expect(policy).not.toContain('unsafe');
  for (const { method, path } of describedOperations()) {
    expect(answer.text).toContain(`<code>${method.toUpperCase()} ${path}</code>`);
  }
  for (const name of Object.keys(OPENAPI_DOCUMENT.components.schemas)) {
    expect(answer.text).toContain(`id="schema-${name}"`);
  }
  expect(answer.text).not.toMatch(/<script|\son\w+=|\sstyle=|https?:\/\//);
  const anchors = [...answer.text.matchAll(/href="#([^"]+)"/g)].map(([, id]) => id);
  for (const id of anchors) expect(answer.text).toContain(`id="${id}"`);
  const ids = [...answer.text.matchAll(/id="([^"]+)"/g)].map(([, id]) => id);
  expect(new Set(ids).size).toBe(ids.length);
  const style = /<link rel="stylesheet" href="([^"]+)">/.exec(answer.text)?.[1] ?? '';
  const sheet = await fetch(new URL(style, `${stack.origin}/docs`));
  expect([sheet.status, sheet.headers.get('content-type')]).toEqual([200, 'text/css; charset=utf-8']);
});

it('real answers of the admin interface are as described', async () => {
  const stack = await startStack();
  await stack.generate(body('a fox', { ...SMALL, seed: 1 }));
  await stack.generate(edit(dataUri('image/png', png(400, 300))));
  const { json } = await admin(stack, 'GET', 'entries');
  const [{ key }] = json.entries;
  const oneKey = '/admin/api/entries/{key}';
  const calls: [string, string, string, unknown?][] = [
    ['/admin/api/entries', 'get', 'entries?limit=1'],
    ['/admin/api/entries', 'get', 'entries?limit=0'],
    [oneKey, 'get', `entries/${key}`],
    [oneKey, 'get', 'entries/none'],
    [`${oneKey}/pin`, 'post', `entries/${key}/pin`, { pinned: true }],
    [`${oneKey}/pin`, 'post', `entries/${key}/pin`, {}],
    [`${oneKey}/tags`, 'put', `entries/${key}/tags`, { tags: ['a'] }],
    [`${oneKey}/invalidate`, 'post', `entries/${key}/invalidate`],
    [oneKey, 'get', `entries/${key}`],
    ['/admin/api/stats', 'get', 'stats'],
    ['/admin/api/purge', 'post', 'purge', { filter: { q: 'fox' }, dry_run: true }],
    ['/admin/api/purge', 'post', 'purge', { filter: {} }],
    ['/admin/api/verify', 'post', 'verify'],
    ['/admin/api/collect', 'post', 'collect'],
    ['/admin/api/flights', 'get', 'flights'],
    ['/admin/api/purchases', 'get', 'purchases?limit=1'],
    [oneKey, 'delete', `entries/${key}`],
    ['/admin/api/purge', 'post', 'purge', { all: true }],
  ];
  for (const [path, method, at, value] of calls)
    expectDescribed(path, method, await admin(stack, method.toUpperCase(), at, value));
  expect(namedSchemaErrors('PurgeRequest', { filter: { q: 'fox', seed: 7 }, dry_run: true })).toEqual([]);
  expect(namedSchemaErrors('PurgeRequest', { filter: { modell: 'x' } })).not.toEqual([]);
});
