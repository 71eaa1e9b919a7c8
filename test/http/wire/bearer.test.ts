import { Hono } from 'hono';
import { describe, expect, it } from 'vitest';
import { bearerOf } from '../../../src/http/wire/bearer.ts';

async function read(authorization: string): Promise<string> {
  const app = new Hono().get('/', (c) => c.text(bearerOf(c) ?? 'none')).onError((_, c) => c.text('refused'));
  return await (await app.request('/', { headers: { authorization } })).text();
}

describe('a bearer', () => {
  it('is a credential of any usual length', async () => {
    const key = 'k'.repeat(1000);
    expect(await read(`bearer ${key}`)).toBe(key);
  });

  it.each([`Bearer ${'k'.repeat(30_000)}`, `Bearer ${' '.repeat(30_000)}key`])(
    'is refused in a header as long as no key is: each one seen is remembered',
    async (header) => {
      expect(await read(header)).toBe('refused');
    },
  );
});
