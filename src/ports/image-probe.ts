export interface ImageInfo {
  readonly mediaType: ImageMediaType;
  /** Pixels. */
  readonly width: number;
  /** Pixels. */
  readonly height: number;
}

/** The formats that are stored and served, decided by content. Never SVG or HTML: they run scripts. */
export type ImageMediaType =
  | 'image/png'
  | 'image/jpeg'
  | 'image/webp'
  | 'image/gif'
  | 'image/bmp'
  | 'image/tiff'
  | 'image/avif';

/** Reads an image's header. */
export interface ImageProbe {
  /** Media type and dimensions from the leading bytes; undefined when they are no image of a known format. Never throws. */
  probe(head: Uint8Array): ImageInfo | undefined;
}
