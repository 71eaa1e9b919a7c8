import ipaddr from 'ipaddr.js';
import { AppError } from '../../core/errors.ts';
import { findAddress } from './public-address.ts';

/** One item of DASHCACHE_REFERENCE_ALLOW: what may be fetched although its address is private. */
export interface AllowRule {
  /** A host name as a URL spells it, or a network in CIDR notation. */
  readonly target:
    | { readonly name: string }
    | { readonly network: readonly [ipaddr.IPv4 | ipaddr.IPv6, number] };
  /** Undefined: every port. */
  readonly port: number | undefined;
}

/**
 * Reads DASHCACHE_REFERENCE_ALLOW: comma-separated `host`, `host:port`, `address`, `address:port`, `[v6]:port`, `cidr`,
 * `cidr:port`, `[v6cidr]:port`. Throws `config` naming the item that is none of these.
 */
export function parseAllowRules(text: string): AllowRule[] {
  return text
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '')
    .map((item) => {
      const rule = findRule(item);
      if (rule === undefined) {
        throw new AppError(
          'config',
          `DASHCACHE_REFERENCE_ALLOW: "${item}" is no host, address or CIDR, with or without a port`,
        );
      }
      return rule;
    });
}

/** True when a rule allows this host (a name, without brackets or trailing dot), or this address of it, on this port. */
export function isAllowed(
  rules: readonly AllowRule[],
  host: string,
  address: ipaddr.IPv4 | ipaddr.IPv6,
  port: number,
): boolean {
  return rules.some((rule) => {
    if (rule.port !== undefined && rule.port !== port) return false;
    if ('name' in rule.target) return rule.target.name === host;
    const [network, prefix] = rule.target.network;
    return network.kind() === address.kind() && address.match(network, prefix);
  });
}

function findRule(item: string): AllowRule | undefined {
  const [host, portText] = splitPort(item);
  const port = portText === undefined ? undefined : findPort(portText);
  if (portText !== undefined && port === undefined) return undefined;
  const target = findNetwork(host) ?? findName(host);
  return target && { target, port };
}

/** More than one colon without brackets is IPv6 without a port. */
function splitPort(item: string): [host: string, port: string | undefined] {
  const bracketed = /^\[([^\]]*)\](?::(.*))?$/.exec(item);
  if (bracketed) return [bracketed[1] ?? '', bracketed[2]];
  const [host = '', port, ...more] = item.split(':');
  return more.length > 0 ? [item, undefined] : [host, port];
}

function findPort(text: string): number | undefined {
  const port = Number(text);
  return /^\d{1,5}$/.test(text) && port >= 1 && port <= 65_535 ? port : undefined;
}

function findNetwork(text: string): AllowRule['target'] | undefined {
  if (ipaddr.IPv4.isValidCIDRFourPartDecimal(text) || ipaddr.IPv6.isValidCIDR(text)) {
    return { network: ipaddr.parseCIDR(text) };
  }
  const address =
    text.includes(':') || ipaddr.IPv4.isValidFourPartDecimal(text) ? findAddress(text) : undefined;
  return address && { network: [address, address.kind() === 'ipv4' ? 32 : 128] };
}

/** The name as a URL spells it (lower case, punycode), so that it can be compared with one. */
function findName(text: string): AllowRule['target'] | undefined {
  if (!/^[^\s/\\?#@:%*[\]]+$/.test(text) || !URL.canParse(`http://${text}`)) return undefined;
  const name = new URL(`http://${text}`).hostname.replace(/\.$/, '');
  return name === '' || findAddress(name) ? undefined : { name };
}
