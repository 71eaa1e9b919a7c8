import { describe, expect, it } from 'vitest';
import { allowsExtension, extensionOf, isDigest } from '../../../src/core/entries/blob.ts';

describe('blob names', () => {
  it('a digest is 64 lower-case hex digits and nothing else', () => {
    expect(isDigest('0123456789abcdef'.repeat(4))).toBe(true);
    for (const text of [
      '',
      'a'.repeat(63),
      'a'.repeat(65),
      'A'.repeat(64),
      'g'.repeat(64),
      `${'a'.repeat(64)}\n`,
    ]) {
      expect(isDigest(text)).toBe(false);
    }
  });

  it('every type has the extension it is written with, and its aliases', () => {
    expect(extensionOf('image/jpeg')).toBe('jpg');
    expect(extensionOf('image/tiff')).toBe('tif');
    expect(allowsExtension('image/jpeg', 'jpg')).toBe(true);
    expect(allowsExtension('image/jpeg', 'jpeg')).toBe(true);
    expect(allowsExtension('image/tiff', 'tiff')).toBe(true);
    expect(allowsExtension('image/png', 'png')).toBe(true);
    expect(allowsExtension('image/png', 'jpg')).toBe(false);
    expect(allowsExtension('image/png', 'constructor')).toBe(false);
  });
});
