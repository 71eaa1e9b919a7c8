import { describe, expect, it } from 'vitest';
import { type ClientRequest, type RawAnswer, send } from '../../support/clients/http-client.ts';
import type { Stack } from '../../support/servers/stack.ts';
import { startStack } from '../../support/servers/start-stack.ts';

const ADMIN = 'the-admin-token-0001';
const TOKENS = {
  DASHCACHE_AUTH: 'token',
  DASHCACHE_TOKENS: 'alice:token-of-alice-000001',
  DASHSCOPE_API_KEY: 'sk-server',
  DASHCACHE_PUBLIC_URL: 'https://images.example',
};
const OPENED = { ...TOKENS, DASHCACHE_ADMIN_TOKEN: ADMIN };
const HTML = { accept: 'text/html,*/*' };

type Headers = Readonly<Record<string, string>>;

/** As a browser asks: without a bearer. */
function browse(stack: Stack, path: string, wanted: Omit<ClientRequest, 'path'> = {}): Promise<RawAnswer> {
  return send(stack.origin, { ...wanted, path, headers: { authorization: '', ...HTML, ...wanted.headers } });
}

function login(stack: Stack, form: Record<string, string>, headers: Headers = {}): Promise<RawAnswer> {
  return browse(stack, '/admin/login', {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded', origin: stack.origin, ...headers },
    body: new URLSearchParams(form).toString(),
  });
}

async function cookieOf(stack: Stack): Promise<string> {
  const answer = await login(stack, { token: ADMIN });
  return answer.headers['set-cookie']?.[0]?.split(';')[0] ?? '';
}

/** A POST to the API that changes nothing, as the page’s script sends it. */
function explain(stack: Stack, headers: Headers): Promise<RawAnswer> {
  return browse(stack, '/admin/api/explain?scope=token:alice', {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: '{"prompt":"a fox","size":"512*512"}',
  });
}

describe('the way in', () => {
  it('leads who is not in to the login, and from there to where he wanted to go', async () => {
    const stack = await startStack(OPENED);
    const away = await browse(stack, '/admin/figures?x=1');
    expect([away.status, away.headers.location]).toEqual([
      303,
      '/admin/login?next=%2Fadmin%2Ffigures%3Fx%3D1',
    ]);
    const door = await browse(stack, away.headers.location ?? '');
    expect(door.status).toBe(200);
    expect(door.body.toString()).toContain('value="/admin/figures?x=1"');
    const inside = await login(stack, { token: ADMIN, next: '/admin/figures?x=1' });
    expect([inside.status, inside.headers.location]).toEqual([303, '/admin/figures?x=1']);
  });

  it('gives a cookie that scripts, other sites and other paths do not get, and that is not the token', async () => {
    const stack = await startStack(OPENED);
    const [cookie = ''] = (await login(stack, { token: ADMIN })).headers['set-cookie'] ?? [];
    expect(cookie).toMatch(
      /^dashcache_admin=[\w.-]+; Max-Age=43200; Path=\/admin; HttpOnly; SameSite=Strict$/,
    );
    expect(cookie).not.toContain(ADMIN);
    const [secure = ''] =
      (await login(stack, { token: ADMIN }, { origin: 'https://images.example' })).headers['set-cookie'] ??
      [];
    expect(secure).toContain('; Secure');
  });

  it('the cookie opens pages and API, until it is taken back', async () => {
    const stack = await startStack(OPENED);
    const cookie = await cookieOf(stack);
    const page = await browse(stack, '/admin', { headers: { cookie } });
    expect(page.status).toBe(200);
    expect(page.body.toString()).toContain('action="/admin/logout"');
    expect((await explain(stack, { cookie, origin: stack.origin })).status).toBe(200);
    const out = await browse(stack, '/admin/logout', {
      method: 'POST',
      headers: { cookie, origin: stack.origin },
    });
    expect([out.status, out.headers.location]).toEqual([303, '/admin/login']);
    expect(out.headers['set-cookie']?.[0]).toMatch(/^dashcache_admin=; Max-Age=0; Path=\/admin/);
  });

  it('a copy of the cookie opens nothing after the logout', async () => {
    const stack = await startStack(OPENED);
    const [cookie, other] = [await cookieOf(stack), await cookieOf(stack)];
    // Another site’s page cannot put anybody out.
    const foreign = { cookie, origin: 'https://evil.example' };
    await browse(stack, '/admin/logout', { method: 'POST', headers: foreign });
    expect((await browse(stack, '/admin', { headers: { cookie } })).status).toBe(200);
    await browse(stack, '/admin/logout', { method: 'POST', headers: { cookie, origin: stack.origin } });
    expect((await browse(stack, '/admin', { headers: { cookie } })).status).toBe(303);
    expect((await explain(stack, { cookie, origin: stack.origin })).status).toBe(401);
    await stack.stopServer();
    await stack.startServer();
    expect((await explain(stack, { cookie, origin: stack.origin })).status).toBe(401);
    expect((await browse(stack, '/admin', { headers: { cookie: other } })).status).toBe(200);
  });

  it('another admin token ends every session', async () => {
    const stack = await startStack(OPENED);
    const cookie = await cookieOf(stack);
    await stack.stopServer();
    await stack.startServer({ DASHCACHE_ADMIN_TOKEN: 'the-admin-token-0002' });
    expect((await browse(stack, '/admin', { headers: { cookie } })).status).toBe(303);
    expect((await explain(stack, { cookie, origin: stack.origin })).status).toBe(401);
  });

  it('a session is no bearer', async () => {
    const stack = await startStack(OPENED);
    const [, session = ''] = (await cookieOf(stack)).split('=');
    expect((await explain(stack, { authorization: `Bearer ${session}` })).status).toBe(401);
  });

  it('on this machine in local mode there is no login', async () => {
    const stack = await startStack();
    const page = await browse(stack, '/admin');
    expect(page.status).toBe(200);
    expect(page.body.toString()).not.toContain('logout');
    const door = await browse(stack, '/admin/login?next=/admin/flights');
    expect([door.status, door.headers.location]).toEqual([303, '/admin/flights']);
  });
});

describe('who stays outside', () => {
  it('everybody, where no admin token is set', async () => {
    const stack = await startStack(TOKENS);
    for (const path of ['/admin', '/admin/login', '/admin/entries/k1:0', '/admin/nothing']) {
      const answer = await browse(stack, path);
      expect([path, answer.status]).toEqual([path, 403]);
      expect(answer.body.toString()).toContain('DASHCACHE_ADMIN_TOKEN');
    }
    expect((await login(stack, { token: ADMIN })).status).toBe(403);
  });

  it('who has a wrong token, in the page’s own words; after ten of them he has to wait', async () => {
    const stack = await startStack(OPENED);
    const session = await cookieOf(stack);
    for (const token of ['', 'x', `${ADMIN}1`, ...Array(7).fill('a-wrong-token')]) {
      const answer = await login(stack, { token });
      expect([answer.status, answer.headers['set-cookie']]).toEqual([401, undefined]);
      expect(answer.body.toString()).toContain('role="alert"');
    }
    const late = await login(stack, { token: 'a-wrong-token' });
    expect([late.status, late.headers['set-cookie']]).toEqual([429, undefined]);
    expect(Number(late.headers['retry-after'])).toBeGreaterThan(0);
    // Those who guess put nobody out, and keep nobody out.
    expect((await login(stack, { token: ADMIN })).status).toBe(303);
    expect((await browse(stack, '/admin', { headers: { cookie: session } })).status).toBe(200);
  });

  it.each([
    ['another site', 'https://evil.example'],
    ['another port of this machine', 'http://127.0.0.1:1'],
    ['a page without an origin', 'null'],
    ['nobody says who', ''],
  ])('%s, with the browser’s cookie', async (_, origin) => {
    const stack = await startStack(OPENED);
    const cookie = await cookieOf(stack);
    for (const answer of [
      await explain(stack, { cookie, origin }),
      await browse(stack, '/admin/logout', { method: 'POST', headers: { cookie, origin } }),
      await login(stack, { token: ADMIN }, { origin }),
    ]) {
      expect([answer.status, answer.headers['set-cookie']]).toEqual([403, undefined]);
    }
  });

  it('a program with the token needs no origin', async () => {
    const stack = await startStack(OPENED);
    expect((await explain(stack, { authorization: `Bearer ${ADMIN}` })).status).toBe(200);
  });
});

describe('bad input at the door', () => {
  it.each([
    'https://evil.example/admin',
    '//evil.example/admin',
    '/\\evil.example',
    '/admin\\..\\..',
    '/administrator',
    '/admin/\r\nset-cookie: x=1',
    'javascript:alert(1)',
  ])('goes to the page and nowhere else: %s', async (next) => {
    const stack = await startStack(OPENED);
    const { status, headers } = await login(stack, { token: ADMIN, next });
    expect([status, headers.location, headers['set-cookie']?.length]).toEqual([303, '/admin', 1]);
  });

  it('shows what is given in markup as text', async () => {
    const stack = await startStack(OPENED);
    const next = encodeURIComponent('/admin?"><script>alert(1)</script>');
    const { body } = await browse(stack, `/admin/login?next=${next}`);
    expect(body.toString()).not.toContain('<script>');
  });

  it('refuses a form that is too long, and other methods', async () => {
    const stack = await startStack(OPENED);
    expect((await login(stack, { token: 'x'.repeat(9000) })).status).toBe(413);
    const put = await browse(stack, '/admin/login', { method: 'PUT', headers: { origin: stack.origin } });
    expect([put.status, put.headers.allow]).toEqual([405, 'GET, POST']);
    expect((await browse(stack, '/admin/logout')).status).toBe(405);
  });
});
