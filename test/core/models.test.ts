import { describe, expect, it } from 'vitest';
import { defaultCount, isImageModel, listPrice } from '../../src/core/models.ts';

const NONE: ReadonlySet<string> = new Set();

describe('isImageModel', () => {
  it.each([
    'qwen-image',
    'qwen-image-max',
    'qwen-image-9.9',
    'wan2.6-t2i',
    'wanx-v1',
    'wan9',
    'z-image-turbo',
  ])('%s is one', (model) => expect(isImageModel(model, NONE)).toBe(true));

  it.each(['', 'qwen-vl-max', 'qwen-turbo', 'my-qwen-image', 'z', 'flux-dev', 'QWEN-IMAGE'])(
    '%j is none',
    (model) => expect(isImageModel(model, NONE)).toBe(false),
  );

  it('is one that was added', () => {
    expect(isImageModel('flux-dev', new Set(['flux-dev']))).toBe(true);
    expect(isImageModel('flux-dev-2', new Set(['flux-dev']))).toBe(false);
  });
});

describe('defaultCount', () => {
  it.each([
    ['qwen-image', 1],
    ['qwen-image-edit-max', 1],
    ['qwen-image-3.0-pro', 1],
    ['z-image-turbo', 1],
    ['wan2.2-t2i-flash', 4],
    ['wan2.5-t2i-preview', 4],
    ['wan2.6-t2i', 4],
    ['wan2.1-t2i-plus', undefined],
    ['wan2.7-image', undefined],
    ['wan2.6-image', undefined],
    ['wan2.5-i2i-preview', undefined],
    ['wanx2.1-t2i-plus', undefined],
    ['my-qwen-image', undefined],
  ])('%s: %s', (model, expected) => expect(defaultCount(model)).toBe(expected));
});

describe('listPrice', () => {
  it.each([
    ['qwen-image-max', 'cn', 1, { amount: 0.5, currency: 'CNY' }],
    ['qwen-image-max', 'simulator', 2, { amount: 1, currency: 'CNY' }],
    ['qwen-image-max', 'intl', 3, { amount: 0.225, currency: 'USD' }],
    ['qwen-image-2.0', 'us', 3, { amount: 0.105, currency: 'USD' }],
    ['qwen-image', 'intl', 1, undefined],
    ['z-image-turbo', 'cn', 1, undefined],
    ['nobody-knows', 'cn', 1, undefined],
    ['qwen-image-max', 'http://127.0.0.1:9000', 1, undefined],
  ])('%s at %s, %i pictures', (model, site, count, expected) => {
    expect(listPrice(model, site, count)).toEqual(expected);
  });
});
