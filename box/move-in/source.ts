/** Reads a database that Keystore v0.6 wrote. */
import { createHash } from 'node:crypto';
import type { DatabaseSync } from 'node:sqlite';

/**
 * The tables and columns that move, and how each column is read: from NULL if it is empty, from undefined if an earlier
 * version does not have it.
 */
const known = {
  users: {
    id: Number,
    username: textOrEmpty,
    password_hash: textOrEmpty,
    role: (stored: unknown) => text(stored) ?? 'user',
    created_at: asStored,
    last_login: asStored,
    is_active: flag,
  },
  api_keys: {
    id: Number,
    key_name: textOrEmpty,
    encrypted_value: textOrEmpty,
    created_at: asStored,
    updated_at: asStored,
    created_by: text,
    owner_id: id,
    description: text,
  },
  access_log: {
    id: Number,
    user_id: id,
    user_name: text,
    key_name: text,
    action: text,
    timestamp: asStored,
    ip_address: text,
    user_agent: text,
    success: flag,
  },
};

const required = {
  users: ['id', 'username', 'password_hash'],
  api_keys: ['id', 'key_name', 'encrypted_value'],
};

type Table = keyof typeof known;
type Row = Record<string, unknown>;

/** A row of a table, as it is read. */
export type Old<Name extends Table> = {
  [Column in keyof (typeof known)[Name]]: (typeof known)[Name][Column] extends (stored: unknown) => infer Value
    ? Value
    : never;
};

/** Whether the tables are those of v0.6. */
export function isV06(database: DatabaseSync): boolean {
  return Object.entries(required).every(([table, columns]) => {
    const present = columnsOf(database, table);
    return columns.every((column) => present.includes(column));
  });
}

/** Reads the rows of a table in the order of their ids. */
export function* readOld<Name extends Table>(database: DatabaseSync, table: Name): Generator<Old<Name>> {
  const present = columnsOf(database, table);
  const columns = Object.entries(known[table]);
  for (const row of read(database, table)) {
    const cells = columns.map(([name, parse]) => [name, parse(present.includes(name) ? row[name] : undefined)]);
    yield Object.fromEntries(cells) as Old<Name>;
  }
}

export function countRows(database: DatabaseSync, table: Table): number {
  if (columnsOf(database, table).length === 0) return 0;
  return Number(database.prepare(`SELECT count(*) AS count FROM ${table}`).get()?.count);
}

/** The highest id that a row of the table ever had, deleted rows included. */
export function highestId(database: DatabaseSync, table: 'users' | 'api_keys'): number {
  const sequence = columnsOf(database, 'sqlite_sequence').length > 0;
  const given = sequence ? database.prepare('SELECT seq FROM sqlite_sequence WHERE name = ?').get(table)?.seq : 0;
  const inLog = table === 'users' && columnsOf(database, 'access_log').includes('user_id');
  const logged = inLog ? database.prepare('SELECT max(user_id) AS id FROM access_log').get()?.id : 0;
  return Math.max(0, id(given) ?? 0, id(logged) ?? 0);
}

/** Lists what does not move because the vault has no place for it: one line for each table or column. */
export function listLeftOvers(database: DatabaseSync): string[] {
  const lines: string[] = [];
  const tables = database.prepare(
    "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'",
  );
  for (const { name } of tables.all()) {
    const table = String(name);
    if (table === 'access_tokens') {
      const { count } = database.prepare('SELECT count(*) AS count FROM access_tokens').get() as { count: number };
      if (count > 0) lines.push(`${count} access tokens: their users must sign in again`);
      continue;
    }
    if (!(table in known)) {
      lines.push(`the table ${JSON.stringify(table)}: it is not part of v0.6`);
      continue;
    }
    for (const column of columnsOf(database, table)) {
      if (Object.hasOwn(known[table as Table], column)) continue;
      lines.push(`the column ${JSON.stringify(`${table}.${column}`)}: it is not part of v0.6`);
    }
  }
  return lines;
}

/** A fingerprint of the contents; a copy of the file has the same. */
export function digest(database: DatabaseSync): string {
  const hash = createHash('sha256');
  for (const table of Object.keys(known) as Table[]) {
    for (const row of read(database, table)) {
      const cells = Object.values(row).map((cell) =>
        cell instanceof Uint8Array
          ? { bytes: Buffer.from(cell).toString('hex') }
          : typeof cell === 'bigint'
            ? String(cell)
            : cell,
      );
      hash.update(`${table} ${JSON.stringify(cells)}\n`);
    }
  }
  return hash.digest('hex').slice(0, 16);
}

function read(database: DatabaseSync, table: Table): Iterable<Row> {
  const present = columnsOf(database, table);
  if (present.length === 0) return [];
  const columns = Object.keys(known[table]).map((column) => (present.includes(column) ? column : `NULL AS ${column}`));
  const statement = database.prepare(`SELECT ${columns.join(', ')} FROM ${table} ORDER BY id`);
  statement.setReadBigInts(true);
  return statement.iterate() as Iterable<Row>;
}

function columnsOf(database: DatabaseSync, table: string): string[] {
  return database
    .prepare('SELECT name FROM pragma_table_info(?)')
    .all(table)
    .map(({ name }) => String(name));
}

function asStored(stored: unknown): unknown {
  return stored;
}

function textOrEmpty(stored: unknown): string {
  return text(stored) ?? '';
}

function text(stored: unknown): string | null {
  if (stored === null || stored === undefined) return null;
  if (stored instanceof Uint8Array) return new TextDecoder().decode(stored);
  return String(stored);
}

function id(stored: unknown): number | null {
  const number = typeof stored === 'bigint' || typeof stored === 'number' ? Number(stored) : Number.NaN;
  return Number.isSafeInteger(number) && number > 0 ? number : null;
}

/** SQLite stores a BOOLEAN as Python wrote it: 0 or 1, rarely text. Where there is no such column, it is true. */
function flag(stored: unknown): boolean {
  return stored !== null && !['', '0', 'false', 'False'].includes(String(stored));
}
