/** Checks the seals on the rows that grant authority, of a whole vault. */
import type { DatabaseSync } from 'node:sqlite';
import { type Keyring, readCanary } from '../../core/crypto/keyring.ts';
import { nameOfRow, rowOf, type SealedRow, sealedRowSql, sealedTables, sealHolds } from '../../core/sealed-rows.ts';

interface Seals {
  /** Whether all rows must have one. A vault that no version with seals has served yet has none. */
  rowsAreSealed: boolean;
  /** How many rows have one though others need not: a start has begun to seal them, and was ended. */
  sealedRows: number;
  /** The rows whose seal does not hold, as people call them. */
  brokenSeals: string[];
}

/**
 * Checks every seal. Whether there must be seals is in the canary, which nobody can make without the key.
 *
 * @param isRequired whether the settings say that the rows were sealed: then the canary of before is that of an old copy.
 */
export function checkSeals(database: DatabaseSync, keyring: Keyring, isRequired = false): Seals {
  const instance = database.prepare('SELECT key_id, canary FROM instance').get();
  const canary = readCanary(keyring, String(instance?.canary), String(instance?.key_id));
  const rowsAreSealed = canary?.rowsAreSealed ?? false;
  // The primary key takes over at the next start.
  const isTakeOver = instance?.key_id !== keyring.primary.id;
  const brokenSeals: string[] = isRequired && !rowsAreSealed ? [oldRecord] : [];
  let sealedRows = 0;
  for (const table of sealedTables) {
    const rows = database.prepare(`SELECT ${sealedRowSql(table, table)} AS sealed FROM ${table}`);
    for (const { sealed } of rows.iterate()) {
      const row = rowOf(JSON.parse(String(sealed)));
      if (!rowsAreSealed && row[3] === null) continue;
      sealedRows++;
      if (!sealHolds(keyring, row, { isTakeOver })) brokenSeals.push(named(database, row));
    }
  }
  return { rowsAreSealed, sealedRows, brokenSeals };
}

const oldRecord =
  'the record of the vault, which says that its rows were never sealed, and REQUIRE_SEALS says that they were';

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
