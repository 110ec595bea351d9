/**
 * Seals the rows of a database from before there were seals, as the worker does at its first request after an upgrade
 * (worker/operations/sealing-rows.ts). For what an operator puts in place, who holds the key: a vault with REQUIRE_SEALS takes nothing else.
 */
import type { DatabaseSync } from 'node:sqlite';
import { type Keyring, sealCanary } from '../../core/crypto/keyring.ts';
import { recordOperatorAct } from '../../core/data-folder/operator-acts.ts';
import { sealedState } from '../../core/data-folder/sealed-state.ts';
import { needsNoSeal, rowOf, sealedKinds, sealedRowSql, sealedTables, sealFor } from '../../core/sealed-rows.ts';
import { sqlOf } from './database.ts';

/**
 * Seals the rows as they are, in one transaction, and records that in the log. Those that have a seal already keep it, whether it holds or not.
 *
 * @param database with the newest schema, to which no process writes.
 * @returns how many rows there are; null if the rows were sealed before, or no key of the keyring opens the database.
 */
export function sealDatabase(database: DatabaseSync, keyring: Keyring, now: number): number | null {
  const sql = sqlOf(database);
  if (sealedState(sql, keyring) !== 'never') return null;
  const key = keyring.byId.get(String(database.prepare('SELECT key_id FROM instance').get()?.key_id));
  if (!key) return null;
  // Another primary key takes over at the next start, with all that is under the one before.
  const own: Keyring = { ...keyring, primary: key };
  let rowCount = 0;
  sql.transaction(() => {
    for (const table of sealedTables) {
      const { locator } = sealedKinds[table];
      const rows = database.prepare(`SELECT ${sealedRowSql(table, table)} AS sealed FROM ${table}`).all();
      const store = database.prepare(
        `UPDATE ${table} SET seal = ? WHERE ${locator.map((column) => `${column} = ?`).join(' AND ')}`,
      );
      for (const { sealed } of rows) {
        const row = rowOf(JSON.parse(String(sealed)));
        if (row[3] === null && !needsNoSeal(row)) store.run(sealFor(own, row), ...row[1]);
        rowCount++;
      }
    }
    database
      .prepare('UPDATE instance SET canary = ?, sealed_at = ?')
      .run(sealCanary(own, { rowsAreSealed: true }).token, now);
    recordOperatorAct(sql, 'vault.seal', rowCount === 1 ? '1 record' : `${rowCount} records`, now);
  });
  return rowCount;
}
