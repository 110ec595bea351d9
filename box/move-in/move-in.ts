/** Moves a v0.6 database into a new vault. */
import type { DatabaseSync } from 'node:sqlite';
import { type Keyring, sealCanary } from '../../core/crypto/keyring.ts';
import { moveUsers } from './accounts.ts';
import { moveLog, requestIdOf } from './log.ts';
import type { Move } from './move.ts';
import { checkKeyring, moveKeys } from './secrets.ts';
import { highestId, listLeftOvers } from './source.ts';

/** The numbers of moved rows, with a line for each that was changed (note) or not moved (loss). */
export interface MovedIn extends Pick<Move, 'notes' | 'losses'> {
  users: number;
  secrets: number;
  events: number;
}

/** Whether this v0.6 database has moved into the vault before. */
export function hasMovedIn(vault: DatabaseSync, source: DatabaseSync): boolean {
  const found = vault.prepare('SELECT 1 FROM audit_events WHERE request_id = ? LIMIT 1').get(requestIdOf(source));
  return found !== undefined;
}

/**
 * Moves accounts, keys and log. Ids of accounts and keys stay the same, and those of deleted ones are not used again. The log is numbered
 * from 1 without gaps, in its order.
 *
 * @param target a database with the schema and no rows.
 * @throws OperatorError if the keyring opens none of the values, or there is no account.
 */
export async function moveIn(
  source: DatabaseSync,
  target: DatabaseSync,
  { keyring, now = Date.now(), progress = () => {} }: { keyring: Keyring; now?: number; progress?: Move['progress'] },
): Promise<MovedIn> {
  const move: Move = { source, target, keyring, now, progress, notes: [], losses: [], owners: new Map() };
  target.exec('PRAGMA foreign_keys = ON');
  checkKeyring(source, keyring);
  const users = await moveUsers(move);
  const secrets = moveKeys(move);
  const events = moveLog(move);
  const { token, keyId } = sealCanary(keyring);
  const oldest = target.prepare('SELECT min(created_at) AS at FROM users').get()?.at;
  target
    .prepare('INSERT INTO instance (id, created_at, key_id, canary) VALUES (1, ?, ?, ?)')
    .run(Number(oldest), keyId, token);
  keepIds(move);
  move.losses.push(...listLeftOvers(source));
  return { users, secrets, events, notes: move.notes, losses: move.losses };
}

/** Continues the numbering of v0.6. */
function keepIds({ source, target }: Move): void {
  for (const [table, old] of [
    ['users', 'users'],
    ['secrets', 'api_keys'],
  ] as const) {
    const highest = highestId(source, old);
    const row = target.prepare('SELECT seq FROM sqlite_sequence WHERE name = ?').get(table);
    if (row === undefined) target.prepare('INSERT INTO sqlite_sequence (name, seq) VALUES (?, ?)').run(table, highest);
    else target.prepare('UPDATE sqlite_sequence SET seq = max(seq, ?) WHERE name = ?').run(highest, table);
  }
}
