import { describe, expect, it } from 'vitest';
import { valuesOfForm } from '../../../src/core/dialects/form-values.ts';

describe('what a form says in words', () => {
  it.each([
    ['7', 7],
    ['-1', -1],
    ['0.5', 0.5],
    ['true', true],
    ['false', false],
    ['null', null],
    ['', null],
    ['1024x1024', '1024x1024'],
    ['007', '007'],
    ['12345678901234567890', '12345678901234567890'],
    ['[1]', '[1]'],
  ])('reads %j as %j', (text, value) => {
    expect(valuesOfForm(new Map([['field', text]]), [])).toEqual({ field: value });
  });

  it('leaves fields of text alone', () => {
    expect(valuesOfForm(new Map([['prompt', '7']]), ['prompt'])).toEqual({ prompt: '7' });
  });
});
