import { expect, it } from 'vitest';
import { formatTaskTime, parseListTime } from '../../../src/core/dashscope/task-time.ts';

it('times of tasks are written in UTC+8, to the millisecond', () => {
  expect(formatTaskTime(Date.UTC(2026, 8, 21, 2, 0, 16, 7))).toBe('2026-09-21 10:00:16.007');
  expect(formatTaskTime(Date.UTC(2026, 11, 31, 16))).toBe('2027-01-01 00:00:00.000');
});

it('filters of the list are read in UTC+8', () => {
  expect(parseListTime('20260921100016')).toBe(Date.UTC(2026, 8, 21, 2, 0, 16));
  expect(parseListTime('20270101000000')).toBe(Date.UTC(2026, 11, 31, 16));
});

const wrong = ['20261321100016', '20260021100016', '20260230100016', '20260921240000', '20260921106000'];
it.each([
  ...wrong,
  ...['', '2026', '2026-09-21 10:00:16', '202609211000160', '2026092110001x', '00000101000000'],
])('%j is no time', (text) => {
  expect(parseListTime(text)).toBeUndefined();
});
