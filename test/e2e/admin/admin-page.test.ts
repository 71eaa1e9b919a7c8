import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { type RawAnswer, send } from '../../support/clients/http-client.ts';
import { body, imageUrls, type Stack } from '../../support/servers/stack.ts';
import { SMALL, startStack } from '../../support/servers/start-stack.ts';

const PAGES = [
  '/admin',
  '/admin/entries/k1:0',
  '/admin/compare',
  '/admin/explain',
  '/admin/flights',
  '/admin/figures',
];
const SOURCES = new URL('../../../src/browser/', import.meta.url);

function browse(
  stack: Stack,
  path: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<RawAnswer> {
  return send(stack.origin, { path, headers: { authorization: '', accept: 'text/html,*/*', ...headers } });
}

describe('the pages', () => {
  it('have a policy that leaves no way in, and keep to it', async () => {
    const stack = await startStack();
    for (const path of PAGES) {
      const { status, headers, body: page } = await browse(stack, path);
      expect([path, status, headers['content-type']]).toEqual([path, 200, 'text/html; charset=utf-8']);
      const policy = String(headers['content-security-policy']);
      expect(policy).toContain("default-src 'none'; script-src 'self'; style-src 'self'");
      for (const part of ["frame-ancestors 'none'", "base-uri 'none'", "require-trusted-types-for 'script'"])
        expect(policy).toContain(part);
      expect(policy).not.toMatch(/unsafe|https?:|\*|data:/);
      expect(headers).toMatchObject({
        'x-content-type-options': 'nosniff',
        'referrer-policy': 'same-origin',
        'cache-control': 'no-store',
      });
      const text = page.toString();
      expect(text).not.toMatch(
        /<script(?! type="module" src="\/admin\/assets\/)|<style|\sstyle=|\son\w+=|https?:/,
      );
    }
  });

  it('name only files that are there, of the types that they are', async () => {
    const stack = await startStack();
    const pages = await Promise.all(PAGES.map(async (path) => (await browse(stack, path)).body.toString()));
    const named = new Set(
      pages.flatMap((text) => [...text.matchAll(/"(\/admin\/assets\/[^"]+)"/g)].map(([, path = '']) => path)),
    );
    const types: Record<string, string> = { css: 'text/css', js: 'text/javascript', svg: 'image/svg+xml' };
    for (const path of named) {
      const { status, headers } = await browse(stack, path);
      expect([path, status]).toEqual([path, 200]);
      expect(headers['content-type']).toContain(types[path.split('.').at(-1) ?? ''] ?? 'none');
    }
    expect(named.size).toBeGreaterThan(6);
  });

  it('have scripts that make no markup of text and load nothing from elsewhere', () => {
    for (const name of readdirSync(SOURCES, { recursive: true, encoding: 'utf8' })) {
      if (!name.includes('.')) continue;
      const text = readFileSync(new URL(name, SOURCES), 'utf8').replaceAll('http://www.w3.org/2000/svg', '');
      expect([
        name,
        /innerHTML|outerHTML|insertAdjacent|document\.write|eval\(|https?:\/\//.exec(text),
      ]).toEqual([name, null]);
    }
  });

  it.each(['/admin/assets/app.ts', '/admin/assets/none.js', '/admin/assets/', '/admin/nothing'])(
    'are all that there is: %s',
    async (path) => {
      const stack = await startStack();
      expect((await browse(stack, path)).status).toBe(404);
    },
  );

  it('take GET only', async () => {
    const stack = await startStack();
    const answer = await send(stack.origin, { method: 'POST', path: '/admin/figures', body: '' });
    expect([answer.status, answer.headers.allow]).toEqual([405, 'GET']);
  });
});

describe('thumbnails', () => {
  it('are small WebP pictures of what is stored', async () => {
    const stack = await startStack();
    const [url = ''] = imageUrls(await stack.generate(body('a fox', SMALL)));
    const digest = /[0-9a-f]{64}/.exec(url)?.[0] ?? '';
    const { status, headers, body: bytes } = await browse(stack, `/admin/thumbnails/${digest}`);
    expect([status, headers['content-type']]).toEqual([200, 'image/webp']);
    expect(Number(headers['content-length'])).toBe(bytes.length);
    expect(bytes.subarray(8, 12).toString()).toBe('WEBP');
    expect(headers['cache-control']).toContain('private');
  });

  it.each(['0'.repeat(64), 'x', `${'0'.repeat(64)}.png`])('of none there are none: %s', async (name) => {
    const stack = await startStack();
    const answer = await browse(stack, `/admin/thumbnails/${name}`);
    const after = answer.status === 302 ? await browse(stack, answer.headers.location ?? '') : answer;
    expect(after.status).toBe(404);
  });

  it('are for those who are in', async () => {
    const stack = await startStack({
      DASHCACHE_ADMIN_TOKEN: 'the-admin-token-0001',
      DASHSCOPE_API_KEY: 'sk-x',
    });
    const answer = await browse(stack, `/admin/thumbnails/${'0'.repeat(64)}`, { accept: 'image/webp' });
    expect(answer.status).toBe(401);
  });
});
