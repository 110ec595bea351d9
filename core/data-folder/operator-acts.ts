/**
 * What the owner of the machine does to a vault that no runtime has open: end all sessions, and give an admin a new password.
 * Both runtimes run these statements on the file. Each act leaves an event in the log, which names no
 * account as its actor.
 */

import { likeness } from '../accounts/likeness.ts';
import { passwordProblem } from '../accounts/password-policy.ts';
import { makeVerifier, passwordCost } from '../crypto/password.ts';
import { OperatorError } from '../operator-error.ts';
import type { OperatorAction } from '../policy/policy.ts';
import { type RowKeyring, sealOfAccount } from '../sealed-rows.ts';
import type { Sql } from './database.ts';

/** What the log has in place of a client's address and program. */
const origin = { address: 'localhost', userAgent: 'keystore operator' };

/** Records an act in the log. `target` is what the log says it was done to, `reason` what else there is to say. */
export function recordOperatorAct(sql: Sql, action: OperatorAction, target: string, now: number, reason = ''): void {
  sql.rows(
    `INSERT INTO audit_events (at, request_id, action, target, outcome, reason, address, user_agent)
     VALUES (?, ?, ?, ?, 'allowed', nullif(?, ''), ?, ?)`,
    ...[now, crypto.randomUUID(), action, target, reason, origin.address, origin.userAgent],
  );
}

/** Ends every session of every account. */
export function endAllSessions(sql: Sql, now: number): void {
  sql.rows('UPDATE sessions SET revoked_at = ? WHERE revoked_at IS NULL', now);
}

/**
 * Gives an admin a new password and makes sure that it can sign in: activates the account, ends all sessions of the vault,
 * and clears all throttles. Browsers and addresses that knew the account are unknown to it again.
 *
 * Makes a new seal for the account. The old one is not checked, because this also repairs an account whose seal is broken.
 *
 * @param given the admin's name, in any case or width.
 * @returns the name as it is stored.
 * @throws OperatorError if there is no such admin, or the password is not acceptable. Nothing is changed then.
 */
export async function resetAdmin(
  sql: Sql,
  keyring: RowKeyring,
  given: string,
  password: string,
  now: number,
): Promise<string> {
  const { id, name, role } = findAdmin(sql, given);
  const problem = passwordProblem(password, name);
  if (problem !== null) throw new OperatorError(`${problem} Nothing was changed.`);
  const verifier = await makeVerifier(password, passwordCost);
  const account = { id, name, role, is_active: 1, must_change_password: 0, has_default_password: 0 };
  sql.transaction(() => {
    sql.rows(
      `UPDATE users SET verifier = ?, is_active = 1, must_change_password = 0, has_default_password = 0,
       password_number = password_number + 1, seal = ? WHERE id = ?`,
      ...[verifier, sealOfAccount(keyring, { ...account, verifier }), id],
    );
    sql.rows('UPDATE users SET failures_forgiven_at = ?', now);
    sql.rows('DELETE FROM throttles');
    endAllSessions(sql, now);
    recordOperatorAct(sql, 'admin.reset', name, now);
  });
  return name;
}

function findAdmin(sql: Sql, given: string): { id: number; name: string; role: string } {
  const [found] = sql.rows('SELECT id, name, role FROM users WHERE likeness = ?', likeness(given));
  if (found?.role === 'admin') return { id: Number(found.id), name: String(found.name), role: 'admin' };
  const admins = sql.rows("SELECT name FROM users WHERE role = 'admin' ORDER BY id LIMIT 10").map((row) => row.name);
  const known = admins.length === 0 ? 'This vault has no admin.' : `The admins are: ${admins.join(', ')}.`;
  throw new OperatorError(`There is no admin named ${JSON.stringify(given)}. ${known}`);
}
