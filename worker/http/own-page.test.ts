import { expect, test } from 'vitest';
import { originMismatch } from './own-page.ts';

const mismatch = (headers: Record<string, string>) =>
  originMismatch(new Request('http://127.0.0.1:5000/keys', { headers: { Host: 'vault.test:8443', ...headers } }));

test.each<[string, Record<string, string>]>([
  ['no page at all', {}],
  ['a page of this origin', { Origin: 'https://vault.test:8443', 'Sec-Fetch-Site': 'same-origin' }],
  ['a page of this origin in an old browser', { Origin: 'http://vault.test:8443' }],
  ['a page of this origin, behind a proxy that rewrites Host', { Host: '127.0.0.1', 'Sec-Fetch-Site': 'same-origin' }],
  ['the address bar', { 'Sec-Fetch-Site': 'none' }],
  ['a host in other letters', { Host: 'VAULT.test:8443', Origin: 'http://vault.test:8443' }],
  ['the default port of TLS, left out by the browser', { Host: 'vault.test:443', Origin: 'https://vault.test' }],
  ['the default port, left out by the proxy', { Host: 'vault.test', Origin: 'http://vault.test:80' }],
  ['an address in brackets', { Host: '[::1]:8443', Origin: 'https://[::1]:8443' }],
  [
    'a port that the proxy names apart',
    { Host: 'vault.test', 'X-Forwarded-Port': '8443', Origin: 'https://vault.test:8443' },
  ],
  ['a port that only the proxy sees', { Host: 'vault.test', 'X-Forwarded-Port': '8080', Origin: 'https://vault.test' }],
])('the cookie counts from %s', (_, headers) => {
  expect(mismatch(headers)).toBeNull();
});

test.each<[string, Record<string, string>, string | null]>([
  ['another site', { 'Sec-Fetch-Site': 'cross-site' }, null],
  [
    'another port of this host',
    { 'Sec-Fetch-Site': 'same-site', Origin: 'https://vault.test:8443' },
    'https://vault.test:8443',
  ],
  ['another port of this host in an old browser', { Origin: 'https://vault.test' }, 'https://vault.test'],
  ['another host', { Origin: 'https://evil.test:8443' }, 'https://evil.test:8443'],
  [
    'another port than the proxy names',
    { 'X-Forwarded-Port': '1', Origin: 'https://vault.test:1' },
    'https://vault.test:1',
  ],
  ['a page without an origin', { Origin: 'null' }, 'null'],
  ['an origin that is no URL', { Origin: 'vault.test:8443' }, 'vault.test:8443'],
  ['a value that this version does not know', { 'Sec-Fetch-Site': 'other' }, null],
])('the cookie does not count from %s', (_, headers, page) => {
  expect(mismatch(headers)).toEqual({ page, own: 'http://vault.test:8443' });
});

test.each<[Record<string, string>, string]>([
  [{ Host: '127.0.0.1:5000' }, 'http://127.0.0.1:5000'],
  [{ Host: 'vault.test', 'X-Forwarded-Proto': 'https' }, 'https://vault.test'],
  [{ Host: 'vault.test:443', 'X-Forwarded-Proto': 'https' }, 'https://vault.test'],
  [{ Host: 'vault.test', 'X-Forwarded-Proto': 'https', 'X-Forwarded-Port': '8443' }, 'https://vault.test:8443'],
])('what the vault knows of its own origin from %j is %s', (headers, own) => {
  expect(mismatch({ ...headers, Origin: 'http://evil.test' })?.own).toBe(own);
});

test('what is repeated of an origin is short', () => {
  expect(mismatch({ Origin: `http://${'x'.repeat(300)}` })?.page).toBe(`http://${'x'.repeat(263)}`);
});
