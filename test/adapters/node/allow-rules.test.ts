import { describe, expect, it } from 'vitest';
import { isAllowed, parseAllowRules } from '../../../src/adapters/node/allow-rules.ts';
import { findAddress } from '../../../src/adapters/node/public-address.ts';

const allows = (rules: string, host: string, ip: string, port: number): boolean => {
  const address = findAddress(ip);
  if (address === undefined) throw new Error(`${ip} is no address`);
  return isAllowed(parseAllowRules(rules), host, address, port);
};

describe('allow rules', () => {
  it.each([
    ['images.lan', 'images.lan', '10.0.0.5', 8080],
    ['Images.LAN.', 'images.lan', '10.0.0.5', 80],
    ['images.lan:8080', 'images.lan', '10.0.0.5', 8080],
    ['b\u00fccher.lan', 'xn--bcher-kva.lan', '10.0.0.5', 80],
    ['my_service', 'my_service', '10.0.0.5', 80],
    ['127.0.0.1', 'anything', '127.0.0.1', 1],
    ['127.0.0.1:9000', '127.0.0.1', '127.0.0.1', 9000],
    ['10.0.0.0/8', 'x', '10.255.0.1', 80],
    ['10.0.0.0/8:80', 'x', '10.255.0.1', 80],
    ['127.0.0.1', '::ffff:7f00:1', '::ffff:127.0.0.1', 80],
    ['::1', '::1', '::1', 80],
    ['[::1]', '::1', '::1', 80],
    ['[::1]:8080', '::1', '::1', 8080],
    ['fd00::/8', 'x', 'fd12::1', 80],
    ['[fd00::/8]:443', 'x', 'fd12::1', 443],
    [' a.lan , , b.lan:81 ', 'b.lan', '10.0.0.1', 81],
  ])('"%s" allows %s at %s port %d', (rules, host, ip, port) => {
    expect(allows(rules, host, ip, port)).toBe(true);
  });

  it.each([
    ['', 'images.lan', '10.0.0.5', 80],
    ['images.lan', 'evil.images.lan', '10.0.0.5', 80],
    ['images.lan', 'images.lan.evil', '10.0.0.5', 80],
    ['images.lan:8080', 'images.lan', '10.0.0.5', 80],
    ['127.0.0.1:9000', '127.0.0.1', '127.0.0.1', 9001],
    ['10.0.0.0/8', 'x', '11.0.0.1', 80],
    ['[fd00::/8]:443', 'x', 'fd12::1', 80],
    ['0.0.0.0/0', 'x', '::1', 80],
  ])('"%s" does not allow %s at %s port %d', (rules, host, ip, port) => {
    expect(allows(rules, host, ip, port)).toBe(false);
  });

  it.each([
    'host:',
    'host:0',
    'host:65536',
    'host:http',
    'http://host',
    'host/path',
    '10.0.0.0/33',
    '10.0.0/8',
    '127.1',
    '0x7f000001',
    '2130706433',
    '*.lan',
    'user@host',
    '[::1',
    '[images.lan]x',
    'a b',
    '::1::2',
  ])('names the bad item "%s"', (item) => {
    expect(() => parseAllowRules(`good.lan,${item}`)).toThrowError(
      expect.objectContaining({ code: 'config', message: expect.stringContaining(`"${item}"`) }),
    );
  });
});
