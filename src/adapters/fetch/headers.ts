import type { HeaderList } from '../../core/headers.ts';

/** They describe one connection or one coding of it, and the platform writes them itself. */
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

/** What Cloudflare's edge tells the Worker of its client, whose address is not upstream's business. */
const OF_THE_EDGE = /^(cf-.*|x-real-ip|x-forwarded-(for|proto))$/;

/** The platform would decode what is compressed, and its length would no longer be what the headers say. */
export function encodeHeaders(headers: HeaderList): [string, string][] {
  const kept = headers
    .map(([name, value]): [string, string] => [name.toLowerCase(), value])
    .filter(([name]) => !OF_THE_PLATFORM.has(name) && !OF_THE_EDGE.test(name));
  return [...kept, ['accept-encoding', 'identity']];
}

/** Cookies apart, as they came; other repeated names are joined by the platform. */
export function decodeHeaders(headers: Headers): HeaderList {
  const isDecoded = headers.has('content-encoding');
  const cookies = headers.getSetCookie().map((value) => ['set-cookie', value] as const);
  const others = [...headers].filter(
    ([name]) =>
      name !== 'set-cookie' && !(isDecoded && (name === 'content-encoding' || name === 'content-length')),
  );
  return [...others, ...cookies];
}
