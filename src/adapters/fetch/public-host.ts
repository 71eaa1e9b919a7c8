import { AppError } from '../../core/errors.ts';

/** Names that stand for no public host (RFC 6761, RFC 6762, RFC 9476, and what clouds use inside). */
const INTERNAL = /(^|\.)(localhost|local|internal|intranet|lan|home|corp|private|arpa|test|invalid|onion)$/;

/**
 * Refuses (`reference_refused`) what is not http(s), carries credentials, or whose host is an IP address or no public
 * name, unless `allowed` holds its `host` or `host:port`. A Worker cannot resolve a name before it connects, nor choose
 * the address; what stands behind a public name is left to the platform, whose `fetch` reaches the public internet only.
 */
export function checkPublicUrl(url: URL, allowed: ReadonlySet<string>, named: string): void {
  const at = named === '' ? '' : ` at ${named}`;
  const refuse = (why: string) => new AppError('reference_refused', `the reference image${at} ${why}`);
  if (url.protocol !== 'http:' && url.protocol !== 'https:') throw refuse('must be at an http(s) URL');
  if (url.username !== '' || url.password !== '') throw refuse('must not carry credentials in its URL');
  const host = url.hostname.replace(/\.+$/, '');
  const port = url.port || (url.protocol === 'https:' ? '443' : '80');
  if (allowed.has(host) || allowed.has(`${host}:${port}`)) return;
  // After WHATWG parsing every spelling of an IPv4 address is dotted decimal.
  const isAddress = host.startsWith('[') || /^\d+(\.\d+){3}$/.test(host);
  if (isAddress || !host.includes('.') || INTERNAL.test(host)) {
    throw refuse('is at no public host name (DASHCACHE_REFERENCE_ALLOW names exceptions)');
  }
}

/** `DASHCACHE_REFERENCE_ALLOW` on a Worker: names and addresses as they stand in URLs, since it resolves none. */
export function parseAllowedHosts(text: string): ReadonlySet<string> {
  const hosts = text
    .split(',')
    .map((part) => part.trim().toLowerCase())
    .filter((part) => part !== '');
  const range = hosts.find((host) => host.includes('/'));
  if (range === undefined) return new Set(hosts);
  throw new AppError(
    'config',
    `DASHCACHE_REFERENCE_ALLOW names the range ${range}, but a Worker cannot see addresses: name hosts.`,
  );
}
