import { describe, expect, test } from 'vitest';
import { clientOf, logAddress, networkRange, parseTrustedProxies, type TrustedProxies } from './address.ts';

function isTrusted(peer: string, proxies: TrustedProxies): boolean {
  return clientOf(peer, { forwardedFor: null, forwardedProto: 'https' }, proxies).isOverTls;
}

function clientAddress(peer: string, forwardedFor: string, proxies: TrustedProxies): string {
  return clientOf(peer, { forwardedFor, forwardedProto: null }, proxies).address;
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
    const trusted = [
      '127.0.0.1',
      '10.255.0.1',
      '::1',
      '2001:db8:7fff::1',
      '192.168.1.6',
      '[::1]:80',
      '::ffff:10.0.0.1',
    ];
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

describe('the client', () => {
  const proxies = parseTrustedProxies('127.0.0.1, 10.0.0.0/8 ::1');

  test.each([
    ['6.6.6.6', '6.6.6.6'],
    ['6.6.6.6, 7.7.7.7', '7.7.7.7'],
    ['6.6.6.6, 10.1.2.3', '6.6.6.6'],
    ['10.0.0.1, 10.1.2.3', '10.0.0.1'],
    ['6.6.6.6, nonsense, 10.1.2.3', '10.1.2.3'],
    ['6.6.6.6:4711', '6.6.6.6'],
    ['[2001:db8::1]:4711', '2001:db8::1'],
    ['[2001:db8::1]', '2001:db8::1'],
    ['::ffff:6.6.6.6', '6.6.6.6'],
    ['6.6.6.6, 0x0a000001', '127.0.0.1'],
    ['', '127.0.0.1'],
  ])('behind a trusted proxy, X-Forwarded-For: %s means %s', (forwardedFor, expected) => {
    expect(clientAddress('127.0.0.1', forwardedFor, proxies)).toBe(expected);
  });

  test('is the peer if that is not a trusted proxy, whatever it claims', () => {
    expect(clientAddress('203.0.113.9', '6.6.6.6', proxies)).toBe('203.0.113.9');
    expect(clientAddress('127.0.0.1', '6.6.6.6', [])).toBe('127.0.0.1');
  });

  test.each([
    ['192.0.2.1:4711', '192.0.2.1'],
    ['[2001:db8::1]:4711', '2001:db8::1'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['[::ffff:192.0.2.1]:4711', '192.0.2.1'],
    ['fe80::1%br-lan', 'fe80::1'],
    ['', ''],
    ['not:an:address', 'not:an:address'],
  ])('a peer written as %s is %s', (peer, expected) => {
    expect([clientAddress(peer, '', []), clientAddress(peer, '6.6.6.6', proxies)]).toEqual([expected, expected]);
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
