import type { Clock } from '../ports/clock.ts';
import { type Bytes, readUpTo, sha256, toHex, utf8 } from './bytes.ts';
import { findImageSize, looksLikeImage } from './image-header.ts';
import { invalidParameter, Refusal, refusalFor } from './refusal.ts';
import type { Size } from './size.ts';

const DOWNLOAD_TIMEOUT_MS = 10_000;

/** One reference picture as the model sees it. */
export interface Reference {
  /** SHA-256 of the bytes in hex; for a temporary upload, of its name. */
  readonly digest: string;
  /** Absent when the bytes are not at hand or their format is not understood. */
  readonly size: Size | undefined;
}

export interface ReferenceRules {
  readonly maxBytes: number;
  /** The request carried `X-DashScope-OssResourceResolve: enable`. */
  readonly resolveOss: boolean;
  readonly clock: Clock;
}

/** Fetches or decodes one reference; throws a Refusal when the vendor could not use it. */
export async function resolveReference(reference: string, rules: ReferenceRules): Promise<Reference> {
  if (reference.startsWith('oss://')) return resolveUpload(reference, rules);
  const bytes = reference.startsWith('data:')
    ? decodeDataUri(reference)
    : await download(reference, rules.maxBytes, rules.clock);
  if (bytes.byteLength > rules.maxBytes) throw tooLarge(rules.maxBytes);
  if (!looksLikeImage(bytes)) throw refusalFor('BadRequest.UnsupportedFileFormat');
  return { digest: toHex(await sha256(bytes)), size: findImageSize(bytes) };
}

async function resolveUpload(name: string, { resolveOss }: ReferenceRules): Promise<Reference> {
  if (!resolveOss || !/^oss:\/\/dashscope-instant\/[^/]/.test(name)) throw refusalFor('InvalidURL');
  return { digest: toHex(await sha256(utf8(name))), size: undefined };
}

function decodeDataUri(uri: string): Bytes {
  const match = /^data:image\/[\w.+-]+;base64,([A-Za-z0-9+/]+={0,2})$/.exec(uri);
  if (!match?.[1]) throw refusalFor('InvalidParameter.DataInspection');
  try {
    return Uint8Array.from(atob(match[1]), (character) => character.charCodeAt(0));
  } catch (cause) {
    throw causedBy(refusalFor('InvalidParameter.DataInspection'), cause);
  }
}

async function download(url: string, maxBytes: number, clock: Clock): Promise<Bytes> {
  if (!/^https?:\/\//.test(url) || !URL.canParse(url)) throw refusalFor('InvalidURL');
  const deadline = new AbortController();
  const answered = new AbortController();
  clock.sleep(DOWNLOAD_TIMEOUT_MS, answered.signal).then(
    () => deadline.abort(),
    () => {
      // The download ended first.
    },
  );
  try {
    const response = await fetch(url, { signal: deadline.signal });
    if (!response.ok) throw refusalFor('BadRequest.InputDownloadFailed');
    const bytes = await readUpTo(response.body, maxBytes);
    if (!bytes) throw tooLarge(maxBytes);
    return bytes;
  } catch (error) {
    throw error instanceof Refusal ? error : causedBy(refusalFor('BadRequest.InputDownloadFailed'), error);
  } finally {
    answered.abort();
  }
}

function tooLarge(maxBytes: number): Refusal {
  return invalidParameter(`The size of an image must not exceed ${maxBytes / 1024 / 1024}MB.`);
}

function causedBy(refusal: Refusal, cause: unknown): Refusal {
  refusal.cause = cause;
  return refusal;
}
