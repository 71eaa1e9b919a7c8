import { describe, expect, it } from 'vitest';
import { type Environment, parseConfig } from '../src/config.ts';
import { isAppError } from '../src/core/errors.ts';

const TOKEN = '0123456789abcdef';

function messageOf(env: Environment): string {
  try {
    parseConfig(env);
  } catch (error) {
    if (isAppError(error, 'config')) return error.message;
    throw error;
  }
  return 'no error';
}

describe('the defaults', () => {
  it('are those of one machine that nobody else can reach', () => {
    expect(parseConfig({})).toMatchObject({
      host: '127.0.0.1',
      port: 8787,
      data: './data',
      upstream: 'https://dashscope.aliyuncs.com',
      site: 'cn',
      auth: 'local',
      scope: 'client',
      passthrough: undefined,
      publicUrl: undefined,
      seedless: 'reuse',
      maxBytes: undefined,
      maxAge: undefined,
      maxBody: 64 * 1024 ** 2,
      maxImage: 32 * 1024 ** 2,
      maxUploads: 2 * 1024 ** 3,
      throttledAttempts: 4,
      failedAttempts: 3,
      retryBudget: 30_000,
      generationTimeout: 300_000,
      downloadTimeout: 30_000,
      drainTimeout: 300_000,
      rate: undefined,
    });
  });

  it('stand for what is empty', () => {
    const { referenceAllow, port } = parseConfig({ PORT: '', DASHCACHE_REFERENCE_ALLOW: '' });
    expect({ referenceAllow, port }).toEqual({ referenceAllow: '', port: 8787 });
  });

  it('leave alone what belongs to others', () => {
    expect(parseConfig({ PATH: '/bin', DASHSCOPE_API_KEY: 'sk-x', DASHCACHEX: '1' }).port).toBe(8787);
  });
});

describe('a site', () => {
  it('is that of the upstream, unless it is named', () => {
    expect(parseConfig({ DASHCACHE_UPSTREAM: 'http://127.0.0.1:9/api/v1' }).site).toBe('http://127.0.0.1:9');
    expect(parseConfig({ DASHCACHE_UPSTREAM: 'https://dashscope-intl.aliyuncs.com' }).site).toBe('intl');
    expect(parseConfig({ DASHCACHE_UPSTREAM: 'http://127.0.0.1:9', DASHCACHE_SITE: 'lab' }).site).toBe('lab');
  });
});

describe('a rate', () => {
  it('is per minute, unless it says per second, and may differ by model', () => {
    const { rate } = parseConfig({ DASHCACHE_RATE: 'qwen-image-max=2/s,wan2.5-t2i-preview=5/min,*=120' });
    expect(rate?.('qwen-image-max')).toEqual({ count: 2, windowMs: 1_000 });
    expect(rate?.('wan2.5-t2i-preview')).toEqual({ count: 5, windowMs: 60_000 });
    expect(rate?.('other')).toEqual({ count: 120, windowMs: 60_000 });
  });
});

describe('a price', () => {
  it.each(['qwen-imge-max=1 CNY', 'flux-dev=1 CNY', 'flux-dev@intl=1 USD'])(
    'is for an image model: %s',
    (DASHCACHE_PRICES) => {
      expect(messageOf({ DASHCACHE_PRICES })).toMatch(
        /^DASHCACHE_PRICES names (qwen-imge-max|flux-dev), which is no/,
      );
    },
  );

  it('may be one of a model that was added', () => {
    const env = { DASHCACHE_PRICES: 'flux-dev=1 CNY', DASHCACHE_MODELS: 'flux-dev' };
    expect(parseConfig(env).prices.get('flux-dev')).toEqual({ amount: 1, currency: 'CNY' });
  });
});

describe('who may ask', () => {
  it.each(['127.0.0.1', '127.8.9.1', 'localhost', '::1'])('on %s: local mode', (HOST) => {
    expect(parseConfig({ HOST }).auth).toBe('local');
  });

  it('elsewhere: passthrough', () => {
    expect(parseConfig({ HOST: '10.0.0.5' })).toMatchObject({ auth: 'passthrough', passthrough: undefined });
  });

  it.each(['10.0.0.5', '0.0.0.0', '::', 'cache.example', '127.0.0.1.evil.example', '::ffff:127.0.0.1'])(
    'local mode is refused on %s',
    (HOST) => {
      const message = messageOf({ HOST, DASHCACHE_AUTH: 'local', DASHCACHE_PUBLIC_URL: 'https://a.example' });
      expect(message).toContain(`HOST=${HOST}`);
      expect(message).toContain('DASHCACHE_AUTH');
    },
  );

  it('token mode needs tokens', () => {
    expect(messageOf({ DASHCACHE_AUTH: 'token' })).toContain('DASHCACHE_TOKENS');
    expect(messageOf({ DASHCACHE_AUTH: 'token', DASHCACHE_TOKENS: ' , ' })).toContain('DASHCACHE_TOKENS');
    const { tokens, passthrough } = parseConfig({
      DASHCACHE_AUTH: 'token',
      DASHCACHE_TOKENS: `ann:${TOKEN}`,
    });
    expect(tokens).toEqual(new Map([[TOKEN, 'ann']]));
    expect(passthrough).toEqual([]);
  });

  it('the admin token is no client’s', () => {
    const env = { DASHCACHE_AUTH: 'token', DASHCACHE_TOKENS: `ann:${TOKEN}` };
    expect(parseConfig({ ...env, DASHCACHE_ADMIN_TOKEN: `${TOKEN}0` }).adminToken).toBe(`${TOKEN}0`);
    const message = messageOf({ ...env, DASHCACHE_ADMIN_TOKEN: TOKEN });
    expect(message).toContain('DASHCACHE_ADMIN_TOKEN');
    expect(message).not.toContain(TOKEN);
  });

  it('token mode lets through what it is told to', () => {
    const env = { DASHCACHE_AUTH: 'token', DASHCACHE_TOKENS: `ann:${TOKEN}` };
    expect(parseConfig({ ...env, DASHCACHE_PASSTHROUGH: '/api/v1/files' }).passthrough).toEqual([
      '/api/v1/files',
    ]);
    expect(parseConfig({ ...env, DASHCACHE_PASSTHROUGH: 'all' }).passthrough).toBeUndefined();
  });
});

describe('a wildcard address', () => {
  it.each(['0.0.0.0', '::'])('%s needs a public URL', (HOST) => {
    expect(messageOf({ HOST })).toContain('DASHCACHE_PUBLIC_URL');
    const DASHCACHE_PUBLIC_URL = 'https://cache.example/';
    expect(parseConfig({ HOST, DASHCACHE_PUBLIC_URL }).publicUrl).toBe('https://cache.example');
  });
});

describe('an error', () => {
  it.each([
    ['PORT', '99999'],
    ['DASHCACHE_UPSTREAM', 'nowhere'],
    ['DASHCACHE_AUTH', 'none'],
    ['DASHCACHE_TOKENS', 'nonsense'],
    ['DASHCACHE_PASSTHROUGH', 'api'],
    ['DASHCACHE_SCOPE', 'mine'],
    ['DASHCACHE_PUBLIC_URL', 'nowhere'],
    ['DASHCACHE_ADMIN_TOKEN', 'short'],
    ['DASHCACHE_SEEDLESS', 'often'],
    ['DASHCACHE_PRICES', 'qwen-image-max=cheap'],
    ['DASHCACHE_MAX_BYTES', 'lots'],
    ['DASHCACHE_MAX_AGE', '30'],
    ['DASHCACHE_MAX_BODY', '-1'],
    ['DASHCACHE_MAX_IMAGE', '1 parsec'],
    ['DASHCACHE_CONCURRENCY', '0'],
    ['DASHCACHE_RATE', 'fast'],
    ['DASHCACHE_RATE', '0/s'],
    ['DASHCACHE_RATE', '2/h'],
    ['DASHCACHE_MAX_QUEUE', 'x'],
    ['DASHCACHE_QUEUE_TIMEOUT', '2'],
    ['DASHCACHE_ATTEMPTS_429', '0'],
    ['DASHCACHE_ATTEMPTS_5XX', '21'],
    ['DASHCACHE_RETRY_BUDGET', 'x'],
    ['DASHCACHE_GENERATION_TIMEOUT', 'x'],
    ['DASHCACHE_DOWNLOAD_TIMEOUT', 'x'],
    ['DASHCACHE_DRAIN_TIMEOUT', 'x'],
    ['DASHCACHE_MEMORY', 'x'],
    ['DASHCACHE_LOG_LEVEL', 'loud'],
    ['HOST', ' '],
    ['DASHCACHE_DATA', ' '],
    ['DASHCACHE_SITE', ' '],
  ])('names %s=%s', (name, value) => {
    expect(messageOf({ [name]: value })).toMatch(new RegExp(`^${name} must .+\\.$`));
  });

  it('shows the value at fault', () => {
    expect(messageOf({ PORT: '99999' })).toBe('PORT must be a whole number from 0 to 65535 (it is "99999").');
  });

  it('names every setting that does not exist', () => {
    const message = messageOf({ DASHCACHE_DATE: './data', DASHCACHE_X: '', DASHCACHE_DATA: './data' });
    expect(message).toContain('DASHCACHE_DATE, DASHCACHE_X');
  });

  it.each([
    { DASHCACHE_TOKENS: 'ann:hunter2' },
    { DASHCACHE_TOKENS: 'hunter2' },
    { DASHCACHE_ADMIN_TOKEN: 'hunter2' },
    { DASHCACHE_TOKENS: `ann:${TOKEN}hunter2,bob:${TOKEN}hunter2` },
    { DASHCACHE_UPSTREAM: 'https://me:hunter2@a.example' },
    { DASHCACHE_UPSTREAM: 'https://:hunter2@a.example' },
    { DASHCACHE_UPSTREAM: 'https://a.example/?key=hunter2' },
    { DASHCACHE_PUBLIC_URL: 'ftp://me:hunter2@a.example' },
    { DASHCACHE_PUBLIC_URL: 'https://a.example/#hunter2' },
  ])('does not repeat the secret in %j', (env) => {
    const message = messageOf(env);
    expect(message).toMatch(/^DASHCACHE_[A-Z_]+ must /);
    expect(message).not.toContain('hunter2');
  });
});
