/** Start of frame: baseline, extended and progressive (ITU T.81, table B.1), the ones that browsers decode. */
const FRAME_MARKERS: ReadonlySet<number> = new Set([0xc0, 0xc1, 0xc2]);
const START_OF_SCAN = 0xda;

/**
 * Width and height of a JPEG image, from the frame header that stands before the first scan. What lies between segments
 * is passed over, as decoders do.
 *
 * image-size reads these too, but at ten million bytes a second where there are no segments to jump over, which would let
 * one data URI hold everybody up for seconds.
 */
export function jpegSize(head: Uint8Array): { width: number; height: number } | undefined {
  const view = new DataView(head.buffer, head.byteOffset, head.length);
  // Behind the start of the image, which the signature has vouched for.
  let at = head.indexOf(0xff, 2);
  while (at !== -1 && at + 4 <= head.length) {
    const marker = view.getUint8(at + 1);
    if (marker === 0xff) {
      // Any number of these may stand before a marker (ITU T.81, B.1.1.2).
      at += 1;
      continue;
    }
    if (isBare(marker)) {
      at = head.indexOf(0xff, at + 2);
      continue;
    }
    if (marker === START_OF_SCAN) return undefined;
    if (FRAME_MARKERS.has(marker)) {
      // Marker, length and precision stand before the two sides.
      if (at + 9 > head.length) return undefined;
      return { height: view.getUint16(at + 5), width: view.getUint16(at + 7) };
    }
    at = head.indexOf(0xff, at + 2 + view.getUint16(at + 2));
  }
  return undefined;
}

/** Markers without a segment: stuffed zeros, TEM, restarts, start and end of the image. */
function isBare(marker: number): boolean {
  return marker === 0 || marker === 0x01 || (marker >= 0xd0 && marker <= 0xd9);
}
