import { describe, expect, test } from 'vitest';
import { isExposed, userFolder, vaultUrl } from './config.ts';

test.each([
  ['https://vault.example.com/', 'https://vault.example.com'],
  ['http://localhost:5000', 'http://localhost:5000'],
  ['https://example.com/vault//', 'https://example.com/vault'],
  ['HTTPS://Vault.Example.com', 'https://vault.example.com'],
])('%s is the vault at %s', (text, url) => {
  expect(vaultUrl(text)).toBe(url);
});

test.each([
  'vault.example.com',
  'ftp://x',
  'https://user:password@x',
  'https://x/?a=b',
  'https://x/#a',
  '',
  'javascript:1',
])('%j is refused, and its password not repeated', (text) => {
  expect(() => vaultUrl(text)).toThrow(/^(?!.*user:password)/);
});

test('http is exposed but on this machine', () => {
  for (const url of ['http://localhost:5000', 'http://127.0.0.1', 'http://[::1]:5000', 'https://x'])
    expect(isExposed(url)).toBe(false);
  for (const url of ['http://x', 'http://127.0.0.1.x.com', 'http://10.0.0.1', 'http://localhost.x'])
    expect(isExposed(url)).toBe(true);
});

describe('the user folder', () => {
  test('follows the XDG specification, which ignores relative paths', () => {
    expect(userFolder('config', { XDG_CONFIG_HOME: '/x' })).toBe('/x/keystore');
    expect(userFolder('config', { XDG_CONFIG_HOME: 'x' })).toMatch(/\/\.config\/keystore$/);
    expect(userFolder('cache', {})).toMatch(/\/\.cache\/keystore$/);
  });
});
