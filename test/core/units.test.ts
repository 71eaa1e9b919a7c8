import { describe, expect, it } from 'vitest';
import { parseBytes, parseDuration } from '../../src/core/units.ts';

describe('parseBytes', () => {
  it.each([
    ['0', 0],
    ['1048576', 1_048_576],
    ['12B', 12],
    ['64MiB', 67_108_864],
    ['64 MiB', 67_108_864],
    ['2gib', 2_147_483_648],
    ['1KiB', 1024],
    ['1TiB', 2 ** 40],
    ['2KB', 2000],
    ['2MB', 2_000_000],
    ['2GB', 2_000_000_000],
    ['1TB', 1e12],
    ['1.5KiB', 1536],
  ])('%s is %i', (text, expected) => expect(parseBytes(text)).toBe(expected));

  it.each([
    '',
    ' ',
    '-1',
    '1e6',
    'MiB',
    '1 2',
    '64M',
    '64  MiB',
    '64MiB ',
    '0x10',
    '99999999TiB',
    'Infinity',
    '1,5KB',
  ])('refuses %j', (text) => expect(() => parseBytes(text)).toThrow('must be a number of bytes'));
});

describe('parseDuration', () => {
  it.each([
    ['500ms', 500],
    ['30s', 30_000],
    ['5m', 300_000],
    ['24h', 86_400_000],
    ['30d', 2_592_000_000],
    ['1.5 h', 5_400_000],
    ['0s', 0],
  ])('%s is %i', (text, expected) => expect(parseDuration(text)).toBe(expected));

  it.each(['', '30', '-1s', '1w', '1y', 's', '1e3s', '30 seconds'])('refuses %j', (text) =>
    expect(() => parseDuration(text)).toThrow('must be a time'),
  );
});
