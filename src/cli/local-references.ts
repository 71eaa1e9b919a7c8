import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { sniffMediaType } from '../adapters/image-size/media-type.ts';
import { isJsonArray, type JsonValue } from '../core/json/json-value.ts';
import { EXIT } from './exit-codes.ts';
import { Failure } from './failure.ts';
import type { GivenRequest } from './request-argument.ts';

/** What is not a file's path: a URL, or plain base64, which the server explains. */
const NOT_LOCAL = /^(https?:\/\/|data:|oss:\/\/|[A-Za-z0-9+/_=\s-]{64,}$|$)/i;

/**
 * Replaces references to files on this machine (a path or a `file://` URL) in an `image.generate` request by data URIs.
 * Every other request stays unchanged.
 */
export async function inlineReferences(request: GivenRequest): Promise<GivenRequest> {
  const { reference_image: given } = request.body;
  const references = isJsonArray(given) ? given : [given ?? null];
  if (!references.some(isLocal)) return request;
  const inlined = await Promise.all(
    references.map(async (value) => (isLocal(value) ? await dataUri(value) : value)),
  );
  const body = { ...request.body, reference_image: inlined };
  return { body, text: JSON.stringify(body) };
}

function isLocal(value: JsonValue): value is string {
  return typeof value === 'string' && !NOT_LOCAL.test(value);
}

async function dataUri(path: string): Promise<string> {
  const bytes = await readImage(path);
  const mediaType = sniffMediaType(bytes);
  if (mediaType === undefined)
    throw new Failure(`reference_image: ${path} is not an image of a known format`, EXIT.usage);
  return `data:${mediaType};base64,${bytes.toString('base64')}`;
}

async function readImage(path: string): Promise<Buffer> {
  try {
    return await readFile(/^file:\/\//i.test(path) ? fileURLToPath(path) : path);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new Failure(`reference_image is no URL and cannot be read as a file: ${reason}`, EXIT.usage, {
      cause,
    });
  }
}
