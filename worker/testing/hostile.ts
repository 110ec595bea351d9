/** A vault with people, keys and a project whose database somebody changes from outside, and what they do that with. */
import { afterEach, beforeAll, beforeEach, expect, vi } from 'vitest';
import { type Client, emptyDatabase, forgersDb, startVault } from './vault.ts';

export const password = 'known to the forger';

export const sql = (text: string, ...values: unknown[]) =>
  forgersDb()
    .prepare(text)
    .bind(...values)
    .all<Record<string, unknown>>();
export const one = async (text: string) => (await sql(text)).results[0] as Record<string, string | number>;
export const batch = (...texts: string[]) => forgersDb().batch(texts.map((text) => forgersDb().prepare(text)));
/** As somebody with the file, who switches foreign keys off. */
export const noKeys = (...texts: string[]) => batch('PRAGMA defer_foreign_keys = true', ...texts);

export const tables = [
  'token_scopes',
  'token_secrets',
  'service_tokens',
  'members',
  'secret_versions',
  'secrets',
  'projects',
  'sessions',
  'users',
];

type Schema = { type: string; name: string; sql: string }[];

const schema = async () =>
  (
    await sql(
      "SELECT type, name, sql FROM sqlite_schema WHERE type IN ('trigger','view','index') AND sql IS NOT NULL AND name NOT LIKE '\\_cf%' ESCAPE '\\'",
    )
  ).results as Schema;

export const eveId = "(SELECT id FROM users WHERE name = 'eve')";
export const annId = "(SELECT id FROM users WHERE name = 'ann')";
export const project = (name: string) => `(SELECT id FROM projects WHERE name = '${name}')`;
export const refused = expect.toSatisfy((status) => [401, 403, 404].includes(status), 'refused');
export const noValue = (answer: { status: number; text: string }) => {
  expect(answer.text).not.toMatch(/(first|second|other|shop) value/);
};

export const columnsOf = async (table: string) =>
  (await sql(`SELECT name FROM pragma_table_info('${table}')`)).results.map(({ name }) => String(name));
/** Puts a view in the place of a table, with other expressions for some columns. */
export const shadow = async (table: string, changed: Record<string, string>) => {
  const columns = await columnsOf(table);
  await noKeys(
    `CREATE TABLE real_${table} AS SELECT * FROM ${table}`,
    `ALTER TABLE ${table} RENAME TO hidden_${table}`,
  );
  await sql(
    `CREATE VIEW ${table} AS SELECT ${columns.map((name) => `${changed[name] ?? name} AS ${name}`).join(', ')} FROM real_${table}`,
  );
  await sql(
    `CREATE TRIGGER evil_update INSTEAD OF UPDATE ON ${table} BEGIN UPDATE real_${table} SET ${columns.map((name) => `${name} = NEW.${name}`).join(', ')} WHERE rowid = (SELECT rowid FROM real_${table} WHERE id = OLD.id); END`,
  );
  await sql(
    `CREATE TRIGGER evil_insert INSTEAD OF INSERT ON ${table} BEGIN INSERT INTO real_${table} (${columns.join(', ')}) VALUES (${columns.map((name) => `NEW.${name}`).join(', ')}); END`,
  );
  await sql(
    `CREATE TRIGGER evil_delete INSTEAD OF DELETE ON ${table} BEGIN DELETE FROM real_${table} WHERE id = OLD.id; END`,
  );
};
export const unshadow = async (table: string) => {
  await sql(`DROP VIEW ${table}`);
  await sql(`DROP TABLE real_${table}`);
  await noKeys(`ALTER TABLE hidden_${table} RENAME TO ${table}`);
};
/** What the database tells of itself in the place of something else. */
export type Lie = readonly [truth: string, told: string];

/**
 * The database as a view with a will of its own would have it: to a survey it says one thing, and later that it is as it was told. Chance does
 * the same now and then; see the tests with `random()`.
 */
export const lyingDb = (lies: readonly Lie[]): D1Database => {
  const db = forgersDb();
  const told = (text: string) => lies.reduce((all, [from, to]) => all.replaceAll(from, to), text);
  /** Within a list of texts, which is JSON itself. */
  const inJson = (text: string) => JSON.stringify(text).slice(1, -1);
  const meant = (value: unknown) =>
    typeof value === 'string'
      ? lies.toReversed().reduce((all, [from, to]) => all.replaceAll(inJson(to), inJson(from)), value)
      : value;
  return {
    prepare: (text: string) => ({ bind: (...values: unknown[]) => db.prepare(text).bind(...values.map(meant)) }),
    async batch(statements: D1PreparedStatement[]) {
      const results = await db.batch<Record<string, unknown>>(statements);
      return results.map((result) => ({
        ...result,
        results: result.results.map((row) =>
          typeof row.sealed === 'string' ? { ...row, sealed: told(row.sealed) } : row,
        ),
      }));
    },
  } as unknown as D1Database;
};

type People = Record<'admin' | 'eve' | 'ann' | 'child', Client> & { vault: Awaited<ReturnType<typeof startVault>> };

/**
 * Starts the vault before the tests of a file, and puts the database back before each of them.
 *
 * @param addMore makes what only one file needs.
 */
export const hostileVault = (addMore?: (people: People) => Promise<void>) => {
  let sequences: Record<string, unknown>[] = [];
  let before: { table: string; rows: Record<string, unknown>[] }[] = [];
  let schemaBefore: Schema = [];
  const people = {} as People;

  const restore = async () => {
    const db = forgersDb();
    const now = await schema();
    for (const { type, name } of now)
      if (!schemaBefore.some((each) => each.name === name)) await sql(`DROP ${type} "${name}"`);
    for (const { name, sql: text } of schemaBefore)
      if (!now.some((each) => each.name === name) && !text.startsWith('CREATE UNIQUE')) await sql(text);
    const insert = ({ table, rows }: (typeof before)[number]) =>
      rows.map((row) => {
        const names = Object.keys(row);
        const places = names.map(() => '?').join(', ');
        return db
          .prepare(`INSERT INTO ${table} (${names.join(', ')}) VALUES (${places})`)
          .bind(...(Object.values(row) as never[]));
      });
    await db.batch([
      db.prepare('PRAGMA defer_foreign_keys = true'),
      ...tables.map((table) => db.prepare(`DELETE FROM ${table}`)),
      ...before.toReversed().flatMap(insert),
      db.prepare('DELETE FROM broken_seals'),
      ...sequences.map(({ name, seq }) =>
        db.prepare('UPDATE sqlite_sequence SET seq = ? WHERE name = ?').bind(seq, name),
      ),
    ]);
    for (const { name, sql: text } of schemaBefore)
      if (!now.some((each) => each.name === name) && text.startsWith('CREATE UNIQUE')) await sql(text);
  };

  beforeAll(async () => {
    await emptyDatabase();
    const vault = await startVault();
    const admin = await vault.signIn('admin', 'admin123');
    await admin('POST', '/auth/password', { current_password: 'admin123', new_password: `${password} admin` });
    const add = (username: string) =>
      admin('POST', '/users', { username, password: `${password} ${username}`, role: 'user' });
    for (const username of ['eve', 'ann']) await add(username);
    const eve = await vault.signIn('eve', `${password} eve`);
    const ann = await vault.signIn('ann', `${password} ann`);
    await ann('POST', '/keys', { key_name: 'OF_ANN', api_key: 'first value' });
    await ann('PUT', '/keys/OF_ANN', { api_key: 'second value' });
    await ann('POST', '/keys', { key_name: 'OTHER', api_key: 'other value' });
    await eve('POST', '/keys', { key_name: 'OF_EVE', api_key: 'own value' });
    await ann('POST', '/projects', { name: 'shop' });
    await ann('POST', '/keys', { key_name: 'shop/KEY', api_key: 'shop value' });
    await eve('POST', '/projects', { name: 'lair' });
    await eve('POST', '/keys', { key_name: 'lair/KEY', api_key: 'lair value' });
    const login = await vault.anonymous('POST', '/v1/auth/userpass/login/eve', { password: `${password} eve` });
    const parent = JSON.parse(login.text).auth.client_token as string;
    const narrow = await vault.client(parent)('POST', '/v1/auth/token/create', { policies: ['read'] });
    const child = vault.client(JSON.parse(narrow.text).auth.client_token);
    Object.assign(people, { vault, admin, eve, ann, child });
    await addMore?.(people);
    before = await Promise.all(
      [...tables].map(async (table) => ({ table, rows: (await sql(`SELECT * FROM ${table}`)).results })),
    );
    schemaBefore = await schema();
    sequences = (await sql('SELECT name, seq FROM sqlite_sequence')).results;
  }, 30_000);

  let now = Date.now();
  beforeEach(async () => {
    now += 2_000;
    vi.useFakeTimers({ toFake: ['Date'], now });
    await restore();
  });
  afterEach(() => vi.useRealTimers());

  /** Moves the clock on: /health keeps an answer for a second. */
  const later = () => {
    now += 2_000;
    vi.setSystemTime(now);
  };
  return { people, restore, later, clock: () => now };
};
