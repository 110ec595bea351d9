/** Checks the seals on the rows that grant authority, of a whole vault. */
import type { DatabaseSync } from 'node:sqlite';
import { type Keyring, readCanary } from '../../core/crypto/keyring.ts';
import { nameOfRow, rowOf, type SealedRow, sealedRowSql, sealedTables, sealHolds } from '../../core/sealed-rows.ts';

/** A vault that no version with seals has served yet has none. */
interface Seals {
  rowsAreSealed: boolean;
  sealedRows: number;
  /** The rows whose seal does not hold, as people call them. */
  brokenSeals: string[];
}

/** Checks every seal. Whether there must be seals is in the canary, which nobody can make without the key. */
export function checkSeals(database: DatabaseSync, keyring: Keyring): Seals {
  const instance = database.prepare('SELECT key_id, canary FROM instance').get();
  const canary = readCanary(keyring, String(instance?.canary), String(instance?.key_id));
  if (!canary?.rowsAreSealed) return { rowsAreSealed: false, sealedRows: 0, brokenSeals: sealsTooEarly(database) };
  // The primary key takes over at the next start.
  const isTakeOver = instance?.key_id !== keyring.primary.id;
  const brokenSeals: string[] = [];
  let sealedRows = 0;
  for (const table of sealedTables) {
    const rows = database.prepare(`SELECT ${sealedRowSql(table, table)} AS sealed FROM ${table}`);
    for (const { sealed } of rows.iterate()) {
      const row = rowOf(JSON.parse(String(sealed)));
      sealedRows++;
      if (!sealHolds(keyring, row, { isTakeOver })) brokenSeals.push(named(database, row));
    }
  }
  return { rowsAreSealed: true, sealedRows, brokenSeals };
}

/** Rows that carry seals in a vault whose record says that it has none: somebody has put the record of before back. */
function sealsTooEarly(database: DatabaseSync): string[] {
  const hasSeals = sealedTables.some(
    (table) => database.prepare(`SELECT 1 FROM ${table} WHERE seal IS NOT NULL LIMIT 1`).get() !== undefined,
  );
  return hasSeals ? ['the record of the vault says that its rows have no seals yet, and they have'] : [];
}

/** A membership and a version have numbers only: the names say more. */
function named(database: DatabaseSync, row: SealedRow): string {
  if (row[0] === 'secret_versions') {
    const [secret = null, number = null] = row[1];
    const key = database.prepare('SELECT name FROM secrets WHERE id = ?').get(secret);
    return key ? `version ${number} of key ${key.name}` : nameOfRow(row);
  }
  if (row[0] !== 'members') return nameOfRow(row);
  const [project = null, user = null] = row[1];
  const names = database
    .prepare(
      'SELECT (SELECT name FROM users WHERE id = ?) AS user, (SELECT name FROM projects WHERE id = ?) AS project',
    )
    .get(user, project);
  return `member ${names?.user ?? user} of project ${names?.project ?? project}`;
}
