import ipaddr from 'ipaddr.js';

type Address = ipaddr.IPv4 | ipaddr.IPv6;

/** Azure's metadata and wire server: a public address by its range, reachable from inside its cloud only. */
const INTERNAL_DESPITE_RANGE = new Set(['168.63.129.16']);

/** IPv6 global unicast (RFC 4291 section 2.4); what lies outside of it embeds IPv4 or is not routed. */
const GLOBAL_UNICAST: [ipaddr.IPv6, number] = [ipaddr.IPv6.parse('2000::'), 3];
/** The well-known prefix of NAT64 (RFC 6052): the last 32 bits are the IPv4 address that is reached. */
const NAT64: [ipaddr.IPv6, number] = [ipaddr.IPv6.parse('64:ff9b::'), 96];

/**
 * The address that a connection really goes to: IPv4 in its IPv6 spelling (`::ffff:a.b.c.d`) is IPv4.
 * Undefined when the text is no IP address.
 */
export function findAddress(text: string): Address | undefined {
  return ipaddr.isValid(text) ? ipaddr.process(text) : undefined;
}

/**
 * True for public unicast addresses only. Everything with a special purpose (the IANA registries of RFC 6890) is not
 * public: loopback, private, link-local, carrier-grade NAT, documentation, multicast, tunnels, and with them the metadata
 * addresses of the clouds.
 */
export function isPublicAddress(address: Address): boolean {
  if (address.range() === 'unicast') {
    return address instanceof ipaddr.IPv4
      ? !INTERNAL_DESPITE_RANGE.has(address.toString())
      : address.match(GLOBAL_UNICAST);
  }
  // Behind DNS64 every public name resolves to such an address: it is as public as what it embeds.
  return (
    address instanceof ipaddr.IPv6 &&
    address.match(NAT64) &&
    isPublicAddress(new ipaddr.IPv4(address.toByteArray().slice(12)))
  );
}
