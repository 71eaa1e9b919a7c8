import type { Dispatcher } from 'undici';
import type { HeaderList } from '../../core/headers.ts';

/** These describe one connection; undici writes them itself (RFC 9110 sections 7.6.1 and 10.1.1). */
const CONNECTION_HEADERS = new Set([
  'connection',
  'expect',
  'keep-alive',
  'proxy-connection',
  'transfer-encoding',
  'upgrade',
]);

/** Names and values in turn, as undici takes them; the headers of the connection are left out. */
export function encodeHeaders(headers: HeaderList): string[] {
  return headers.filter(([name]) => !CONNECTION_HEADERS.has(name.toLowerCase())).flat();
}

/** The header list of undici's raw names and values; values are Latin-1, as RFC 9110 section 5.5 leaves them. */
export function decodeHeaders(raw: Dispatcher.DispatchController['rawHeaders']): HeaderList {
  if (!Array.isArray(raw)) throw new TypeError('undici gave no raw headers');
  const headers: [string, string][] = [];
  for (let at = 0; at + 1 < raw.length; at += 2) {
    headers.push([decode(raw[at]).toLowerCase(), decode(raw[at + 1])]);
  }
  return headers;
}

function decode(part: Buffer | string | undefined): string {
  return typeof part === 'string' ? part : (part?.toString('latin1') ?? '');
}
