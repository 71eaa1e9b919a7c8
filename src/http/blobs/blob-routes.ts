import { type Context, Hono } from 'hono';
import { type ByteRange, parseRange } from '../../core/bytes/range.ts';
import { allowsExtension, type BlobRecord } from '../../core/entries/blob.ts';
import { AppError } from '../../core/errors.ts';
import type { BlobContent } from '../../ports/blob-driver.ts';
import type { BlobStore } from '../../services/blobs/blob-store.ts';
import { toBodyStream } from '../wire/body-stream.ts';
import { isNotModified, isRangeApplicable } from './preconditions.ts';

export interface BlobRoutesDeps {
  findBlob(digest: string): Promise<BlobRecord | undefined>;
  readonly blobs: Pick<BlobStore, 'read' | 'has'>;
  /** Called when a blob has a row but its bytes are gone or damaged; true when they are there again. */
  mend(digest: string): Promise<boolean>;
  /** Called when so many bytes go to a client. */
  onSent?(bytes: number): void;
  /** Called when the bytes fail midway: the connection must be broken off. */
  onCut?(c: Context): void;
}

const NAME = /^([0-9a-f]{64})(?:\.([a-z]+))?$/;

/** `GET` and `HEAD /blobs/{sha256}[.{ext}]`: the bytes of one image, to anybody who knows its address. */
export function blobRoutes(deps: BlobRoutesDeps): Hono {
  return new Hono().all('/blobs/:name', async (c) => {
    const { method, headers } = c.req.raw;
    if (method !== 'GET' && method !== 'HEAD') {
      throw new AppError('method_not_allowed', 'Blobs can only be read: use GET or HEAD.', {
        allow: 'GET, HEAD',
      });
    }
    const blob = await getBlob(deps, c.req.param('name'));
    const validators = { etag: `"${blob.digest}"`, modifiedAt: blob.createdAt };
    if (isNotModified(headers, validators))
      return new Response(null, { status: 304, headers: sharedHeaders(blob) });

    // A range is defined for GET only (RFC 9110 section 14.2).
    if (method === 'HEAD') {
      if (!(await isThere(deps, blob))) throw notFound();
      return new Response(null, { headers: wholeHeaders(blob) });
    }
    const rangeHeader = isRangeApplicable(headers, validators) ? c.req.header('range') : undefined;
    const range = rangeHeader === undefined ? 'ignore' : parseRange(rangeHeader, blob.size);
    if (range === 'unsatisfiable') return unsatisfiable(blob.size);
    if (range === 'ignore') {
      const body = await getBody(c, deps, blob);
      deps.onSent?.(blob.size);
      return new Response(body, { headers: wholeHeaders(blob) });
    }
    const body = await getBody(c, deps, blob, range);
    deps.onSent?.(range.end - range.start + 1);
    return new Response(body, {
      status: 206,
      headers: rangeHeaders(blob, range),
    });
  });
}

async function getBlob(deps: BlobRoutesDeps, name: string): Promise<BlobRecord> {
  const [, digest, extension] = NAME.exec(name) ?? [];
  const blob = digest === undefined ? undefined : await deps.findBlob(digest);
  if (blob === undefined || (extension !== undefined && !allowsExtension(blob.mediaType, extension)))
    throw notFound();
  return blob;
}

async function getBody(
  c: Context,
  deps: BlobRoutesDeps,
  blob: BlobRecord,
  range?: ByteRange,
): Promise<ReadableStream<Uint8Array> | Uint8Array<ArrayBuffer>> {
  const content =
    (await readWhole(deps, blob, range)) ??
    ((await deps.mend(blob.digest)) ? await readWhole(deps, blob, range) : undefined);
  if (content === undefined) throw notFound();
  return toBody(content.body, deps.onCut === undefined ? undefined : () => deps.onCut?.(c));
}

function toBody(
  body: Uint8Array | AsyncIterable<Uint8Array>,
  onFailure: (() => void) | undefined,
): ReadableStream<Uint8Array> | Uint8Array<ArrayBuffer> {
  if (!(body instanceof Uint8Array)) return toBodyStream(body, onFailure);
  return isUnshared(body) ? body : new Uint8Array(body);
}

/** `Response` does not take memory that threads share; no driver returns any, but the type allows it. */
function isUnshared(bytes: Uint8Array): bytes is Uint8Array<ArrayBuffer> {
  return bytes.buffer instanceof ArrayBuffer;
}

/** Undefined when the bytes are not all there. */
async function readWhole(
  { blobs }: BlobRoutesDeps,
  { digest, size }: BlobRecord,
  range: ByteRange | undefined,
): Promise<BlobContent | undefined> {
  // Of a file that was cut short there may be no such range to read.
  if (range !== undefined && !(await blobs.has(digest, size))) return undefined;
  const content = await blobs.read(digest, range);
  return content?.size === size ? content : undefined;
}

async function isThere({ blobs, mend }: BlobRoutesDeps, { digest, size }: BlobRecord): Promise<boolean> {
  return (await blobs.has(digest, size)) || (await mend(digest));
}

function notFound(): AppError {
  return new AppError('not_found', 'There is no such blob.');
}

function unsatisfiable(size: number): Response {
  return new Response(null, {
    status: 416,
    headers: {
      'Accept-Ranges': 'bytes',
      'Content-Range': `bytes */${size}`,
      'Access-Control-Allow-Origin': '*',
    },
  });
}

function wholeHeaders(blob: BlobRecord): Record<string, string> {
  return { ...sharedHeaders(blob), ...contentHeaders(blob), 'Content-Length': String(blob.size) };
}

function rangeHeaders(blob: BlobRecord, { start, end }: ByteRange): Record<string, string> {
  return {
    ...sharedHeaders(blob),
    ...contentHeaders(blob),
    'Content-Length': String(end - start + 1),
    'Content-Range': `bytes ${start}-${end}/${blob.size}`,
  };
}

/** In every answer about a blob that exists, 304 included. */
function sharedHeaders(blob: BlobRecord): Record<string, string> {
  return {
    ETag: `"${blob.digest}"`,
    'Last-Modified': new Date(blob.createdAt).toUTCString(),
    // The address is the content's hash: what is under it cannot change (RFC 8246).
    'Cache-Control': 'public, max-age=31536000, immutable',
    'Accept-Ranges': 'bytes',
    // The bytes were drawn for a stranger's prompt: a browser shall neither guess another type nor run anything in them.
    'X-Content-Type-Options': 'nosniff',
    'Content-Security-Policy': "default-src 'none'; sandbox",
    // The address is the capability, so any page that knows it may show and read the picture.
    'Cross-Origin-Resource-Policy': 'cross-origin',
    'Access-Control-Allow-Origin': '*',
  };
}

function contentHeaders(blob: BlobRecord): Record<string, string> {
  // The digest is of the whole representation, in answers with a part of it too (RFC 9530 section 3).
  return { 'Content-Type': blob.mediaType, 'Repr-Digest': `sha-256=:${hexToBase64(blob.digest)}:` };
}

function hexToBase64(hex: string): string {
  const codes = (hex.match(/../g) ?? []).map((digits) => Number.parseInt(digits, 16));
  return btoa(String.fromCharCode(...codes));
}
