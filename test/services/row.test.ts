import { describe, expect, it } from 'vitest';
import {
  first,
  integer,
  optionalInteger,
  optionalReal,
  optionalText,
  real,
  text,
} from '../../src/services/row.ts';

const row = { word: 'cat', whole: 3, part: 0.5, none: null, huge: 2 ** 53 };

describe('a row', () => {
  it('gives the value of a column as the type asked for', () => {
    expect([text(row, 'word'), integer(row, 'whole'), real(row, 'part'), real(row, 'whole')]).toEqual([
      'cat',
      3,
      0.5,
      3,
    ]);
    expect([optionalText(row, 'word'), optionalInteger(row, 'whole'), optionalReal(row, 'part')]).toEqual([
      'cat',
      3,
      0.5,
    ]);
  });

  it('gives undefined for NULL where that may be', () => {
    for (const read of [optionalText, optionalInteger, optionalReal])
      expect(read(row, 'none')).toBeUndefined();
  });

  it.each([
    [text, 'whole'],
    [text, 'none'],
    [text, 'missing'],
    [integer, 'word'],
    [integer, 'part'],
    [integer, 'huge'],
    [integer, 'none'],
    [integer, 'missing'],
    [real, 'word'],
    [real, 'none'],
    [optionalText, 'missing'],
    [optionalInteger, 'part'],
    [optionalReal, 'missing'],
  ])('names the column that holds something else: %o of %s', (read, column) => {
    expect(() => read(row, column)).toThrow(
      expect.objectContaining({ code: 'storage_failed', message: expect.stringContaining(column) }),
    );
  });

  it('is there when one is due', () => {
    expect(first([row])).toBe(row);
    for (const rows of [[], undefined]) {
      expect(() => first(rows)).toThrow(expect.objectContaining({ code: 'storage_failed' }));
    }
  });
});
