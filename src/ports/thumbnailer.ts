/** Makes images small. */
export interface Thumbnailer {
  /** A small WebP of the image; undefined when it cannot be read here, so that the image itself has to do. */
  make(image: Uint8Array): Promise<Uint8Array | undefined>;
}
