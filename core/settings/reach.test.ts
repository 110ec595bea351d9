import { expect, test } from 'vitest';
import { isLocalOnly } from './reach.ts';

const local = ['127.0.0.1', '::1'];

test.each([
  ['the default', local, '', undefined, true],
  ['another loopback address', ['127.0.0.2'], '', undefined, true],
  ['all addresses', ['0.0.0.0'], '', undefined, false],
  ['all IPv6 addresses', ['::'], '', undefined, false],
  ['one that others reach', ['192.168.1.2'], '', undefined, false],
  ['loopback and one that others reach', ['127.0.0.1', '10.0.0.1'], '', undefined, false],
  ['a proxy in front of loopback', local, '127.0.0.1', undefined, false],
  ['no proxy but blanks', local, '  ', undefined, true],
  ['a container, published on all addresses', ['0.0.0.0'], '', '5000', false],
  ['a container, published on loopback', ['0.0.0.0'], '', '127.0.0.1:5000', true],
  ['a container, published on IPv6 loopback', ['0.0.0.0'], '', '[::1]:5000', true],
  ['a container, published on a network', ['0.0.0.0'], '', '0.0.0.0:5000', false],
  ['a container, published on one address', ['0.0.0.0'], '', '192.168.1.2:5000', false],
  ['a container, published on loopback behind a proxy', ['0.0.0.0'], '172.17.0.1', '127.0.0.1:5000', false],
] as const)('%s', (_, hosts, trustedProxies, published, expected) => {
  const lookup = (name: string) => (name === 'KEYSTORE_PUBLISHED' ? published : undefined);
  expect(isLocalOnly({ hosts: [...hosts], trustedProxies }, lookup)).toBe(expected);
});
