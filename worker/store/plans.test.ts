import { beforeAll, expect, test } from 'vitest';
import { startVault, testDb } from '../testing/vault.ts';

/** Every statement that a route runs is watched, and asked of SQLite how it would go about it. */

const texts = new Set<string>();

beforeAll(async () => {
  const { signIn } = await startVault({ DB: watched(testDb()) });
  const admin = await signIn('admin', 'admin123');
  const user = await signIn('user', 'user123');
  for (const client of [admin, user]) {
    await client('POST', '/keys', { key_name: client.token.slice(-9), api_key: 'x' });
    await client('PUT', '/keys/x', { api_key: 'y' });
    for (const path of ['/keys', '/keys/x', '/users', '/auth/session', '/auth/sessions']) await client('GET', path);
    await client('POST', '/users', { username: 'x', password: 'a good password' });
    await client('PUT', '/users/9', { password: 'a good password' });
    await client('DELETE', '/users/9');
    await client('DELETE', '/keys/x');
    await client('DELETE', '/auth/sessions/x');
    await client('POST', '/auth/logout');
  }
});

const watched = (db: D1Database) =>
  new Proxy(db, {
    get: (target, name) =>
      name === 'prepare'
        ? (text: string) => {
            texts.add(text);
            return target.prepare(text);
          }
        : (statements: D1PreparedStatement[]) => target.batch(statements),
  });

/** Lists of bounded length and the one-row table may be walked; everything else is found through an index. */
const mayBeWalked = /SCAN (instance|\(|CONSTANT|json_each|\d)|SCAN users$|SCAN secrets USING INDEX|SCAN other/;

test('no statement of a route walks a table that grows', async () => {
  expect(texts.size).toBeGreaterThan(20);
  for (const text of texts) {
    if (text.includes('d1_migrations')) continue; // asks whether there is any row: the first one answers
    const holes = text.match(/\?/g)?.length ?? 0;
    const { results } = await testDb()
      .prepare(`EXPLAIN QUERY PLAN ${text}`)
      .bind(...Array<null>(holes).fill(null))
      .all<{ detail: string }>();
    const walks = results
      .map(({ detail }) => detail)
      .filter((detail) => /^SCAN/.test(detail) && !mayBeWalked.test(detail));
    expect.soft(walks, text).toEqual([]);
  }
});
