import { isIPv6 } from 'node:net';

/**
 * Whom calls from an address are counted for: an IPv4 address by itself, of IPv6 the network of 64 bits, in which one
 * client has more addresses than anybody can count.
 */
export function countedAddress(address: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  if (mapped !== undefined) return mapped;
  // An address of this machine's own link has a zone behind a percent sign.
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
