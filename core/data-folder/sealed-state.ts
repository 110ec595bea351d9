/** Whether a vault with seals has served a database: its record says so, which nobody can make without the key. */

import { type Keyring, readCanary } from '../crypto/keyring.ts';
import type { Sql } from './database.ts';

/**
 * `never`: its rows have no seals, or not all of them yet. `empty`: there is no vault. `unknown`: it needs another key, is damaged or has other
 * tables; the worker says which.
 */
export function sealedState(sql: Sql, keyring: Keyring): 'sealed' | 'never' | 'empty' | 'unknown' {
  if (!hasTable(sql, 'instance')) return hasTable(sql, 'd1_migrations') ? 'unknown' : 'empty';
  const [record] = sql.rows('SELECT key_id, canary FROM instance');
  if (!record) return 'empty';
  const canary = readCanary(keyring, String(record.canary), String(record.key_id));
  if (!canary) return 'unknown';
  return canary.rowsAreSealed ? 'sealed' : 'never';
}

function hasTable(sql: Sql, name: string): boolean {
  return sql.rows("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?", name).length > 0;
}
