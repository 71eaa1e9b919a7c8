/** Bytes of a box's header: size and type (ISO/IEC 14496-12, 4.2). */
const HEADER_BYTES = 8;
/** `meta` and `ispe` are full boxes: version and flags follow the header. */
const VERSION_BYTES = 4;

interface Box {
  readonly type: string;
  /** Its content, without the header. */
  readonly start: number;
  readonly end: number;
}

/**
 * Width and height of an AVIF image: the largest spatial extent (`ispe`) among its item properties, since the tiles of a
 * grid and the thumbnail have theirs too.
 *
 * image-size reads these boxes as well, but in time quadratic in their number, which a stranger may choose, takes a
 * denominator of `clap` for a number of pixels, and does not know `avis`.
 */
export function avifSize(head: Uint8Array): { width: number; height: number } | undefined {
  const view = new DataView(head.buffer, head.byteOffset, head.length);
  const meta = childOf(view, { start: 0, end: head.length }, 'meta');
  const properties = meta && childOf(view, { start: meta.start + VERSION_BYTES, end: meta.end }, 'iprp');
  const container = properties && childOf(view, properties, 'ipco');
  if (container === undefined) return undefined;

  let largest = { width: 0, height: 0 };
  for (const box of boxes(view, container)) {
    if (box.type !== 'ispe' || box.end - box.start < VERSION_BYTES + 8) continue;
    const width = view.getUint32(box.start + VERSION_BYTES);
    const height = view.getUint32(box.start + VERSION_BYTES + 4);
    if (width * height > largest.width * largest.height) largest = { width, height };
  }
  return largest;
}

function childOf(view: DataView, parent: Pick<Box, 'start' | 'end'>, type: string): Box | undefined {
  for (const box of boxes(view, parent)) if (box.type === type) return box;
  return undefined;
}

/** The boxes side by side in a parent, up to the first that is not there in full. */
function* boxes(view: DataView, parent: Pick<Box, 'start' | 'end'>): Generator<Box, void, undefined> {
  for (let offset = parent.start; offset + HEADER_BYTES <= parent.end; ) {
    const size = view.getUint32(offset);
    if (size < HEADER_BYTES || offset + size > parent.end) return;
    const code = [4, 5, 6, 7].map((index) => view.getUint8(offset + index));
    yield { type: String.fromCharCode(...code), start: offset + HEADER_BYTES, end: offset + size };
    offset += size;
  }
}
