import { describe, expect, it } from 'vitest';
import { IMAGE_MODELS } from '../../../src/core/models/image-models.ts';
import { listPrice } from '../../../src/core/models/list-price.ts';
import { PRICE_SOURCES } from '../../../src/core/models/price.ts';
import { buildRecipe } from '../../../src/core/recipe/recipe.ts';

const NONE = new Map();

describe('listPrice', () => {
  it.each([
    ['qwen-image-max', 'cn', 1, { amount: 0.5, currency: 'CNY' }],
    ['qwen-image-max-2025-12-30', 'cn', 1, { amount: 0.5, currency: 'CNY' }],
    ['qwen-image-max', 'simulator', 2, { amount: 1, currency: 'CNY' }],
    ['qwen-image-max', 'intl', 3, { amount: 0.225, currency: 'USD' }],
    ['qwen-image-2.0', 'intl', 3, { amount: 0.105, currency: 'USD' }],
    ['qwen-image', 'intl', 1, undefined],
    ['qwen-image-3.0', 'cn', 1, undefined],
    ['nobody-knows', 'cn', 1, undefined],
    ['qwen-image-max-2027-01-01', 'cn', 1, undefined],
    ['qwen-image-max', 'http://127.0.0.1:9000', 1, undefined],
  ])('%s at %s, %i pictures', (model, site, count, expected) => {
    expect(listPrice({ model, site, count }, NONE)).toEqual(expected);
  });

  it.each(['us', 'hk', 'eu', 'jp'])('is not known at %s, whose prices no source gives', (site) => {
    expect(listPrice({ model: 'qwen-image-max', site, count: 1 }, NONE)).toBeUndefined();
  });
});

describe('a price that the request decides', () => {
  const model = 'z-image-turbo';
  const canonical = (parameters: Record<string, boolean | null>) =>
    buildRecipe({
      model,
      body: { model, input: { prompt: 'a bell' }, parameters },
      references: new Map(),
      dataInspection: undefined,
    }).canonical;

  it.each([
    ['cn', {}, 0.2, 'CNY'],
    ['cn', { prompt_extend: null }, 0.2, 'CNY'],
    ['cn', { prompt_extend: false }, 0.2, 'CNY'],
    ['cn', { prompt_extend: true }, 0.4, 'CNY'],
    ['intl', { prompt_extend: false }, 0.03, 'USD'],
    ['intl', { prompt_extend: true }, 0.06, 'USD'],
  ])('at %s with %j, two pictures', (site, parameters, amount, currency) => {
    expect(listPrice({ model, site, count: 2, canonical: canonical(parameters) }, NONE)).toEqual({
      amount,
      currency,
    });
  });

  it('is not known without the request', () => {
    expect(listPrice({ model, site: 'cn', count: 1 }, NONE)).toBeUndefined();
  });
});

describe('a price that the answer decides', () => {
  const price = (usage: unknown) =>
    listPrice(
      {
        model: 'qwen-image-3.0-pro',
        site: 'cn',
        count: 2,
        usage: usage === undefined ? undefined : JSON.stringify(usage),
      },
      NONE,
    )?.amount;

  it.each([
    [{ output_image_type: 'qima_output_1k', input_image_count: 0 }, 0.5],
    [{ output_image_type: 'qima_output_2k', input_image_count: 0 }, 1],
    [{ output_image_type: 'qima_output_1k', input_image_count: 3 }, 0.56],
    [{ output_image_type: 'qima_output_8k', input_image_count: 0 }, undefined],
    [{ output_image_type: 'constructor', input_image_count: 0 }, undefined],
    [{ output_image_type: 'qima_output_1k' }, undefined],
    [{ width: 1024, height: 1024, image_count: 2 }, undefined],
    [undefined, undefined],
  ])('%j', (usage, expected) => expect(price(usage)).toBe(expected));
});

describe('an override', () => {
  const overrides = new Map([
    ['qwen-image-max', { amount: 0.4, currency: 'CNY' }],
    ['qwen-image-max@intl', { amount: 0.06, currency: 'USD' }],
    ['z-image-turbo', { amount: 0, currency: 'CNY' }],
  ] as const);

  it.each([
    ['qwen-image-max', 'cn', { amount: 1.2, currency: 'CNY' }],
    ['qwen-image-max', 'http://127.0.0.1:9000', { amount: 1.2, currency: 'CNY' }],
    ['qwen-image-max', 'intl', { amount: 0.18, currency: 'USD' }],
    ['z-image-turbo', 'intl', { amount: 0, currency: 'CNY' }],
    ['qwen-image-max-2025-12-30', 'cn', { amount: 1.5, currency: 'CNY' }],
  ])('%s at %s, three pictures', (model, site, expected) => {
    expect(listPrice({ model, site, count: 3 }, overrides)).toEqual(expected);
  });
});

describe('the table', () => {
  const prices = IMAGE_MODELS.flatMap(({ ids: [id], prices = {} }) =>
    Object.values(prices).map((price) => ({ id, price })),
  );

  it.each(prices)('$id: more than nothing, from a source with a date', ({ price }) => {
    const { title, date } = PRICE_SOURCES[price.source];
    expect(title).not.toBe('');
    expect(date).toMatch(/^20\d\d-[01]\d-[0-3]\d$/);
    const { source: _, by: __, ...given } = price;
    const amounts = Object.values(given).flatMap((value) =>
      value instanceof Map ? [...value.values()] : [value],
    );
    expect(amounts.length).toBeGreaterThan(0);
    for (const amount of amounts) expect(amount).toBeGreaterThan(0);
  });

  it('has no source that gives no price', () => {
    expect(new Set(prices.map(({ price }) => price.source))).toEqual(new Set(Object.keys(PRICE_SOURCES)));
  });
});
