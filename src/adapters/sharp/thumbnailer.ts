import type { Thumbnailer } from '../../ports/thumbnailer.ts';

/** Sharp on screens with two pixels to the point, at the width of the gallery's columns. */
const LONGEST_SIDE = 480;
const QUALITY = 78;
/** Larger images than any model draws are not unpacked. */
const MAX_PIXELS = 64_000_000;

type Sharp = typeof import('sharp').default;

/**
 * A thumbnailer on libvips. It is loaded when first needed: whoever never looks at the gallery does not pay its memory.
 * Where it could not be installed, nothing is made.
 */
export function sharpThumbnailer(): Thumbnailer {
  let loading: Promise<Sharp | undefined> | undefined;
  return {
    make: async (image) => {
      loading ??= load();
      const sharp = await loading;
      if (sharp === undefined) return undefined;
      try {
        return await sharp(image, { limitInputPixels: MAX_PIXELS, sequentialRead: true })
          .autoOrient()
          .resize(LONGEST_SIDE, LONGEST_SIDE, { fit: 'inside', withoutEnlargement: true })
          .webp({ quality: QUALITY })
          .toBuffer();
      } catch {
        return undefined;
      }
    },
  };
}

async function load(): Promise<Sharp | undefined> {
  try {
    const { default: sharp } = await import('sharp');
    // Hits keep the other cores, and nothing is kept between images that are looked at once.
    sharp.concurrency(1);
    sharp.cache(false);
    return sharp;
  } catch {
    return undefined;
  }
}
