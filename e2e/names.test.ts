/** Every name that a key can have, on its way through a real vault: each can be stored, read, changed and deleted. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ask, type RunningVault, signIn, startVault } from '../testing/vault.ts';

let vault: RunningVault;
let user: string;

beforeAll(async () => {
  vault = await startVault();
  user = await signIn(vault.url, 'user', 'user123');
});

afterAll(() => vault?.dispose());

const names = [
  ...['../x', 'a/../b', 'a/..', './a', 'a/.', 'a//b', '/x', 'x/', '/', '//', '...', '..;/x', '..\\x', '\\', 'a\\b'],
  ...['%', '100%', '%2e', '%2e%2e', '%2e%2e/x', '%2F', '%252F', '%25252F', '%00', '%0a', '%ff', '%c0%ae/x', '%u002e'],
  ...['?', '#', 'a?b#c', '?x=1', ';', 'a;b=c', '+', 'a+b', 'a b', '&', '=', '@', 'a:b', 'http://x/y', '.env', '~'],
  ...[
    '__x',
    '__proto__',
    '/__x',
    '../__x',
    '../../__scheduled',
    '//cdn-cgi/x',
    '../cdn-cgi/x',
    'cdn-cgi/x',
    '..%2Fcdn-cgi',
  ],
  ...['%2e%2e/cdn-cgi/x', '%2e%2e%2fcdn-cgi%2fx', '..%252fcdn-cgi', '%25'.repeat(30), `${'%25'.repeat(20)}2F`],
  ...['activity', 'key', 'é', 'e\u0301e', '🔑', '👨‍👩‍👧', 'می‌خواهم', '鍵', 'x'.repeat(255), '"', "'", '<b>', '`'],
];

describe.each(names)('%j', (key_name) => {
  test.each([
    ['a path', `/keys/${encodeURIComponent(key_name)}`],
    ['a query', `/key?key_name=${encodeURIComponent(key_name)}`],
  ])('in %s', async (_, path) => {
    const api_key = `value of ${key_name}`;
    const created = await ask(vault.url, 'POST', '/keys', { token: user, body: { key_name, api_key } });
    expect(created.status).toBe(201);
    const read = await ask(vault.url, 'GET', path, { token: user });
    expect(read).toMatchObject({ status: 200, body: { key_name, api_key } });
    const change = { key_name, description: 'changed' };
    expect((await ask(vault.url, 'PUT', path, { token: user, body: change })).status).toBe(200);
    expect((await ask(vault.url, 'DELETE', path, { token: user })).status).toBe(200);
    expect((await ask(vault.url, 'GET', path, { token: user })).status).toBe(404);
  });
});
