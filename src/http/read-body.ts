import type { Context } from 'hono';
import { AppError } from '../core/errors.ts';
import { readAll } from '../core/read-all.ts';

/** The whole body; `body_too_large` beyond the bound, before it is read where its length is declared. */
export async function readBody(c: Context, maxBytes: number): Promise<Uint8Array> {
  const declared = c.req.header('content-length');
  if (declared !== undefined) {
    if (Number(declared) > maxBytes) throw tooLarge(maxBytes);
    return new Uint8Array(await c.req.arrayBuffer());
  }
  return await readAll(c.req.raw.body ?? [], maxBytes, () => tooLarge(maxBytes));
}

/** `unsupported_media_type` unless the body is declared to be JSON, not compressed (RFC 9110 section 8.4). */
export function requireJson(c: Context): void {
  const encoding = c.req.header('content-encoding') ?? 'identity';
  if (encoding.toLowerCase() !== 'identity') {
    throw new AppError('unsupported_media_type', `Content-Encoding must be absent, not ${encoding}.`, {
      field: 'Content-Encoding',
    });
  }
  const type = c.req.header('content-type');
  const essence = type?.split(';', 1)[0]?.trim().toLowerCase();
  if (essence === 'application/json') return;
  throw new AppError(
    'unsupported_media_type',
    `Content-Type must be application/json, not ${type ?? 'absent'}.`,
    {
      field: 'Content-Type',
    },
  );
}

function tooLarge(maxBytes: number): AppError {
  return new AppError(
    'body_too_large',
    `Payload Too Large: the body may have ${maxBytes} bytes (DASHCACHE_MAX_BODY).`,
  );
}
