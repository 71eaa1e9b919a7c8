import { describe, expect, it } from 'vitest';
import { facet, searchPhrases, searchWords } from '../../../src/core/entries/search-text.ts';

describe('searchWords', () => {
  it.each([
    ['a red fox', 'a red fox'],
    ['红狐fox', ' 红  狐 fox'],
    ['ネコ', ' ネ  コ '],
    ['fox🦊', 'fox 🦊 '],
    ['ＦＯＸ４Ｋ', 'FOX4K'],
    ['𠀀', ' 𠀀 '],
    ['say "hi"\0', 'say  hi  '],
    ['＂', ' '],
  ])('%s', (text, words) => expect(searchWords(text)).toBe(words));

  it('is bounded', () => expect(searchWords('x'.repeat(1e6))).toHaveLength(20_000));
});

describe('searchPhrases', () => {
  it.each([
    ['red fox', ['"red"', '"fox"']],
    ['"red fox" 4k', ['"red fox"', '"4k"']],
    ['"red fox', ['"red fox"']],
    ['红狐', ['"红  狐"']],
    ['fo*', ['"fo*" *']],
    ['"fo*"', ['"fo*"']],
    ['f*', ['"f*"']],
    ['fox, - !', ['"fox,"']],
    ['!?', []],
    ['', []],
    ['"', []],
    ['a＂b', ['"a b"']],
  ])('%s', (typed, phrases) => expect(searchPhrases(typed)).toEqual(phrases));
});

it('a facet is one word, whatever it holds, and another for another value', () => {
  expect(facet('model', 'qwen-image')).toBe('model7177656e2d696d616765');
  expect(facet('tag', '海报 "a"')).toMatch(/^tag[0-9a-f]+$/);
  expect(facet('tag', 'a')).not.toBe(facet('tag', 'A'));
});
