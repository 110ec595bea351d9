/** What a request reads on D1 when there are many keys. */
import { expect, test } from 'vitest';
import { testDb } from '../../worker/testing/test-database.ts';
import { countedVault } from './counted-vault.ts';
import { counting } from './counters.ts';

const value = 'example-value';

/** Requests that give a key a name, in this order. Each time they make other names. */
function requests(time: number): [name: string, method: string, path: string, body?: object][] {
  return [
    ['add', 'POST', '/keys', { key_name: `new-${time}`, api_key: value }],
    ['rename', 'PUT', `/keys/new-${time}`, { key_name: `renamed-${time}` }],
    ['import', 'POST', '/keys/import', { entries: [{ key_name: `imported-${time}`, api_key: value }] }],
    ['trash', 'DELETE', `/keys/renamed-${time}`],
    ['restore', 'POST', '/trash/newest/restore', {}],
    ['project', 'POST', '/projects', { name: `project-${time}` }],
    ['add to a project', 'POST', '/keys', { key_name: `project-${time}/x`, api_key: value }],
  ];
}

test('giving a key a name reads as many rows in a vault of three thousand keys as in an empty one', async () => {
  const send = await countedVault();
  const ask = (method: string, path: string, body?: object, token = '') =>
    send({
      method,
      path,
      headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' },
      body: body && JSON.stringify(body),
    });
  const signIn = async (username: string, password: string) => {
    const { text } = await ask('POST', '/auth/login', { username, password });
    return (JSON.parse(text) as { token: string }).token;
  };
  const tokens = { admin: await signIn('admin', 'admin123'), user: await signIn('user', 'user123') };
  const rowsRead = async (time: number) => {
    const rows: Record<string, number> = {};
    for (const [who, token] of Object.entries(tokens)) {
      for (const [name, method, path, body] of requests(who === 'admin' ? time : time + 1)) {
        const trashed = await testDb()
          .prepare('SELECT max(id) id FROM secrets WHERE deleted_at > 0')
          .first<number>('id');
        const address = path.replace('newest', String(trashed));
        const { counts, result } = await counting(() => ask(method, address, body, token));
        expect(result.status, `${name}: ${result.text}`).toBeLessThan(300);
        rows[`${name} by ${who}`] = counts['rows read'] ?? 0;
      }
    }
    return rows;
  };
  // The first requests open the vault.
  await rowsRead(0);
  const before = await rowsRead(2);
  await testDb().exec(
    "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000) INSERT INTO secrets (id, name, likeness, owner_id, created_by, created_at, updated_at, current_version) SELECT 1000000 + i, 'k' || i, 'k' || i, 1 + i % 2, '', 1, 1, 1 FROM n",
  );
  await testDb().exec('DELETE FROM secrets WHERE id = 1003000');
  const after = await rowsRead(4);
  for (const [name, rows] of Object.entries(after)) {
    expect.soft(rows, name).toBeLessThan((before[name] ?? 0) + 100);
  }
});

test('a new value of a key with four hundred erased ones reads as many rows as one of a key with a few', async () => {
  const send = await countedVault();
  const ask = (method: string, path: string, body: object, token = '') =>
    send({
      method,
      path,
      headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' },
      body: JSON.stringify(body),
    });
  const { text } = await ask('POST', '/auth/login', { username: 'admin', password: 'admin123' });
  const { token } = JSON.parse(text) as { token: string };
  const rowsOfWrite = async () => {
    const { counts, result } = await counting(() => ask('PUT', '/keys/often', { api_key: value }, token));
    expect(result.status, result.text).toBe(200);
    return counts['rows read'] ?? 0;
  };
  await ask('POST', '/keys', { key_name: 'often', api_key: value }, token);
  for (let time = 0; time < 30; time++) await rowsOfWrite();
  const before = await rowsOfWrite();
  await testDb().exec(
    "WITH RECURSIVE n (i) AS (SELECT -399 UNION ALL SELECT i + 1 FROM n WHERE i < 0) INSERT INTO secret_versions (secret_id, number, created_at, created_by, destroyed_at) SELECT secrets.id, i, 1, '', 1 FROM n, secrets WHERE name = 'often'",
  );
  expect(await rowsOfWrite()).toBeLessThan(before + 50);
});
