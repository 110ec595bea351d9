/** Moves the accounts of v0.6, with their password verifiers. */
import { defaultPasswords } from '../../core/accounts/default-passwords.ts';
import { likeness } from '../../core/accounts/likeness.ts';
import { parseVerifier, passwordCost, verifyPassword } from '../../core/crypto/password.ts';
import { OperatorError } from '../../core/operator-error.ts';
import { nativeScrypt } from '../native-scrypt.ts';
import { quoted } from '../quoted.ts';
import { type Move, timeOf } from './move.ts';
import { Names } from './names.ts';
import { type Old, readOld } from './source.ts';
import { parseTime } from './times.ts';

/** Concurrent password checks: the number of threads that Node.js has for them. */
const maxConcurrentChecks = 4;

/**
 * Moves every account.
 *
 * @returns their number.
 * @throws OperatorError if there is none.
 */
export async function moveUsers(move: Move): Promise<number> {
  const old = [...readOld(move.source, 'users')];
  if (old.length === 0)
    throw new OperatorError('This v0.6 database has no accounts, so there is nothing to move in. Choose another file.');
  const names = new Names(old.map(({ username }) => username));
  const likenesses = new Map<string, string>();
  const withDefaults = await findDefaultPasswords(old, move.progress);
  const insert = move.target.prepare(
    `INSERT INTO users (id, name, likeness, verifier, role, is_active, must_change_password, has_default_password, created_at,
       last_login_at)
     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?7, ?8, ?9)`,
  );
  move.target.exec('BEGIN');
  for (const user of old) {
    const { name, because } = names.forUser(user.username);
    if (because) move.notes.push(`The account ${quoted(user.username)} is now ${quoted(name)}: ${because}.`);
    insert.run(
      user.id,
      name,
      uniqueLikeness(move, name, user.id, likenesses),
      user.password_hash,
      roleOf(move, user, name),
      Number(user.is_active),
      Number(withDefaults.has(user.id)),
      timeOf(move, user.created_at, `The account ${quoted(name)}`, move.now),
      parseTime(user.last_login),
    );
    move.owners.set(user.id, name);
    describeAccess(move, user, name, withDefaults);
  }
  move.target.exec('COMMIT');
  if (!old.some(({ role, is_active }) => role === 'admin' && is_active)) {
    move.notes.push('No account is an active admin, so accounts cannot be managed.');
  }
  return old.length;
}

function describeAccess(move: Move, user: Old<'users'>, name: string, withDefaults: ReadonlySet<number>): void {
  if (withDefaults.has(user.id)) {
    move.notes.push(`The account ${quoted(name)} has a default password and is marked to change it.`);
  }
  if (parseVerifier(user.password_hash) === null) {
    move.losses.push(
      `the password of the account ${quoted(name)}: its stored form is unknown; an admin can set a new one`,
    );
  }
}

/** v0.6 allowed accounts that look alike. Both move, and the later one gets a likeness that no name has. */
function uniqueLikeness(move: Move, name: string, id: number, taken: Map<string, string>): string {
  const plain = likeness(name);
  const other = taken.get(plain);
  if (other === undefined) {
    taken.set(plain, name);
    return plain;
  }
  move.notes.push(`The accounts ${quoted(other)} and ${quoted(name)} look alike; both were moved.`);
  // Likenesses of valid names contain no control characters.
  return `${plain}\u001f${id}`;
}

function roleOf(move: Move, { role }: Old<'users'>, name: string): string {
  if (role === 'admin' || role === 'user') return role;
  move.notes.push(`The account ${quoted(name)} had the role ${quoted(role)} and is now a user.`);
  return 'user';
}

/** Finds the ids of accounts that still have a default password of v0.6. */
async function findDefaultPasswords(users: Old<'users'>[], progress: Move['progress']): Promise<Set<number>> {
  const found = new Set<number>();
  const waiting = [...users];
  let checked = 0;
  async function checkWaiting(): Promise<void> {
    for (let user = waiting.shift(); user; user = waiting.shift()) {
      for (const password of Object.values(defaultPasswords)) {
        if (await verifyPassword(password, user.password_hash, passwordCost, nativeScrypt)) found.add(user.id);
      }
      checked++;
      if (checked % 20 === 0) progress(`Checked the passwords of ${checked} of ${users.length} accounts.`);
    }
  }
  await Promise.all(Array.from({ length: maxConcurrentChecks }, checkWaiting));
  return found;
}
