import type { AppError, ErrorCode } from '../../core/errors.ts';

/** Status and `Code` of each failure of an upload, in OSS's dialect. What is missing here is an internal error. */
const TABLE: Partial<Record<ErrorCode, readonly [status: number, code: string]>> = {
  invalid_request: [400, 'MalformedPOSTRequest'],
  missing_input: [400, 'InvalidArgument'],
  body_too_large: [400, 'EntityTooLarge'],
  forbidden: [403, 'AccessDenied'],
  constraint: [409, 'FileAlreadyExists'],
  storage_full: [507, 'QuotaExceeded'],
};

/** Messages that are not for callers as they are, or that OSS words itself. */
const WORDED: Partial<Record<ErrorCode, string>> = {
  constraint: 'The object you specified already exists and can not be overwritten.',
  storage_full: 'There is no room for further uploads (DASHCACHE_MAX_UPLOADS, or the disk).',
};

/** OSS's XML error body with its status. */
export function ossError(error: AppError, requestId: string, host: string): Response {
  const known = TABLE[error.code];
  const [status, code] = known ?? [500, 'InternalError'];
  const internal = 'We encountered an internal error. Please try again.';
  const message = WORDED[error.code] ?? (known === undefined ? internal : error.message);
  const elements = { Code: code, Message: message, RequestId: requestId, HostId: host };
  return xmlAnswer(status, 'Error', elements, { 'x-oss-request-id': requestId });
}

/** An XML document of one level. */
export function xmlAnswer(
  status: number,
  root: string,
  elements: Readonly<Record<string, string>>,
  headers: Readonly<Record<string, string>>,
): Response {
  const lines = Object.entries(elements).map(([name, text]) => `  <${name}>${escapeXml(text)}</${name}>`);
  const xml = ['<?xml version="1.0" encoding="UTF-8"?>', `<${root}>`, ...lines, `</${root}>`, ''].join('\n');
  return new Response(xml, { status, headers: { 'content-type': 'application/xml', ...headers } });
}

function escapeXml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
