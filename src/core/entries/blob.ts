/** Media type → the file name extensions it goes by; the first is the one dashcache writes. */
const EXTENSIONS = {
  'image/png': ['png'],
  'image/jpeg': ['jpg', 'jpeg'],
  'image/webp': ['webp'],
  'image/gif': ['gif'],
  'image/bmp': ['bmp'],
  'image/tiff': ['tif', 'tiff'],
  'image/avif': ['avif'],
} as const satisfies Readonly<Record<string, readonly [string, ...string[]]>>;

/** The formats that are stored and served, decided by content. Never SVG or HTML: they run scripts. */
export type BlobMediaType = keyof typeof EXTENSIONS;

/** What is known of a stored blob without reading it. */
export interface BlobRecord {
  /** SHA-256 of the bytes, 64 lower-case hex digits: the blob's address. */
  readonly digest: string;
  /** Bytes. */
  readonly size: number;
  readonly mediaType: BlobMediaType;
  /** In pixels. */
  readonly width: number;
  /** In pixels. */
  readonly height: number;
  /** Epoch milliseconds of when it was first stored. */
  readonly createdAt: number;
}

/** True for a media type that blobs may have. */
export function isBlobMediaType(text: string): text is BlobMediaType {
  return Object.hasOwn(EXTENSIONS, text);
}

/** The extension that blob URLs of this type end in, without the dot. */
export function extensionOf(mediaType: BlobMediaType): string {
  return EXTENSIONS[mediaType][0];
}

/** True when a file of this type may carry this extension (no dot, lower case). */
export function allowsExtension(mediaType: BlobMediaType, extension: string): boolean {
  const extensions: readonly string[] = EXTENSIONS[mediaType];
  return extensions.includes(extension);
}

const DIGEST = /^[0-9a-f]{64}$/;

/** True for a blob's address: 64 lower-case hex digits. */
export function isDigest(text: string): boolean {
  return DIGEST.test(text);
}
