import type { BlobMediaType } from '../core/entries/blob.ts';

export interface ImageInfo {
  readonly mediaType: BlobMediaType;
  /** In pixels. */
  readonly width: number;
  /** In pixels. */
  readonly height: number;
}

/** Reads an image's header. */
export interface ImageProbe {
  /** Media type and dimensions from the leading bytes; undefined when they are no image of a known format. Never throws. */
  probe(head: Uint8Array): ImageInfo | undefined;
}
