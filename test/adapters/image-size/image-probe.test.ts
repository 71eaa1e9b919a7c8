import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { imageProbe } from '../../../src/adapters/image-size/image-probe.ts';
import { concatBytes } from '../../../src/core/bytes/concat-bytes.ts';
import {
  bmp,
  box,
  isoImage,
  jpeg,
  LOSSLESS_WEBP,
  png,
  SAMPLE_IMAGES,
} from '../../support/data/sample-images.ts';

const utf8 = (text: string) => new TextEncoder().encode(text);

describe('imageProbe', () => {
  it.each(SAMPLE_IMAGES)('reads $mediaType', ({ bytes, ...info }) => {
    expect(imageProbe.probe(bytes)).toEqual(info);
  });

  it('reads lossless WebP', () => {
    expect(imageProbe.probe(LOSSLESS_WEBP)).toEqual({ mediaType: 'image/webp', width: 1, height: 1 });
  });

  it('reads extended WebP', () => {
    const header = Uint8Array.of(0x10, 0, 0, 0, 0xff, 0x03, 0, 0xff, 0x02, 0);
    const bytes = concatBytes([utf8('RIFF\x20\0\0\0WEBPVP8X\x0a\0\0\0'), header, new Uint8Array(14)]);
    expect(imageProbe.probe(bytes)).toEqual({ mediaType: 'image/webp', width: 1024, height: 768 });
  });

  it('knows AVIF by any of its brands, and HEIC by none', () => {
    const brandLists = [
      ['avis', 'msf1'],
      ['mif1', 'avif'],
      ['mif1', 'miaf', 'MA1B', 'avif'],
    ];
    for (const brands of brandLists) {
      expect(imageProbe.probe(isoImage(brands, [16, 9]))).toEqual({
        mediaType: 'image/avif',
        width: 16,
        height: 9,
      });
    }
    expect(imageProbe.probe(isoImage(['heic', 'mif1'], [16, 9]))).toBeUndefined();
    expect(imageProbe.probe(isoImage(['mif1', 'heic'], [16, 9]))).toBeUndefined();
  });

  it('does not take the word avif behind the brands for one', () => {
    const bytes = concatBytes([box('ftyp', utf8('mp42\0\0\0\0isom')), utf8('avifavifavif')]);
    expect(imageProbe.probe(bytes)).toBeUndefined();
  });

  it('takes the largest extent of a tiled AVIF', () => {
    const tiled = isoImage(['avif'], [512, 512], [1500, 1000], [160, 90]);
    expect(imageProbe.probe(tiled)).toEqual({ mediaType: 'image/avif', width: 1500, height: 1000 });
  });

  it.each([
    ['nothing', ''],
    ['SVG', '<svg xmlns="http://www.w3.org/2000/svg" width="10" height="10"></svg>'],
    ['HTML', '<!DOCTYPE html><html></html>'],
    ['an error message', '{"code":"InvalidParameter"}'],
    ['an icon', '\0\0\x01\0\x01\0\x10\x10\0\0\x01\0\x20\0'],
    ['PSD', '8BPS\0\x01\0\0\0\0\0\0\0\x03\0\0\0\x10\0\0\0\x10'],
    ['text that begins like a bitmap', 'BMW makes cars, and this text is long enough to be a header.'],
  ])('finds no image in %s', (_, text) => {
    expect(imageProbe.probe(utf8(text))).toBeUndefined();
  });

  it('wants the whole PNG signature', () => {
    const bytes = png(2, 2);
    bytes[0] = 0x3c;
    expect(imageProbe.probe(bytes)).toBeUndefined();
  });

  it('refuses dimensions of zero and beyond 65535', () => {
    expect(imageProbe.probe(png(65_535, 1))?.width).toBe(65_535);
    expect(imageProbe.probe(png(65_536, 1))).toBeUndefined();
    expect(imageProbe.probe(jpeg(0, 10))).toBeUndefined();
    expect(imageProbe.probe(isoImage(['avif']))).toBeUndefined();
  });

  it('reads a bitmap whose rows go from top to bottom', () => {
    const bytes = bmp(9, 4);
    new DataView(bytes.buffer).setInt32(22, -4, true);
    expect(imageProbe.probe(bytes)).toEqual({ mediaType: 'image/bmp', width: 9, height: 4 });
  });

  it('does not complete a header from the memory behind it', () => {
    for (const { bytes, mediaType } of SAMPLE_IMAGES) {
      const roomy = concatBytes([bytes, new Uint8Array(100).fill(1)]);
      // Short of the dimensions in every format.
      expect(imageProbe.probe(roomy.subarray(0, 6)), mediaType).toBeUndefined();
    }
  });

  it('gives for any beginning of an image the image itself or nothing', () => {
    for (const { bytes, ...info } of SAMPLE_IMAGES) {
      for (let length = 0; length < Math.min(bytes.length, 400); length += 1) {
        expect([undefined, info]).toContainEqual(imageProbe.probe(bytes.subarray(0, length)));
      }
    }
  });

  it('never throws, and what it finds has sensible sides', () => {
    const sample = fc.constantFrom(...SAMPLE_IMAGES);
    const changes = fc.array(fc.tuple(fc.nat(300), fc.nat(255)), { maxLength: 20 });
    fc.assert(
      fc.property(sample, changes, fc.nat(400), ({ bytes }, edits, length) => {
        const damaged = bytes.slice(0, length);
        for (const [at, value] of edits) if (at < damaged.length) damaged[at] = value;
        const info = imageProbe.probe(damaged);
        for (const side of info === undefined ? [] : [info.width, info.height]) {
          expect(Number.isInteger(side) && side > 0 && side <= 65_535).toBe(true);
        }
      }),
      { numRuns: 1000 },
    );
  });

  it('finds the frame of a JPEG behind fill bytes, stray bytes, markers without a segment and a million empty segments', () => {
    const image = jpeg(320, 200);
    const start = Uint8Array.of(0xff, 0xd8, 0xff, 0xe1, 0, 2);
    const rest = image.subarray(2);
    const empty = new Uint8Array(4_000_000);
    for (let at = 0; at < empty.length; at += 4) empty.set([0xff, 0xe1, 0, 2], at);
    const between = [
      new Uint8Array(9).fill(0xff),
      Uint8Array.of(1, 2, 0xc0, 0),
      Uint8Array.of(0xff, 0xd0),
      empty,
    ];
    for (const part of between) {
      const info = imageProbe.probe(concatBytes([start, part, rest]));
      expect(info).toEqual({ mediaType: 'image/jpeg', width: 320, height: 200 });
    }
  });

  it('finds no JPEG where a scan or nothing comes before the frame', () => {
    const scan = Uint8Array.of(0xff, 0xd8, 0xff, 0xda, 0, 2);
    expect(imageProbe.probe(concatBytes([scan, jpeg(8, 8).subarray(2)]))).toBeUndefined();
    for (const filler of [0, 0xff]) {
      const bytes = concatBytes([jpeg(8, 8).subarray(0, 3), new Uint8Array(1_000_000).fill(filler)]);
      expect(imageProbe.probe(bytes)).toBeUndefined();
    }
  });

  it('survives boxes that claim to be empty, endless or one inside the other', () => {
    const many = Array.from({ length: 20_000 }, () => box('ispe', new Uint8Array(12)));
    expect(
      imageProbe.probe(concatBytes([box('ftyp', utf8('avif\0\0\0\0')), box('meta', ...many)])),
    ).toBeUndefined();
    const zeros = concatBytes([box('ftyp', utf8('avif\0\0\0\0')), new Uint8Array(500_000)]);
    expect(imageProbe.probe(zeros)).toBeUndefined();
    const endless = concatBytes([box('ftyp', utf8('avif\0\0\0\0')), new Uint8Array(64).fill(0xff)]);
    expect(imageProbe.probe(endless)).toBeUndefined();
  });
});
