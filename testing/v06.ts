/** Makes databases of v0.6, the version that vaults move in from. */
import { DatabaseSync } from 'node:sqlite';
import { utf8 } from '../core/crypto/encoding.ts';
import { FernetKey, sealFernet } from '../core/crypto/fernet.ts';

export const oldKeys = {
  SECRET_KEY: 'OLTmUuRNp/I3DZ4mDicTZVCko6bQf1wMMy+LEiQIP9I=',
  ENCRYPTION_KEY: 'K5AviRHoGBj4yZ1dXZgxlXUE2Q6UXeLo9U7ngcx19jY=',
};

/** Copied from v0.6. */
const schema = `
CREATE TABLE users (
  id INTEGER PRIMARY KEY AUTOINCREMENT, username TEXT UNIQUE NOT NULL, password_hash TEXT NOT NULL,
  role TEXT NOT NULL DEFAULT 'user', created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP, last_login TIMESTAMP,
  is_active BOOLEAN DEFAULT 1);
CREATE TABLE api_keys (
  id INTEGER PRIMARY KEY AUTOINCREMENT, key_name TEXT UNIQUE NOT NULL, encrypted_value TEXT NOT NULL,
  created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP, updated_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP, created_by TEXT,
  owner_id INTEGER, description TEXT, FOREIGN KEY (owner_id) REFERENCES users (id));
CREATE TABLE access_tokens (
  id INTEGER PRIMARY KEY AUTOINCREMENT, token_hash TEXT UNIQUE NOT NULL, user_id INTEGER NOT NULL,
  created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP, expires_at TIMESTAMP, is_active BOOLEAN DEFAULT 1,
  FOREIGN KEY (user_id) REFERENCES users (id));
CREATE TABLE access_log (
  id INTEGER PRIMARY KEY AUTOINCREMENT, user_id INTEGER, user_name TEXT, key_name TEXT, action TEXT,
  timestamp TIMESTAMP DEFAULT CURRENT_TIMESTAMP, ip_address TEXT, user_agent TEXT, success BOOLEAN DEFAULT 1,
  FOREIGN KEY (user_id) REFERENCES users (id));`;

type Row = Record<string, string | number | null>;

export interface OldRows {
  users?: Iterable<Row>;
  api_keys?: Iterable<Row>;
  access_log?: Iterable<Row>;
  access_tokens?: Iterable<Row>;
}

/** A well-formed verifier (Werkzeug's pbkdf2 format, cheapest cost) that no password matches. */
export const someVerifier = `pbkdf2:sha256:1000$salt$${'0'.repeat(64)}`;

export const someUser: Row = {
  username: 'admin',
  password_hash: someVerifier,
  role: 'admin',
  created_at: '2025-01-01 00:00:00',
};

/** Writes a database with these rows. Columns that a row leaves out get v0.6's defaults. `more` is SQL that runs before the rows. */
export function writeOld(file: string, rows: OldRows, more = ''): void {
  const database = new DatabaseSync(file);
  database.exec(`PRAGMA foreign_keys = OFF; PRAGMA synchronous = OFF; ${schema} ${more} BEGIN`);
  for (const [table, some] of Object.entries(rows) as [string, Iterable<Row>][]) {
    for (const row of some) {
      const columns = Object.keys(row);
      const places = columns.map(() => '?').join(', ');
      database.prepare(`INSERT INTO ${table} (${columns.join(', ')}) VALUES (${places})`).run(...Object.values(row));
    }
  }
  database.exec('COMMIT');
  database.close();
}

const fernet = new FernetKey(new Uint8Array(Buffer.from(oldKeys.ENCRYPTION_KEY, 'base64url')));

/** Seals a value as v0.6 did. */
export function sealOld(value: string | Uint8Array): string {
  return sealFernet(fernet, typeof value === 'string' ? utf8(value) : value);
}
