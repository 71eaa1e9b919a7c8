import { describe, expect, it } from 'vitest';
import { isAppError } from '../src/core/errors.ts';
import { SETTINGS } from '../src/settings.ts';

const NAMES = Object.keys(SETTINGS).filter((name): name is keyof typeof SETTINGS => name in SETTINGS);

function messageOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (isAppError(error, 'config')) return error.message;
    throw error;
  }
  return 'no error';
}

describe('a setting', () => {
  it.each(NAMES)('%s can read its own default', (name) => {
    const { fallback, parse } = SETTINGS[name];
    if (fallback !== undefined) expect(() => parse(fallback)).not.toThrow();
  });
});

describe('URLs', () => {
  it.each([
    ['https://dashscope.aliyuncs.com', 'https://dashscope.aliyuncs.com'],
    ['https://dashscope.aliyuncs.com/', 'https://dashscope.aliyuncs.com'],
    ['https://dashscope.aliyuncs.com/api/v1', 'https://dashscope.aliyuncs.com'],
    ['https://dashscope.aliyuncs.com/api/v1/', 'https://dashscope.aliyuncs.com'],
    ['http://127.0.0.1:8788/prefix/api/v1', 'http://127.0.0.1:8788/prefix'],
  ])('upstream %s is %s', (text, expected) => expect(SETTINGS.upstream.parse(text)).toBe(expected));

  it.each([
    '',
    'dashscope.aliyuncs.com',
    'ftp://a.example',
    'https://a.example/?x=1',
    'https://a.example/#x',
  ])('upstream %j is refused', (text) =>
    expect(messageOf(() => SETTINGS.upstream.parse(text))).toMatch(/^must be /),
  );

  it.each(['https://me:secret@a.example', 'https://me@a.example', 'https://:secret@a.example'])(
    '%s is refused for its credentials',
    (text) =>
      expect(messageOf(() => SETTINGS.publicUrl.parse(text))).toContain('without query or credentials'),
  );
});

describe('DASHCACHE_TOKENS', () => {
  const [one, two] = ['0123456789abcdef', 'fedcba9876543210'];

  it('gives the name of each token', () => {
    expect(SETTINGS.tokens.parse(` ann:${one}, bob:${two},`)).toEqual(
      new Map([
        [one, 'ann'],
        [two, 'bob'],
      ]),
    );
    expect(SETTINGS.tokens.parse(`ann:${one},ann:${two}`).size).toBe(2);
  });

  it.each([
    [`ann:${one},nonsense-${two}`, 'pair 2'],
    [`ann:${one.slice(1)}`, 'ann'],
    [`ann:${one},bob:${one}`, 'bob'],
    [`a b:${one}`, 'pair 1'],
  ])('%s is refused, and not repeated', (text, part) => {
    const message = messageOf(() => SETTINGS.tokens.parse(text));
    expect(message).toContain(part);
    expect(message).not.toContain(one.slice(1));
    expect(message).not.toContain(two);
  });
});

describe('choices and numbers', () => {
  it.each([
    ['reuse', 'reuse'],
    ['fresh', 'fresh'],
    ['takes:1', { takes: 1 }],
    ['takes:1000', { takes: 1000 }],
  ])('DASHCACHE_SEEDLESS %s', (text, expected) => expect(SETTINGS.seedless.parse(text)).toEqual(expected));

  it.each(['', 'takes', 'takes:', 'takes:0', 'takes:1001', 'takes:-1', 'Reuse'])(
    'DASHCACHE_SEEDLESS %j is refused',
    (text) => expect(messageOf(() => SETTINGS.seedless.parse(text))).toContain('takes:N'),
  );

  it.each(['', '-1', '65536', '80.5', '8e3', 'http'])('PORT %j is refused', (text) =>
    expect(messageOf(() => SETTINGS.port.parse(text))).toContain('from 0 to 65535'),
  );

  it('DASHCACHE_PASSTHROUGH is all, none or prefixes', () => {
    const { parse } = SETTINGS.passthrough;
    expect([parse('all'), parse('none'), parse('/api/v1/files, /compatible-mode')]).toEqual([
      'all',
      [],
      ['/api/v1/files', '/compatible-mode'],
    ]);
    expect(messageOf(() => parse('api/v1'))).toContain('api/v1');
  });

  it('DASHCACHE_CONCURRENCY is one number or one per model', () => {
    const { parse } = SETTINGS.concurrency;
    expect(parse('16')('any')).toBe(16);
    const limits = parse('qwen-image-max=2, *=8');
    expect([limits('qwen-image-max'), limits('wan2.6-t2i')]).toEqual([2, 8]);
    expect(messageOf(() => parse('qwen-image-max=2'))).toContain('*=N');
    for (const text of ['0', '-1', 'x', 'a=b', '1.5', '*=0']) {
      expect(messageOf(() => parse(text))).toMatch(/^must be N or model=N/);
    }
  });

  it('DASHCACHE_PRICES is one price per model, or per model and site', () => {
    const { parse } = SETTINGS.prices;
    expect(parse('qwen-image-max=0.4 CNY, wan2.6-t2i@http://127.0.0.1:9=0.03 USD,')).toEqual(
      new Map([
        ['qwen-image-max', { amount: 0.4, currency: 'CNY' }],
        ['wan2.6-t2i@http://127.0.0.1:9', { amount: 0.03, currency: 'USD' }],
      ]),
    );
    expect(parse('qwen-image-max=0 CNY,qwen-image-max@intl=1 USD').size).toBe(2);
    expect(parse('').size).toBe(0);
  });

  it.each([
    'qwen-image-max',
    'qwen-image-max=',
    'qwen-image-max=0.4',
    'qwen-image-max=0.4CNY',
    'qwen-image-max=0.4 EUR',
    'qwen-image-max=0.4 cny',
    'qwen-image-max=-1 CNY',
    'qwen-image-max=.4 CNY',
    'qwen-image-max=1e3 CNY',
    'qwen-image-max=0.0000001 CNY',
    '=0.4 CNY',
    '@intl=0.4 CNY',
    'qwen-image-max@=0.4 CNY',
    'a@b@c=0.4 CNY',
  ])('DASHCACHE_PRICES %j is refused by name', (item) => {
    expect(messageOf(() => SETTINGS.prices.parse(`wan2.6-t2i=1 CNY,${item}`))).toBe(
      `must be model=AMOUNT CNY or USD, or model@site=…; ${item} is not`,
    );
  });

  it('DASHCACHE_PRICES has one price for one thing', () => {
    const twice = 'qwen-image-max=1 CNY,qwen-image-max=2 CNY';
    expect(messageOf(() => SETTINGS.prices.parse(twice))).toContain('qwen-image-max is there twice');
  });

  it('DASHCACHE_MODELS is a list of ids', () => {
    expect(SETTINGS.models.parse(' flux-dev,,my-model ')).toEqual(new Set(['flux-dev', 'my-model']));
    expect(SETTINGS.models.parse('').size).toBe(0);
  });
});
