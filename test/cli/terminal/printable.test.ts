import { expect, it } from 'vitest';
import { printable, printableJson } from '../../../src/cli/terminal/printable.ts';

it.each([
  ['plain, 雪山 école 👩‍🚀 می‌خواهم', 'plain, 雪山 école 👩‍🚀 می‌خواهم'],
  ['a\x1b[31m\x07\x7f', 'a\\u{1b}[31m\\u{7}\\u{7f}'],
  ['\u009b2J', '\\u{9b}2J'],
  ['\r\n\t', '\\r\\n\\t'],
  ['\u202ea\u2069\u200f\u061c', '\\u{202e}a\\u{2069}\\u{200f}\\u{61c}'],
  ['\u2028\u2029', '\\u{2028}\\u{2029}'],
  ['\u{e0041}\ud800', '\\u{e0041}\\u{d800}'],
])('%j is shown as text', (text, shown) => {
  expect(printable(text)).toBe(shown);
  const json = printableJson({ text });
  expect(JSON.parse(json)).toEqual({ text });
  expect(json).not.toMatch(/[^\P{C}\u200c\u200d]|[\u2028\u2029]/u);
});
