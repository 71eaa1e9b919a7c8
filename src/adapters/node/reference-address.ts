import { lookup as dnsLookup } from 'node:dns/promises';
import { AppError } from '../../core/errors.ts';
import { type AllowRule, isAllowed } from './allow-rules.ts';
import { findAddress, isPublicAddress } from './public-address.ts';

/** All addresses of a host name, in the order to try them. */
export type Lookup = (host: string) => Promise<readonly string[]>;

/** Asks the system's resolver, /etc/hosts included, as a plain connection would. */
export const systemLookup: Lookup = async (host) =>
  (await dnsLookup(host, { all: true })).map(({ address }) => address);

/**
 * Refuses (`reference_refused`) what is not http(s) or carries credentials. `named` is the host that the client gave: the
 * only one that messages name.
 */
export function checkReferenceUrl(url: URL, named: string): void {
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw new AppError('reference_refused', `the reference image${at(named)} must be at an http(s) URL`);
  }
  if (url.username !== '' || url.password !== '') {
    throw new AppError(
      'reference_refused',
      `the URL of the reference image${at(named)} must not carry credentials`,
    );
  }
}

/**
 * The addresses of the URL's host, every one of them checked, in the order to try them. One that is neither public nor
 * allowed refuses the host (`reference_refused`): a name that mixes them is an attack or a mistake. No address at all is
 * `reference_unavailable`. Every spelling of a host (upper case, decimal, octal or hexadecimal IPv4, punycode) is one
 * after WHATWG parsing, and it is the final address that counts.
 */
export async function resolveReference(
  url: URL,
  named: string,
  lookup: Lookup,
  allow: readonly AllowRule[],
): Promise<readonly string[]> {
  const host = url.hostname.replace(/^\[|\]$/g, '').replace(/\.$/, '');
  const addresses = findAddress(host) ? [host] : await resolveName(host, named, lookup);
  const port = Number(url.port) || (url.protocol === 'https:' ? 443 : 80);
  for (const text of addresses) {
    const address = findAddress(text);
    if (address === undefined || !(isPublicAddress(address) || isAllowed(allow, host, address, port))) {
      throw new AppError(
        'reference_refused',
        `the reference image${at(named)} leads to an address that is not public (DASHCACHE_REFERENCE_ALLOW names exceptions)`,
      );
    }
  }
  return addresses;
}

async function resolveName(host: string, named: string, lookup: Lookup): Promise<readonly string[]> {
  const unresolved = `the reference image${at(named)} cannot be fetched: its host name does not resolve`;
  const addresses = await lookup(host).catch((cause: unknown) => {
    throw new AppError('reference_unavailable', unresolved, { cause });
  });
  if (addresses.length === 0) throw new AppError('reference_unavailable', unresolved);
  return addresses;
}

function at(named: string): string {
  return named === '' ? '' : ` at ${named}`;
}
