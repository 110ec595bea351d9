/**
 * What the owner of the machine does to a vault that no runtime has open: end all sessions, and give an admin a new password.
 * Both runtimes run these statements on the file. Each act leaves an event in the log, which names no
 * account as its actor.
 */

import { likeness } from '../accounts/likeness.ts';
import { OperatorError } from '../operator-error.ts';
import type { OperatorAction } from '../policy/policy.ts';
import type { Sql } from './database.ts';

/** What the log has in place of a client's address and program. */
const origin = { address: 'localhost', userAgent: 'keystore operator' };

/** Records an act in the log. `target` is what the log says it was done to. */
export function recordOperatorAct(sql: Sql, action: OperatorAction, target: string, now: number): void {
  sql.rows(
    `INSERT INTO audit_events (at, request_id, action, target, outcome, address, user_agent)
     VALUES (?, ?, ?, ?, 'allowed', ?, ?)`,
    ...[now, crypto.randomUUID(), action, target, origin.address, origin.userAgent],
  );
}

/** Ends every session of every account. */
export function endAllSessions(sql: Sql, now: number): void {
  sql.rows('UPDATE sessions SET revoked_at = ? WHERE revoked_at IS NULL', now);
}

/** The name of the admin that is called `name`, in any case or width. Throws an OperatorError if there is none. */
export function findAdmin(sql: Sql, name: string): string {
  const [found] = sql.rows('SELECT name, role FROM users WHERE likeness = ?', likeness(name));
  if (found?.role === 'admin') return String(found.name);
  const admins = sql.rows("SELECT name FROM users WHERE role = 'admin' ORDER BY id LIMIT 10").map((row) => row.name);
  const known = admins.length === 0 ? 'This vault has no admin.' : `The admins are: ${admins.join(', ')}.`;
  throw new OperatorError(`There is no admin named ${JSON.stringify(name)}. ${known}`);
}

/**
 * Gives an admin a new password and makes sure that it can sign in: activates the account, ends all sessions of the vault,
 * and forgets failed sign-ins. Browsers and addresses that the admin's account knew by the old password are unknown again.
 *
 * @param name as `findAdmin` returns it.
 * @param verifier of the new password.
 */
export function resetAdmin(sql: Sql, name: string, verifier: string, now: number): void {
  sql.transaction(() => {
    sql.rows(
      `UPDATE users SET verifier = ?, is_active = 1, must_change_password = 0, has_default_password = 0,
         password_number = password_number + 1 WHERE name = ?`,
      ...[verifier, name],
    );
    sql.rows('UPDATE users SET failures_forgiven_at = ?', now);
    sql.rows('DELETE FROM throttles');
    endAllSessions(sql, now);
    recordOperatorAct(sql, 'admin.reset', name, now);
  });
}
