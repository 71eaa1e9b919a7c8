import { describe, expect, it } from 'vitest';
import { EXCLUDED_PARAMETERS, EXCLUSIONS, isUnknownHeader } from '../../../src/core/recipe/exclusions.ts';
import { canonicalOf } from '../../support/data/recipes.ts';

describe('the exclusion list', () => {
  it('gives each name once, with a reason', () => {
    const names = EXCLUSIONS.map(({ part, name }) => `${part} ${name.toLowerCase()}`);
    expect(new Set(names).size).toBe(names.length);
    for (const { reason } of EXCLUSIONS) expect(reason).toMatch(/^[A-Z].{10,}\.$/);
  });

  it('is what the recipe leaves out', () => {
    const body = { model: 'wanx-v1', input: { prompt: 'a cat' } };
    expect(EXCLUDED_PARAMETERS.size).toBeGreaterThan(0);
    for (const name of EXCLUDED_PARAMETERS) {
      expect(canonicalOf({ ...body, parameters: { [name]: true } })).toBe(canonicalOf(body));
    }
  });

  it('holds nothing that the contract counts', () => {
    const counted = [
      'negative_prompt',
      'size',
      'seed',
      'style',
      'n',
      'prompt_extend',
      'watermark',
      'X-DashScope-DataInspection',
    ];
    const names = EXCLUSIONS.map(({ name }) => name.toLowerCase());
    for (const name of counted) expect(names).not.toContain(name.toLowerCase());
  });

  it('holds every header that the SDKs send with a picture’s request, save the one that is in the key', () => {
    const sent = [
      'x-dashscope-async',
      'x-dashscope-sse',
      'x-dashscope-ossresourceresolve',
      'x-dashscope-workspace',
      'x-dashscope-datainspection',
      'x-dashscope-source-config',
      'x-accel-buffering',
      'user-agent',
    ];
    expect(sent.filter(isUnknownHeader)).toEqual([]);
    expect(isUnknownHeader('x-dashscope-plugin')).toBe(true);
  });
});
