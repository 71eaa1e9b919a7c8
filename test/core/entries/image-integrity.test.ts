import { describe, expect, it } from 'vitest';
import { concatBytes } from '../../../src/core/bytes/concat-bytes.ts';
import type { BlobMediaType } from '../../../src/core/entries/blob.ts';
import { looksComplete, TAIL_BYTES } from '../../../src/core/entries/image-integrity.ts';
import { SAMPLE_IMAGES } from '../../support/data/sample-images.ts';

const judge = (mediaType: BlobMediaType, bytes: Uint8Array) =>
  looksComplete(mediaType, bytes.subarray(-TAIL_BYTES), bytes.length, bytes);

describe('looksComplete', () => {
  it.each(SAMPLE_IMAGES)('accepts a whole $mediaType', ({ mediaType, bytes }) => {
    expect(judge(mediaType, bytes)).toBe(true);
  });

  it.each(SAMPLE_IMAGES.filter(({ mediaType }) => /png|jpeg|gif|webp/.test(mediaType)))(
    'refuses a $mediaType that lacks its last byte, or more',
    ({ mediaType, bytes }) => {
      for (const length of [bytes.length - 1, bytes.length - 2, bytes.length >> 1, 6, 0]) {
        expect(judge(mediaType, bytes.subarray(0, length)), `${length} bytes`).toBe(false);
      }
    },
  );

  it.each(SAMPLE_IMAGES)('accepts padding behind a $mediaType', ({ mediaType, bytes }) => {
    expect(judge(mediaType, concatBytes([bytes, new Uint8Array(100)]))).toBe(true);
  });

  it('cannot see the end of the other formats, and lets them pass', () => {
    for (const mediaType of ['image/bmp', 'image/tiff', 'image/avif'] as const) {
      expect(judge(mediaType, new Uint8Array(3))).toBe(true);
    }
  });

  it('reads the RIFF size of a view where the view begins', () => {
    const webp =
      SAMPLE_IMAGES.find(({ mediaType }) => mediaType === 'image/webp')?.bytes ?? new Uint8Array(0);
    const view = concatBytes([new Uint8Array(5), webp]).subarray(5);
    expect(judge('image/webp', view)).toBe(true);
  });
});
