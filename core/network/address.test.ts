import { describe, expect, test } from 'vitest';
import {
  contains,
  logAddress,
  networkRange,
  parseAddress,
  parseTrustedProxies,
  type TrustedProxies,
} from './address.ts';

function isTrusted(text: string, proxies: TrustedProxies): boolean {
  const address = parseAddress(text);
  return address !== undefined && contains(proxies, address);
}

describe('TRUSTED_PROXIES', () => {
  test.each([
    '10.0.0.0/33',
    'proxy',
    '10.0.0.1/',
    '::1/129',
    '1.2.3.4/8/8',
    '10.0.0.0/-1',
    '10.1',
    '010.0.0.1',
    '0xa.0.0.1',
  ])('%s is rejected by name', (entry) =>
    expect(() => parseTrustedProxies(`10.0.0.1, ${entry}`)).toThrow(`TRUSTED_PROXIES: "${entry}" is not`),
  );

  test('takes addresses and ranges of both families, separated by commas or spaces', () => {
    const proxies = parseTrustedProxies(' 127.0.0.1,10.0.0.0/8  ::1\n2001:db8::/33,192.168.1.7/31 ');
    const trusted = ['127.0.0.1', '10.255.0.1', '::1', '2001:db8:7fff::1', '192.168.1.6', '::ffff:10.0.0.1'];
    const others = ['127.0.0.2', '11.0.0.1', '::2', '2001:db8:8000::1', '192.168.1.8', '', 'proxy', 'unknown:1'];
    expect(trusted.filter((address) => !isTrusted(address, proxies))).toEqual([]);
    expect(others.filter((address) => isTrusted(address, proxies))).toEqual([]);
  });

  test('may be empty, and then trusts none', () => {
    expect(isTrusted('127.0.0.1', parseTrustedProxies(' , '))).toBe(false);
  });

  test('0.0.0.0/0 means every IPv4 address and no IPv6 address', () => {
    const proxies = parseTrustedProxies('0.0.0.0/0');
    expect([isTrusted('203.0.113.9', proxies), isTrusted('2001:db8::1', proxies)]).toEqual([true, false]);
  });
});

describe('the address in the log', () => {
  test.each([
    ['192.0.2.1', '192.0.2.1'],
    ['192.0.2.1:4711', '192.0.2.1'],
    ['::1', '::1'],
    ['[::1]:4711', '::1'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['2001:DB8::1', '2001:db8:0:0:0:0:0:1'],
    ['[2001:db8::1]:4711', '2001:db8:0:0:0:0:0:1'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2:3:4:5:6'],
    ['2001:db8::', '2001:db8:0:0:0:0:0:0'],
    ['::', '0:0:0:0:0:0:0:0'],
    ['fe80::1%eth0', 'fe80:0:0:0:0:0:0:1'],
    ['unknown', 'unknown'],
    ['not:an:address', 'not:an:address'],
  ])('of %s is %s', (text, expected) => expect(logAddress(text)).toBe(expected));

  test('of an IPv6 host is in the range of its /64 network; of the next network it is not', () => {
    const { from, to } = networkRange(logAddress('2001:db8:0:a::1'));
    const isInside = (address: string) => from <= logAddress(address) && logAddress(address) <= to;
    expect(['2001:db8:0:a::', '2001:db8:0:a:ffff:ffff:ffff:ffff'].map(isInside)).toEqual([true, true]);
    expect(['2001:db8:0:9:ffff::', '2001:db8:0:b::', '2001:db8:0:a0::1', '2001:db8::1'].map(isInside)).toEqual(
      Array(4).fill(false),
    );
  });

  test.each(['192.0.2.1', '::1', 'unknown'])('%s is a range of its own', (address) => {
    expect(networkRange(address)).toEqual({ from: address, to: address });
  });
});
