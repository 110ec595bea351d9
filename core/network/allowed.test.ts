import { describe, expect, test } from 'vitest';
import { parseAllowedRange, sortedAddress } from './allowed.ts';

describe('a range of addresses', () => {
  test.each([
    ['10.1.2.3/8', '10.0.0.0/8'],
    ['10.0.0.2', '10.0.0.2/32'],
    ['0.0.0.0/0', '0.0.0.0/0'],
    ['2001:db8::1/32', '2001:db8::/32'],
    ['2001:DB8:0:0:0:0:0:1', '2001:db8::1/128'],
    ['::/0', '::/0'],
    ['::1', '::1/128'],
    ['::ffff:10.0.0.2', '10.0.0.2/32'],
    ['::ffff:10.1.0.0/104', '10.0.0.0/8'],
  ])('%s is %s', (given, shown) => {
    expect(parseAllowedRange(given)?.[0]).toBe(shown);
  });

  test.each([
    ...['', 'x', 'localhost', '10.0.0', '10.0.0.0/33', '10.0.0.0/-1', '10.0.0.0/', '10.0.0.0/08', '10.0.0.0/8/8'],
    ...[
      '010.0.0.1',
      '0x0a000001',
      '10.0.0.1:80',
      '[::1]',
      '::1/129',
      'fe80::1%eth0',
      '::ffff:10.0.0.0/95',
      ' 10.0.0.1',
      '10.0.0.1\n',
    ],
  ])('%j is none', (given) => {
    expect(parseAllowedRange(given)).toBeNull();
  });
});

describe('an address', () => {
  const isIn = (address: string, range: string) => {
    const [, first = '', last = ''] = parseAllowedRange(range) ?? [];
    const sorted = sortedAddress(address);
    return sorted !== null && first <= sorted && sorted <= last;
  };

  test.each([
    ['10.0.0.0', '10.0.0.0/8', true],
    ['10.255.255.255', '10.0.0.0/8', true],
    ['9.255.255.255', '10.0.0.0/8', false],
    ['11.0.0.0', '10.0.0.0/8', false],
    ['::ffff:10.0.0.1', '10.0.0.0/8', true],
    ['10.0.0.1', '::ffff:10.0.0.1', true],
    ['10.0.0.1', '::/0', true],
    ['2001:db8::1', '0.0.0.0/0', false],
    ['2001:0db8:0000:0000:0000:0000:0000:0001', '2001:db8::/32', true],
    ['2001:db9::', '2001:db8::/32', false],
    ['2001:db8:0:0:ffff:ffff:ffff:ffff', '2001:db8::/64', true],
    ['2001:db8:0:1::', '2001:db8::/64', false],
    ['192.0.2.129', '192.0.2.128/25', true],
    ['192.0.2.127', '192.0.2.128/25', false],
    ['192.0.2.7', '192.0.2.6/31', true],
    ['::1', '::1', true],
  ])('%s in %s: %s', (address, range, expected) => {
    expect(isIn(address, range)).toBe(expected);
  });

  test('that is unknown is in no range', () => {
    expect(sortedAddress('unknown')).toBeNull();
    expect(isIn('unknown', '0.0.0.0/0')).toBe(false);
  });
});
