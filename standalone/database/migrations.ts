import migrations from 'keystore:migrations';

/** The database cannot be used as it is; nothing was changed. The message goes on from "The database ...". */
export class UnusableDatabase extends Error {
  override name = 'UnusableDatabase';
  constructor(what: string, advice = 'Bring back a backup with HelperScripts/restore-data.sh FILE.') {
    super(`The database ${what}. Nothing was changed. ${advice}`);
  }
}

/** wrangler's own bookkeeping, to the letter, as in box/data/database.ts: whoever comes next knows what is applied. */
const bookkeeping = `CREATE TABLE IF NOT EXISTS "d1_migrations"(
		id         INTEGER PRIMARY KEY AUTOINCREMENT,
		name       TEXT UNIQUE,
		applied_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP NOT NULL
)`;

/**
 * Applies what is not applied yet, each migration in a transaction of its own. Returns how many there were.
 *
 * @throws UnusableDatabase if the database is newer than this program, or a migration fails; that one leaves nothing behind.
 */
export const migrate = (storage: DurableObjectStorage): number => {
  const { pending } = compare(storage.sql);
  for (const { name, sql } of pending) {
    try {
      storage.transactionSync(() => {
        storage.sql.exec(bookkeeping);
        storage.sql.exec(sql);
        storage.sql.exec('INSERT INTO "d1_migrations" (name) VALUES (?)', name);
      });
    } catch (error) {
      throw new UnusableDatabase(`does not take the migration ${name} (${(error as Error).message})`);
    }
  }
  return pending.length;
};

/** The first migration, without `.sql`, that a database lacks which has others already; undefined if it lacks none or is new. */
export const pendingUpgrade = (sql: SqlStorage): string | undefined => {
  const { done, pending } = compare(sql);
  return done.length > 0 ? pending[0]?.name.replace(/\.sql$/, '') : undefined;
};

const compare = (sql: SqlStorage) => {
  const done = applied(sql);
  const unknown = done.filter((name) => !migrations.some((migration) => migration.name === name));
  if (unknown.length > 0) {
    throw new UnusableDatabase(
      `was last used by a newer version of this program (it has ${unknown.join(', ')})`,
      'Start that version.',
    );
  }
  return { done, pending: migrations.filter(({ name }) => !done.includes(name)) };
};

const applied = (sql: SqlStorage): string[] =>
  tableNames(sql).includes('d1_migrations')
    ? sql
        .exec<{ name: string }>('SELECT name FROM "d1_migrations" ORDER BY id')
        .toArray()
        .map(({ name }) => name)
    : [];

/** All tables but SQLite's own and the runtime's. */
export const tableNames = (sql: SqlStorage): string[] =>
  sql
    .exec<{ name: string }>("SELECT name FROM sqlite_schema WHERE type = 'table'")
    .toArray()
    .map(({ name }) => name)
    .filter((name) => !/^(?:sqlite_|_cf_)/.test(name));
