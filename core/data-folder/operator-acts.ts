/**
 * What the owner of the machine does to a vault that no runtime has open: end all sessions, and give an admin a new password.
 * Both runtimes run these statements on the file. Each act leaves an event in the log, which names no
 * account as its actor.
 */

import { likeness } from '../accounts/likeness.ts';
import { passwordProblem } from '../accounts/password-policy.ts';
import type { Keyring } from '../crypto/keyring.ts';
import { makeVerifier, passwordCost } from '../crypto/password.ts';
import { OperatorError } from '../operator-error.ts';
import type { OperatorAction } from '../policy/policy.ts';
import { rowOf, sealedRowSql, sealHolds, sealOfAccount } from '../sealed-rows.ts';
import type { Sql } from './database.ts';
import { sealedState } from './sealed-state.ts';

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

/** An admin, as the operator tells the account from another one of that name. */
export interface Admin {
  id: number;
  name: string;
  createdAt: number;
}

/** The account is not what the vault has sealed: the operator says whether it is meant all the same. */
export class AccountChanged extends Error {
  override readonly name = 'AccountChanged';
  readonly admin: Admin;
  constructor(admin: Admin) {
    super('The seal of the account does not hold.');
    this.admin = admin;
  }
}

/**
 * Gives an admin a new password and makes sure that it can sign in: activates the account, ends all sessions of the vault,
 * and clears all throttles. Browsers and addresses that knew the account are unknown to it again.
 *
 * Makes a new seal for the account as it is. If the old one does not hold, somebody else may have made the account.
 *
 * @param given the admin's name, in any case or width.
 * @param isMeant whether the operator has seen whose the account is.
 * @throws AccountChanged if its seal does not hold and nobody said that it is meant; nothing is changed then.
 * @throws OperatorError if there is no such admin, or the password is not acceptable. Nothing is changed then.
 */
export async function resetAdmin(
  sql: Sql,
  keyring: Keyring,
  given: string,
  password: string,
  now: number,
  isMeant: boolean,
): Promise<Admin> {
  const admin = findAdmin(sql, given);
  const { id, name } = admin;
  if (!isMeant && !isAsSealed(sql, keyring, id)) throw new AccountChanged(admin);
  const problem = passwordProblem(password, name);
  if (problem !== null) throw new OperatorError(`${problem} Nothing was changed.`);
  const verifier = await makeVerifier(password, passwordCost);
  const account = { id, name, role: 'admin', is_active: 1, must_change_password: 0, has_default_password: 0 };
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
  return admin;
}

/** Whether the seal of an account holds; or whether it needs none, since the vault has not sealed its rows yet. */
function isAsSealed(sql: Sql, keyring: Keyring, id: number): boolean {
  const [found] = sql.rows(`SELECT ${sealedRowSql('users', 'users')} AS sealed FROM users WHERE id = ?`, id);
  const row = rowOf(JSON.parse(String(found?.sealed)));
  if (row[3] === null && sealedState(sql, keyring) === 'never') return true;
  const [record] = sql.rows('SELECT key_id FROM instance');
  return sealHolds(keyring, row, { isTakeOver: record?.key_id !== keyring.primary.id });
}

function findAdmin(sql: Sql, given: string): Admin {
  const [found] = sql.rows('SELECT id, name, role, created_at FROM users WHERE likeness = ?', likeness(given));
  if (found?.role === 'admin') {
    return { id: Number(found.id), name: String(found.name), createdAt: Number(found.created_at) };
  }
  const admins = sql.rows("SELECT name FROM users WHERE role = 'admin' ORDER BY id LIMIT 10").map((row) => row.name);
  const known = admins.length === 0 ? 'This vault has no admin.' : `The admins are: ${admins.join(', ')}.`;
  throw new OperatorError(`There is no admin named ${JSON.stringify(given)}. ${known}`);
}
