import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { findAddress, isPublicAddress } from '../../../src/adapters/node/public-address.ts';

const isPublic = (text: string): boolean => {
  const address = findAddress(text);
  if (address === undefined) throw new Error(`${text} is no address`);
  return isPublicAddress(address);
};

/** The special-purpose IPv4 blocks (IANA registry, RFC 6890 and later), as base and prefix. */
const SPECIAL_IPV4 = [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
] as const;

const toNumber = (ipv4: string): number =>
  ipv4.split('.').reduce((sum, octet) => sum * 256 + Number(octet), 0);
const toIpv4 = (number: number): string =>
  [24, 16, 8, 0].map((shift) => Math.floor(number / 2 ** shift) % 256).join('.');
const toHextets = (ipv4: string): string => {
  const number = toNumber(ipv4);
  return `${Math.floor(number / 65_536).toString(16)}:${(number % 65_536).toString(16)}`;
};

const specialIpv4 = fc
  .tuple(fc.constantFrom(...SPECIAL_IPV4), fc.nat(2 ** 32 - 1))
  .map(([[base, prefix], offset]) => toIpv4(toNumber(base) + (offset % 2 ** (32 - prefix))));

describe('public addresses', () => {
  it('are never in a special IPv4 block, in no embedding of it in IPv6', () => {
    fc.assert(
      fc.property(specialIpv4, fc.nat(0xffff), (ipv4, low) => {
        const hextets = toHextets(ipv4);
        const spellings = [
          ipv4,
          `::ffff:${ipv4}`,
          `::${hextets}`,
          `::ffff:0:${hextets}`,
          `64:ff9b::${hextets}`,
          `64:ff9b:1::${hextets}`,
          `2002:${hextets}::${low.toString(16)}`,
          `2001:0:${hextets}::${low.toString(16)}`,
        ];
        for (const spelling of spellings) expect(isPublic(spelling), spelling).toBe(false);
      }),
    );
  });

  it('are never in a special IPv6 block', () => {
    const special = [
      'fe80',
      'febf',
      'fec0',
      'fc00',
      'fdff',
      'ff02',
      '2001:db8',
      '2001:2:0',
      '3fff',
      '5f00',
      '100',
      '4000',
    ];
    fc.assert(
      fc.property(fc.constantFrom(...special), fc.nat(0xffff), fc.nat(0xffff), (head, a, b) => {
        expect(isPublic(`${head}::${a.toString(16)}:${b.toString(16)}`)).toBe(false);
      }),
    );
  });

  it.each([
    ['loopback', '127.0.0.1'],
    ['loopback', '::1'],
    ['unspecified', '0.0.0.0'],
    ['unspecified', '::'],
    ['broadcast', '255.255.255.255'],
    ['the metadata service', '169.254.169.254'],
    ['the metadata service over IPv6', 'fd00:ec2::254'],
    ["Alibaba's metadata service", '100.100.100.200'],
    ["Azure's wire server", '168.63.129.16'],
    ['a link-local address with its zone', 'fe80::1%eth0'],
  ])('do not include %s: %s', (_what, address) => {
    expect(isPublic(address)).toBe(false);
  });

  it.each([
    '8.8.8.8',
    '1.1.1.1',
    '47.95.1.2',
    '100.63.255.255',
    '100.128.0.0',
    '172.15.255.255',
    '172.32.0.0',
    '2400:3200::1',
    '2a00:1450::1',
    '::ffff:8.8.8.8',
    '64:ff9b::808:808',
  ])('include %s', (address) => {
    expect(isPublic(address)).toBe(true);
  });
});
