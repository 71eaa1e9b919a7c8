import { describe, expect, inject, it } from 'vitest';
import { parseAllowedHosts } from '../../src/adapters/fetch/public-host.ts';
import { createPublicFetcher } from '../../src/adapters/fetch/reference-fetcher.ts';
import { fetchTransport } from '../../src/adapters/fetch/transport.ts';

const origin = inject('origin');
const host = new URL(origin).host;
const open = (allow: string, timeoutMs = 20_000) =>
  createPublicFetcher({
    transport: fetchTransport,
    allowed: parseAllowedHosts(allow),
    maxBytes: 1000,
    timeoutMs,
  });

describe('fetching references from a Worker', () => {
  it.each([
    'http://127.0.0.1/a',
    'http://2130706433/a',
    'http://0x7f.1/a',
    'http://[::1]/a',
    'http://[::ffff:7f00:1]/a',
    'http://8.8.8.8/a',
    'http://localhost/a',
    'http://a.localhost./a',
    'http://localhost../a',
    'http://127.0.0.1../a',
    'http://router/a',
    'http://metadata.google.internal/a',
    'http://user:secret@example.com/a',
    'ftp://example.com/a',
    'nonsense',
  ])('refuses %s', async (url) => {
    const error: unknown = await open('')
      .fetch(url)
      .catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: 'reference_refused' });
    expect(String(error)).not.toContain('secret');
  });

  it('fetches what is allowed by name, with or without its port, and follows redirects', async () => {
    expect(await open(host).fetch(`${origin}/picture/1000`)).toHaveLength(1000);
    expect((await open('127.0.0.1').fetch(`${origin}/redirect`)).length).toBeGreaterThan(0);
  });

  it('is bounded in bytes and in time, and tells what the server says', async () => {
    const unavailable = { code: 'reference_unavailable' };
    await expect(open(host).fetch(`${origin}/picture/1001`)).rejects.toMatchObject(unavailable);
    await expect(open(host).fetch(`${origin}/missing`)).rejects.toThrow('404');
    await expect(open(host).fetch(`${origin}/reset`)).rejects.toMatchObject(unavailable);
    await expect(open(host, 1).fetch(`${origin}/hang`)).rejects.toThrow('longer than 1 ms');
  });

  it('takes no ranges of addresses in its list of exceptions', () => {
    expect(() => parseAllowedHosts('a.example, 10.0.0.0/8')).toThrow('10.0.0.0/8');
  });
});
