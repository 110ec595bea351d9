import { expect, test } from 'vitest';
import { createShare, holderOf } from './share.ts';

test('one greedy holder gets half, two a third each, and a newcomer is served as long as anything is left', () => {
  const share = createShare(12);
  const takeAll = (holder: string) => {
    let taken = 0;
    while (share.take(holder, 1) === undefined) taken++;
    return taken;
  };
  expect(takeAll('a')).toBe(6);
  expect(share.take('a', 1)).toBe('overShare');
  expect(takeAll('b')).toBe(3);
  share.give('a', 2);
  expect(takeAll('a')).toBe(0);
  for (const holder of ['c', 'd', 'e', 'f', 'g']) expect(share.take(holder, 1)).toBeUndefined();
  expect(share.take('h', 1)).toBe('full');
  share.give('b', 3);
  expect(share.take('h', 1)).toBeUndefined();
});

test('a refused holder has taken nothing, and one that gave everything back begins anew', () => {
  const share = createShare(4);
  expect(share.take('a', 5)).toBe('full');
  expect(share.take('a', 4)).toBeUndefined();
  share.give('a', 4);
  expect(share.take('a', 4)).toBeUndefined();
});

test('an IPv4 address is one holder, and so is an IPv6 /64 network', () => {
  expect(holderOf('192.0.2.1:4711')).toBe(holderOf('192.0.2.1'));
  expect(holderOf('192.0.2.1')).not.toBe(holderOf('192.0.2.2'));
  expect(holderOf('[2001:db8:0:a::1]:80')).toBe(holderOf('2001:db8:0:a:ffff::9'));
  expect(holderOf('2001:db8:0:a::1')).not.toBe(holderOf('2001:db8:0:b::1'));
});
