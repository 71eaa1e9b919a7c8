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

/** The platform would decode what is compressed, and its length would no longer be what the headers say. */
export function encodeHeaders(headers: HeaderList): [string, string][] {
  const kept = headers.filter(([name]) => !OF_THE_PLATFORM.has(name.toLowerCase()));
  return [...kept.map(([name, value]): [string, string] => [name, value]), ['accept-encoding', 'identity']];
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
