import type { Bytes } from '../util/bytes.ts';
import { utf8 } from '../util/bytes.ts';

/** The pair at the heart of an OSS error, with its HTTP status. */
export interface OssError {
  readonly status: number;
  readonly code: string;
  readonly message: string;
  /** Further elements, in order. */
  readonly details?: Readonly<Record<string, string>>;
}

/** OSS's own request ids are 24 hex digits. */
export function ossRequestIdOf(requestId: string): string {
  return requestId.replaceAll('-', '').slice(0, 24).toUpperCase();
}

/** OSS's XML error body. */
export function ossErrorAnswer(error: OssError, requestId: string, host: string): Response {
  const elements = {
    Code: error.code,
    Message: error.message,
    RequestId: requestId,
    HostId: host,
    ...error.details,
  };
  const lines = Object.entries(elements).map(([name, text]) => `  <${name}>${escapeXml(text)}</${name}>`);
  const xml = ['<?xml version="1.0" encoding="UTF-8"?>', '<Error>', ...lines, '</Error>', ''].join('\n');
  const body = utf8(xml);
  return new Response(body, {
    status: error.status,
    headers: {
      Server: 'AliyunOSS',
      'Content-Type': 'application/xml',
      'Content-Length': String(body.byteLength),
      'x-oss-request-id': requestId,
    },
  });
}

/** The errors that a scripted fault on an image can name by status alone. */
export function ossErrorWithStatus(status: number): OssError {
  if (status === 404) return { status, code: 'NoSuchKey', message: 'The specified key does not exist.' };
  if (status === 403) return { status, code: 'AccessDenied', message: 'Request has expired.' };
  if (status === 503) {
    return { status, code: 'ServiceUnavailable', message: 'Please reduce your request rate.' };
  }
  return {
    status,
    code: 'InternalError',
    message: 'We encountered an internal error. Please try again.',
  };
}

export interface OssObject {
  readonly file: Bytes;
  readonly etag: string;
  readonly modifiedAt: number;
}

/** OSS's answer to a download, whole or one range of it. A range it cannot serve is ignored, as OSS does by default. */
export function ossObjectAnswer(object: OssObject, range: string | undefined, requestId: string): Response {
  const { file, etag, modifiedAt } = object;
  const [start, end] = findRange(range, file.byteLength) ?? [0, file.byteLength];
  const partial = end - start < file.byteLength;
  return new Response(file.subarray(start, end), {
    status: partial ? 206 : 200,
    headers: {
      Server: 'AliyunOSS',
      'Content-Type': 'image/png',
      'Content-Length': String(end - start),
      ...(partial ? { 'Content-Range': `bytes ${start}-${end - 1}/${file.byteLength}` } : {}),
      'Accept-Ranges': 'bytes',
      ETag: etag,
      'Last-Modified': new Date(modifiedAt).toUTCString(),
      'x-oss-request-id': requestId,
      'x-oss-object-type': 'Normal',
    },
  });
}

/** First byte and the one after the last. */
function findRange(header: string | undefined, length: number): readonly [number, number] | undefined {
  const match = /^bytes=(\d*)-(\d*)$/.exec(header ?? '');
  if (!match) return undefined;
  const [from, to] = [match[1] ?? '', match[2] ?? ''];
  if (from === '') {
    return to === '' || Number(to) === 0 ? undefined : [Math.max(0, length - Number(to)), length];
  }
  const end = to === '' ? length : Math.min(length, Number(to) + 1);
  return Number(from) < end ? [Number(from), end] : undefined;
}

function escapeXml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
