import type { UpstreamAnswer } from './image-upstream.ts';

/** A file for the vendor's temporary storage. */
export interface UploadFile {
  /** The only model that may use it. */
  readonly model: string;
  /** The last part of its name. */
  readonly name: string;
  readonly mediaType: string;
  /** Bytes; exactly as many as `content` gives. */
  readonly size: number;
  readonly content: AsyncIterable<Uint8Array>;
}

/** What became of a file at the vendor. */
export type UploadAnswer =
  /** It has this name, good for 48 hours with the key's account. */
  | { readonly kind: 'stored'; readonly url: string }
  /** The vendor does not let this key upload it. */
  | { readonly kind: 'refused'; readonly answer: UpstreamAnswer }
  /** It was let, but the storage did not take it. */
  | { readonly kind: 'failed'; readonly status: number };

/** The vendor's temporary uploads. */
export interface UploadUpstream {
  /** Tries once to store a file. Rejects with `TransportError`, with `AppError` `upstream_invalid`, or with the signal's reason. */
  upload(file: UploadFile, apiKey: string, signal: AbortSignal): Promise<UploadAnswer>;
}
