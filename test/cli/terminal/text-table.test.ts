import { expect, it } from 'vitest';
import { formatTable } from '../../../src/cli/terminal/text-table.ts';

it('aligns words to the left and figures to the right', () => {
  expect(
    formatTable(
      ['model', 'n'],
      [
        ['a', '10'],
        ['longer', '7'],
      ],
    ),
  ).toBe(['model    n', '------  --', 'a       10', 'longer   7'].join('\n'));
});

it('aligns by what a terminal shows: wide characters take two columns, marks none', () => {
  const rows = [
    ['雪山', 'x'],
    ['e\u0301cole', 'x'],
    ['👩‍🚀', 'x'],
  ];
  expect(formatTable(['a', 'b'], rows, { wordColumns: 2 }).split('\n')).toEqual([
    'a      b',
    '-----  -',
    '雪山   x',
    'e\u0301cole  x',
    '👩‍🚀     x',
  ]);
});

it('shows what would be obeyed, and measures it as it is shown', () => {
  const rows = [
    ['a\x1b[2J', 'x'],
    ['\u202eb\n', 'x'],
  ];
  expect(formatTable(['a', 'b'], rows, { wordColumns: 2 }).split('\n').slice(2)).toEqual([
    'a\\u{1b}[2J   x',
    '\\u{202e}b\\n  x',
  ]);
});

it('cuts the last column to the line, between whole characters, and never to nothing', () => {
  const cut = (text: string, lineWidth: number) =>
    formatTable(['key', 'prompt'], [['k1', text]], { wordColumns: 2, lineWidth }).split('\n')[2];
  expect(cut('x'.repeat(25), 30)).toBe(`k1   ${'x'.repeat(25)}`);
  expect(cut('x'.repeat(26), 30)).toBe(`k1   ${'x'.repeat(24)}…`);
  expect(cut('雪'.repeat(13), 30)).toBe(`k1   ${'雪'.repeat(12)}…`);
  expect(cut('x'.repeat(26), 4)).toBe(`k1   ${'x'.repeat(19)}…`);
});

it('takes as many rows as there are', () => {
  const rows = Array.from({ length: 200_000 }, () => ['x']);
  expect(formatTable(['a'], rows).split('\n')).toHaveLength(200_002);
});
