/** Header fields in order, repeated names kept apart. */
export type HeaderList = readonly (readonly [name: string, value: string])[];

/** The first value of a header, by lower-case name. */
export function findHeader(
  headers: readonly (readonly [string, string])[],
  name: string,
): string | undefined {
  return headers.find(([own]) => own.toLowerCase() === name)?.[1];
}

/** Fields that concern one connection only (RFC 9110 section 7.6.1), and must not be passed on. */
const HOP_BY_HOP: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/** Fields by which the vendor tells about the account that pays, seen in captures; cookies tie a client to it. */
const ACCOUNT = /^(set-cookie|x-dashscope-(uid|apikeyid|workspace|bwid|inner-.*))$/i;

/** Drops what tells about the account, for callers whose account it is not. */
export function withoutAccount(headers: HeaderList): HeaderList {
  return headers.filter(([name]) => !ACCOUNT.test(name));
}

/** Drops hop-by-hop fields, those that `Connection` names included. */
export function withoutHopByHop<T extends readonly [string, string]>(headers: readonly T[]): T[] {
  const named = new Set(
    headers
      .filter(([name]) => name.toLowerCase() === 'connection')
      .flatMap(([, value]) => value.split(',').map((token) => token.trim().toLowerCase())),
  );
  return headers.filter(([name]) => !HOP_BY_HOP.has(name.toLowerCase()) && !named.has(name.toLowerCase()));
}
