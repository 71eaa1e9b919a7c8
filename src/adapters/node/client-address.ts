import { isIPv6 } from 'node:net';

/**
 * Groups addresses for counting: an IPv4 address stands for itself, an IPv6 address for its /64 network, in which one
 * client has countless addresses.
 */
export function countedAddress(address: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  if (mapped !== undefined) return mapped;
  // A link-local address has a zone behind a percent sign.
  const [bare = ''] = address.split('%');
  return isIPv6(bare) ? `${groupsOf(bare).slice(0, 4).join(':')}::/64` : address;
}

/** All eight groups, written as URLs write them. */
function groupsOf(address: string): readonly string[] {
  const [head = '', tail] = new URL(`http://[${address}]`).hostname.slice(1, -1).split('::');
  const [first, last] = [head, tail ?? ''].map((part) => (part === '' ? [] : part.split(':')));
  const known = [first ?? [], last ?? []];
  const missing = 8 - known.flat().length;
  return [...(first ?? []), ...Array<string>(missing).fill('0'), ...(last ?? [])];
}
