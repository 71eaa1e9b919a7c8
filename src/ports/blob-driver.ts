import type { ByteRange } from '../core/bytes/range.ts';

/**
 * Bytes under their SHA-256, with one technology each (files, S3, R2, memory).
 *
 * Obligations of every driver:
 * - An object is never seen half-written: it appears under its digest whole, or not at all.
 * - Once `commit` resolves, the bytes survive a crash of the process and of the machine.
 * - Committing a digest that is already there is no error and leaves correct bytes under it.
 * - A full disk is an `AppError` with code `storage_full`; any other failure is `storage_failed`.
 * - `digest` is always 64 lower-case hex digits; the caller guarantees it.
 */
export interface BlobDriver {
  /** True when the store itself proves bytes by their digest, so that nobody else has to. */
  readonly provesItself?: boolean;
  /** Opens a place for bytes whose digest is not known yet. */
  stage(): Promise<BlobStage>;
  /** The object, or the inclusive byte range of it; undefined when there is no such object. */
  read(digest: string, range?: ByteRange): Promise<BlobContent | undefined>;
  /** Size in bytes; undefined when there is no such object. Cheap: it is asked on hits. */
  size(digest: string): Promise<number | undefined>;
  /** Removes the object and frees its space; a missing one is no error. */
  delete(digest: string): Promise<void>;
  /** Takes the object out of sight, for `recover` to bring back; a missing one is no error. */
  discard(digest: string): Promise<void>;
  /** Brings back what was discarded; false when it is not there any more. */
  recover(digest: string): Promise<boolean>;
  /**
   * Deletes what was discarded before a time (milliseconds since the epoch), and of what is beyond so many bytes the
   * oldest; returns the bytes that are left.
   */
  pruneDiscarded(before: number, maxBytes: number): Promise<number>;
  /** Every committed object, in no particular order. */
  list(): AsyncIterable<{ readonly digest: string; readonly size: number; readonly modifiedAt: number }>;
  /** Removes what crashed writers left behind; returns how many. Call it when nothing is being staged. */
  sweepStages(): Promise<number>;
  /** Throws when the store cannot be written and read right now (readiness). */
  check(): Promise<void>;
}

export interface BlobContent {
  /** Size of the whole object in bytes, whatever range was asked. */
  readonly size: number;
  /** The bytes asked for: at once when they are few, else as a stream. */
  readonly body: Uint8Array | AsyncIterable<Uint8Array>;
}

/** Bytes on their way in. Exactly one of `commit` and `discard` ends it. */
export interface BlobStage {
  /** Appends; the chunk may be reused by the caller once the promise resolves. */
  write(chunk: Uint8Array): Promise<void>;
  /** Publishes what was written under its digest; refuses (`storage_failed`) when `size` is not what was written. */
  commit(digest: string, size: number): Promise<void>;
  /** Drops what was written. After `commit`, and when called again, it does nothing. */
  discard(): Promise<void>;
}
