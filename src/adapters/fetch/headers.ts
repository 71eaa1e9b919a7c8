import type { HeaderList } from '../../core/headers.ts';

/** These describe one connection or its coding; the platform writes them itself. */
const OF_THE_PLATFORM = new Set([
  'accept-encoding',
  'connection',
  'content-length',
  'expect',
  'host',
  'keep-alive',
  'proxy-connection',
  'transfer-encoding',
  'upgrade',
]);

/** Cloudflare's edge adds these. The client's address is not upstream's business. */
const OF_THE_EDGE = /^(cf-.*|x-real-ip|x-forwarded-(for|proto))$/;

/** The platform would decode a compressed body, and its length would no longer match the headers. */
export function encodeHeaders(headers: HeaderList): [string, string][] {
  const kept = headers
    .map(([name, value]): [string, string] => [name.toLowerCase(), value])
    .filter(([name]) => !OF_THE_PLATFORM.has(name) && !OF_THE_EDGE.test(name));
  return [...kept, ['accept-encoding', 'identity']];
}

/** Cookies stay apart, as they came; the platform joins other repeated names. */
export function decodeHeaders(headers: Headers): HeaderList {
  const isDecoded = headers.has('content-encoding');
  const cookies = headers.getSetCookie().map((value) => ['set-cookie', value] as const);
  const others = [...headers].filter(
    ([name]) =>
      name !== 'set-cookie' && !(isDecoded && (name === 'content-encoding' || name === 'content-length')),
  );
  return [...others, ...cookies];
}
