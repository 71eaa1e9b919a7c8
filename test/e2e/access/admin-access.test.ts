import { describe, expect, it } from 'vitest';
import { explain } from '../../support/clients/explain.ts';
import { send } from '../../support/clients/http-client.ts';
import { body } from '../../support/servers/stack.ts';
import { SMALL, startStack } from '../../support/servers/start-stack.ts';

const ADMIN = 'the-admin-token-0001';
const ALICE = 'token-of-alice-000001';
const TOKENS = {
  DASHCACHE_AUTH: 'token',
  DASHCACHE_TOKENS: `alice:${ALICE}`,
  DASHSCOPE_API_KEY: 'sk-server',
};

const as = (token: string) => ({ authorization: `Bearer ${token}` });
const wish = body('a fox', SMALL);

it('what the admin interface tells stays with whoever asked', async () => {
  const stack = await startStack();
  await stack.generate(wish);
  const [{ key, images }] = (await stack.request('GET', '/admin/api/entries')).json.entries;
  const headersOf = async (path: string, headers: Record<string, string> = {}) => {
    const answer = await send(stack.origin, { path, headers });
    return ['cache-control', 'x-content-type-options', 'cross-origin-resource-policy'].map(
      (name) => answer.headers[name],
    );
  };
  const secret = ['no-store', 'nosniff', 'same-origin'];
  for (const path of [
    '/admin',
    '/admin/api/entries',
    `/admin/api/entries/${key}`,
    '/admin/api/entries?x=1',
    '/admin/api/nothing',
    '/admin/api/ledger?format=csv',
    '/admin/api/flights/events?x=1',
    `/admin/thumbnails/${'0'.repeat(64)}`,
    '/metrics',
  ])
    expect([path, await headersOf(path)]).toEqual([path, secret]);
  expect(await headersOf('/admin/api/entries', { host: 'evil.example' })).toEqual(secret);
  const [kept, ...others] = await headersOf(`/admin/thumbnails/${images[0].sha256}`);
  expect(kept).toMatch(/^private, /);
  expect(others).toEqual(secret.slice(1));
});

describe('who may look into the store', () => {
  it('on this machine, in local mode, everybody; other web pages may not', async () => {
    const stack = await startStack();
    expect((await explain(stack, wish)).status).toBe(200);
    for (const headers of [{ host: 'evil.example' }, { origin: 'https://evil.example' }]) {
      const answer = await send(stack.origin, {
        method: 'POST',
        path: '/admin/api/explain',
        headers: { 'content-type': 'application/json', ...headers },
        body: JSON.stringify(wish),
      });
      expect([answer.status, answer.headers['content-type']]).toEqual([403, 'application/problem+json']);
    }
  });

  it.each(['passthrough', 'token'])('in %s mode nobody, unless there is an admin token', async (mode) => {
    const stack = await startStack({ ...TOKENS, DASHCACHE_AUTH: mode });
    for (const path of ['/admin', '/admin/', '/admin/api/explain', '/admin/api/nothing']) {
      const { status, json } = await stack.request('GET', path, { headers: as(ALICE) });
      expect([path, status, json.code]).toEqual([path, 403, 'forbidden']);
      expect(json.detail).toContain('DASHCACHE_ADMIN_TOKEN');
    }
  });

  it('the token opens it; the scope is then to be named', async () => {
    const stack = await startStack({ ...TOKENS, DASHCACHE_ADMIN_TOKEN: ADMIN });
    await stack.generate(wish, as(ALICE));
    const nameless = await explain(stack, wish, { headers: as(ADMIN) });
    expect([nameless.status, nameless.json.field]).toEqual([400, 'scope']);
    const { json } = await explain(stack, wish, { headers: as(ADMIN), query: '?scope=token:alice' });
    expect(json).toMatchObject({ result: 'hit', scope: 'token:alice' });
  });

  it('where everything is shared there is but one scope', async () => {
    const stack = await startStack({ ...TOKENS, DASHCACHE_ADMIN_TOKEN: ADMIN, DASHCACHE_SCOPE: 'shared' });
    const { json } = await explain(stack, wish, { headers: as(ADMIN) });
    expect(json.scope).toBe('shared');
  });

  it('a token that is set is asked for in local mode too, and is nobody’s key', async () => {
    const stack = await startStack({ DASHCACHE_ADMIN_TOKEN: ADMIN, DASHSCOPE_API_KEY: 'sk-server' });
    expect((await explain(stack, wish)).status).toBe(401);
    await stack.generate(wish, as('sk-server'));
    const { json } = await explain(stack, wish, { headers: as(ADMIN) });
    expect(json.result).toBe('hit');
  });

  it.each([
    ['none', {}],
    ['a client’s', as(ALICE)],
    ['its beginning', as(ADMIN.slice(0, -1))],
    ['more of it', as(`${ADMIN}1`)],
    ['another scheme', { authorization: `Basic ${ADMIN}` }],
  ])('a wrong token is a 401: %s', async (_, headers) => {
    const stack = await startStack({ ...TOKENS, DASHCACHE_ADMIN_TOKEN: ADMIN });
    const init = { method: 'POST', headers: { 'content-type': 'application/json', ...headers }, body: '{}' };
    const answer = await fetch(`${stack.origin}/admin/api/explain`, init);
    expect(answer.status).toBe(401);
    expect(answer.headers.get('www-authenticate')).toBe('Bearer');
    expect(await answer.json()).toMatchObject({ code: 'unauthorized', status: 401 });
  });

  it('after ten wrong tokens within a minute the address has to wait, but not with the right one', async () => {
    const stack = await startStack({ ...TOKENS, DASHCACHE_ADMIN_TOKEN: ADMIN });
    const wrong = () => explain(stack, wish, { headers: as('a-wrong-token-000001') });
    const statuses = (await Promise.all(Array.from({ length: 12 }, wrong))).map(({ status }) => status);
    expect(statuses.sort()).toEqual([...Array(10).fill(401), 429, 429]);
    const late = await wrong();
    expect([late.status, late.json.code]).toEqual([429, 'throttled']);
    expect(Number(late.headers.get('retry-after'))).toBeGreaterThan(0);
    // Behind a reverse proxy the owner has the address of those who guess.
    expect((await explain(stack, wish, { headers: as(ADMIN), query: '?scope=token:alice' })).status).toBe(
      200,
    );
  });
});
