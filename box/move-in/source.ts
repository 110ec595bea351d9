/** Reads a database that Keystore v0.6 wrote. */
import { createHash } from 'node:crypto';
import type { DatabaseSync } from 'node:sqlite';

export interface OldUser {
  id: number;
  username: string;
  password_hash: string;
  role: string;
  created_at: unknown;
  last_login: unknown;
  is_active: boolean;
}

export interface OldKey {
  id: number;
  key_name: string;
  encrypted_value: string;
  created_at: unknown;
  updated_at: unknown;
  created_by: string | null;
  owner_id: number | null;
  description: string | null;
}

export interface OldLogEntry {
  id: number;
  user_id: number | null;
  user_name: string | null;
  key_name: string | null;
  action: string | null;
  timestamp: unknown;
  ip_address: string | null;
  user_agent: string | null;
  success: boolean;
}

/** The tables and columns that move. Columns that an earlier version does not have are read as null. */
const known = {
  users: ['id', 'username', 'password_hash', 'role', 'created_at', 'last_login', 'is_active'],
  api_keys: [
    ...['id', 'key_name', 'encrypted_value', 'created_at', 'updated_at', 'created_by', 'owner_id', 'description'],
  ],
  access_log: [
    ...['id', 'user_id', 'user_name', 'key_name', 'action', 'timestamp', 'ip_address', 'user_agent', 'success'],
  ],
};

const required = {
  users: ['id', 'username', 'password_hash'],
  api_keys: ['id', 'key_name', 'encrypted_value'],
};

type Table = keyof typeof known;
type Row = Record<string, unknown>;

/** Whether the tables are those of v0.6. */
export function isV06(database: DatabaseSync): boolean {
  return Object.entries(required).every(([table, columns]) => {
    const present = columnsOf(database, table);
    return columns.every((column) => present.includes(column));
  });
}

export function* readUsers(database: DatabaseSync): Generator<OldUser> {
  for (const row of read(database, 'users')) {
    yield {
      id: Number(row.id),
      username: text(row.username) ?? '',
      password_hash: text(row.password_hash) ?? '',
      role: text(row.role) ?? 'user',
      created_at: row.created_at,
      last_login: row.last_login,
      is_active: columnsOf(database, 'users').includes('is_active') ? flag(row.is_active) : true,
    };
  }
}

export function* readKeys(database: DatabaseSync): Generator<OldKey> {
  for (const row of read(database, 'api_keys')) {
    yield {
      id: Number(row.id),
      key_name: text(row.key_name) ?? '',
      encrypted_value: text(row.encrypted_value) ?? '',
      created_at: row.created_at,
      updated_at: row.updated_at,
      created_by: text(row.created_by),
      owner_id: id(row.owner_id),
      description: text(row.description),
    };
  }
}

export function* readLog(database: DatabaseSync): Generator<OldLogEntry> {
  const saysSuccess = columnsOf(database, 'access_log').includes('success');
  for (const row of read(database, 'access_log')) {
    yield {
      id: Number(row.id),
      user_id: id(row.user_id),
      user_name: text(row.user_name),
      key_name: text(row.key_name),
      action: text(row.action),
      timestamp: row.timestamp,
      ip_address: text(row.ip_address),
      user_agent: text(row.user_agent),
      success: saysSuccess ? flag(row.success) : true,
    };
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
      if (known[table as Table].includes(column)) continue;
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
  const columns = known[table].map((column) => (present.includes(column) ? column : `NULL AS ${column}`));
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

function text(stored: unknown): string | null {
  if (stored === null || stored === undefined) return null;
  if (stored instanceof Uint8Array) return new TextDecoder().decode(stored);
  return String(stored);
}

function id(stored: unknown): number | null {
  const number = typeof stored === 'bigint' || typeof stored === 'number' ? Number(stored) : Number.NaN;
  return Number.isSafeInteger(number) && number > 0 ? number : null;
}

/** SQLite stores a BOOLEAN as Python wrote it: 0 or 1, rarely text. */
function flag(stored: unknown): boolean {
  return stored !== null && !['', '0', 'false', 'False'].includes(String(stored));
}
