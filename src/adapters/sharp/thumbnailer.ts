import type { Thumbnailer } from '../../ports/thumbnailer.ts';

/** Width in pixels: sharp on high-density screens at the width of the gallery's columns. */
const LONGEST_SIDE = 480;
const QUALITY = 78;
/** Images larger than any model draws are not unpacked. */
const MAX_PIXELS = 64_000_000;

type Sharp = typeof import('sharp').default;

/**
 * A thumbnailer on libvips. It is loaded when first needed, so that only users of the gallery pay its memory. Where it is
 * not installed, it makes nothing.
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
    // One core, so that hits keep the others; no cache, since each image is read once.
    sharp.concurrency(1);
    sharp.cache(false);
    return sharp;
  } catch {
    return undefined;
  }
}
