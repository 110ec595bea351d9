import { expect, test } from 'vitest';
import { bearerToken, isFromOwnPage } from './credential.ts';

test.each([
  ['Bearer abc', 'abc'],
  ['bearer abc', 'abc'],
  ['BEARER   a.b-c_d', 'a.b-c_d'],
  ['Bearer', null],
  ['Bearer ', null],
  ['Bearer a b', null],
  ['Bearer a, Bearer b', null],
  ['Bearer\tabc', null],
  ['Bearerabc', null],
  ['Basic abc', null],
  ['abc', null],
  ['', null],
])('the token of the header %j is %j', (authorization, token) => {
  expect(bearerToken(authorization)).toBe(token);
});

const own = { Host: 'vault.test:8443' };

test.each([
  ['no page at all', {}],
  ['a page of this origin', { Origin: 'https://vault.test:8443', 'Sec-Fetch-Site': 'same-origin' }],
  ['a page of this origin in an old browser', { Origin: 'http://vault.test:8443' }],
  ['the address bar', { 'Sec-Fetch-Site': 'none' }],
])('the cookie counts from %s', (_, headers) => {
  expect(isFromOwnPage(new Headers({ ...own, ...headers }))).toBe(true);
});

test.each([
  ['another site', { 'Sec-Fetch-Site': 'cross-site' }],
  ['another port of this host', { 'Sec-Fetch-Site': 'same-site', Origin: 'https://vault.test:8443' }],
  ['another port of this host in an old browser', { Origin: 'https://vault.test' }],
  ['another host', { Origin: 'https://evil.test:8443' }],
  ['a page without an origin', { Origin: 'null' }],
  ['an origin that is no URL', { Origin: 'vault.test:8443' }],
  ['a value that this version does not know', { 'Sec-Fetch-Site': 'other' }],
])('the cookie does not count from %s', (_, headers) => {
  expect(isFromOwnPage(new Headers({ ...own, ...headers }))).toBe(false);
});
