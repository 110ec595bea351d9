import { expect, test } from 'vitest';
import { isLoopback, isPrivate } from './ranges.ts';

test.each(['127.0.0.1', '127.8.9.10', '::1', '0:0:0:0:0:0:0:1', '::ffff:127.0.0.1'])(
  '%s is this machine',
  (address) => {
    expect([isLoopback(address), isPrivate(address)]).toEqual([true, true]);
  },
);

test.each(['10.0.0.1', '172.17.0.1', '192.168.1.9', '100.64.0.1', '169.254.1.1', 'fd00::1', 'fe80:0:0:0:0:0:0:1'])(
  '%s is in a private network',
  (address) => {
    expect([isLoopback(address), isPrivate(address)]).toEqual([false, true]);
  },
);

test.each(['0.0.0.0', '::', '8.8.8.8', '172.32.0.1', '2001:4860::8888', 'unknown', '', 'localhost'])(
  '%s is neither',
  (address) => {
    expect([isLoopback(address), isPrivate(address)]).toEqual([false, false]);
  },
);
