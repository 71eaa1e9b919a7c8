import { describe, expect, it } from 'vitest';
import { imageProbe } from '../../../src/adapters/image-size/image-probe.ts';
import { sharpThumbnailer } from '../../../src/adapters/sharp/thumbnailer.ts';
import { bmp, png } from '../../support/data/sample-images.ts';

const thumbnailer = sharpThumbnailer();

async function sizeOf(picture: Uint8Array) {
  const made = await thumbnailer.make(picture);
  return made === undefined ? undefined : imageProbe.probe(made);
}

describe('thumbnails by sharp', () => {
  it('are WebP, in the picture’s proportions', async () => {
    expect(await sizeOf(png(1600, 400))).toMatchObject({ mediaType: 'image/webp', width: 480, height: 120 });
    expect(await sizeOf(png(400, 1600))).toMatchObject({ mediaType: 'image/webp', width: 120, height: 480 });
  });

  it('are no larger than the picture', async () => {
    expect(await sizeOf(png(40, 30))).toMatchObject({ width: 40, height: 30 });
  });

  it.each([
    ['no picture', new TextEncoder().encode('<svg onload="x"/>')],
    ['nothing', new Uint8Array()],
    ['a picture that is cut off', png(300, 300).subarray(0, 2000)],
    ['a format that it does not read', bmp(20, 20)],
  ])('are none of %s', async (_, bytes) => {
    expect(await thumbnailer.make(bytes)).toBeUndefined();
  });

  it('are none of what would fill the memory', async () => {
    const header = png(1, 1).slice();
    // 60 000 by 60 000, as the header says it.
    header.set([0, 0, 0xea, 0x60, 0, 0, 0xea, 0x60], 16);
    expect(await thumbnailer.make(header)).toBeUndefined();
  });
});
