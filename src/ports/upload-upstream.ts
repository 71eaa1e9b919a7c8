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

/** The name that the vendor gave a file, good for 48 hours with the key's account, or its refusal to take one. */
export type UploadAnswer =
  | { readonly kind: 'stored'; readonly url: string }
  | { readonly kind: 'refused'; readonly answer: UpstreamAnswer };

/** The vendor's temporary uploads. */
export interface UploadUpstream {
  /** Stores a file. Rejects with `TransportError`, with `AppError` `upstream_invalid`, or with the signal's reason. */
  upload(file: UploadFile, apiKey: string, signal: AbortSignal): Promise<UploadAnswer>;
}
