/** Makes pictures small. */
export interface Thumbnailer {
  /** A small WebP of the picture; undefined when it cannot be read here, so that the picture itself has to do. */
  make(picture: Uint8Array): Promise<Uint8Array | undefined>;
}
