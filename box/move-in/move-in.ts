import type { DatabaseSync } from 'node:sqlite';
import { likeness } from '../../core/accounts/likeness.ts';
import { fromUtf8 } from '../../core/crypto/encoding.ts';
import { openFernet } from '../../core/crypto/fernet.ts';
import { type Keyring, type SealingKey, sealCanary } from '../../core/crypto/keyring.ts';
import { parseVerifier, passwordCost, verifyPassword } from '../../core/crypto/password.ts';
import { OperatorError } from '../../core/operator-error.ts';
import { actionOf, wireAction } from '../../core/vocabulary.ts';
import { quoted } from '../quoted.ts';
import { Names } from './names.ts';
import {
  countRows,
  digest,
  highestId,
  listLeftOvers,
  type OldKey,
  type OldLogEntry,
  type OldUser,
  readKeys,
  readLog,
  readUsers,
} from './source.ts';
import { parseTime } from './times.ts';

/** What came over, what came over differently, and what did not. One line for each of the latter two. */
export interface MovedIn {
  users: number;
  secrets: number;
  events: number;
  notes: string[];
  losses: string[];
}

/** Rows that are written in one transaction. */
const chunkRows = 5_000;
const userAgentCharactersMost = 256;
const defaultPasswords = ['admin123', 'user123'];
/** Password checks at once: as many as Node.js has threads for. */
const checksAtOnce = 4;

interface Move {
  source: DatabaseSync;
  target: DatabaseSync;
  keyring: Keyring;
  now: number;
  progress: (line: string) => void;
  notes: string[];
  losses: string[];
  /** Account ids that came over, with the name they have now. */
  owners: Map<number, string>;
}

/** The name that imported log entries have for their request: it tells which database they came from. */
export function requestIdOf(source: DatabaseSync): string {
  return `moved-in-${digest(source)}`;
}

/** Whether a vault holds what the v0.6 database holds, because it moved in before. */
export function hasMovedIn(vault: DatabaseSync, source: DatabaseSync): boolean {
  const found = vault.prepare('SELECT 1 FROM audit_events WHERE request_id = ? LIMIT 1').get(requestIdOf(source));
  return found !== undefined;
}

/**
 * Moves a v0.6 database into a new vault: accounts with their verifiers, keys with the very tokens that v0.6 sealed, and
 * the log. `target` has the schema and is empty. Ids stay, and no id that v0.6 ever gave is given again.
 *
 * @throws OperatorError if the key opens none of the values, or there is no account.
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

/** Known before anything that takes long. One value that opens is enough: the others are told one by one. */
function checkKeyring(source: DatabaseSync, keyring: Keyring): void {
  let tried = 0;
  for (const { encrypted_value } of readKeys(source)) {
    if (typeof openingKey(keyring, encrypted_value) !== 'string') return;
    tried++;
  }
  if (tried === 0) return;
  throw new OperatorError(
    `None of the ${tried} values opens with this ENCRYPTION_KEY (fingerprint ${keyring.primary.id}). Use the .env that belongs to the v0.6 database.`,
  );
}

async function moveUsers(move: Move): Promise<number> {
  const old = [...readUsers(move.source)];
  if (old.length === 0) throw new OperatorError('This v0.6 database has no account, so there is nothing to move in.');
  const names = new Names(old.map(({ username }) => username));
  const likenesses = new Map<string, string>();
  const withDefaults = await findDefaultPasswords(old, move.progress);
  const insert = move.target.prepare(
    `INSERT INTO users (id, name, likeness, verifier, role, is_active, must_change_password, created_at, last_login_at)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
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
    move.notes.push('No account is an active admin, so nobody can manage the others.');
  }
  return old.length;
}

function describeAccess(move: Move, user: OldUser, name: string, withDefaults: ReadonlySet<number>): void {
  if (withDefaults.has(user.id)) {
    move.notes.push(`The account ${quoted(name)} has a default password and is marked to change it.`);
  }
  if (parseVerifier(user.password_hash) === null) {
    move.losses.push(
      `the password of the account ${quoted(name)}: it is not stored in a form that can be checked; an admin can set a new one`,
    );
  }
}

/** Two accounts that look alike were possible in v0.6. Both come over; the later one's likeness is made its own. */
function uniqueLikeness(move: Move, name: string, id: number, taken: Map<string, string>): string {
  const plain = likeness(name);
  const other = taken.get(plain);
  if (other === undefined) {
    taken.set(plain, name);
    return plain;
  }
  move.notes.push(`The accounts ${quoted(other)} and ${quoted(name)} look alike; both came over.`);
  // No likeness of a name that the API takes holds a control character, so this one collides with none.
  return `${plain}\u001f${id}`;
}

function roleOf(move: Move, { role }: OldUser, name: string): string {
  if (role === 'admin' || role === 'user') return role;
  move.notes.push(`The account ${quoted(name)} had the role ${quoted(role)} and is now a user.`);
  return 'user';
}

/** The ids of accounts whose password is one that v0.6 came with. */
async function findDefaultPasswords(users: OldUser[], progress: Move['progress']): Promise<Set<number>> {
  const found = new Set<number>();
  const waiting = [...users];
  let checked = 0;
  async function checkWaiting(): Promise<void> {
    for (let user = waiting.shift(); user; user = waiting.shift()) {
      for (const password of defaultPasswords) {
        if (await verifyPassword(password, user.password_hash, passwordCost)) found.add(user.id);
      }
      checked++;
      if (checked % 20 === 0) progress(`Looked at the passwords of ${checked} of ${users.length} accounts.`);
    }
  }
  await Promise.all(Array.from({ length: checksAtOnce }, checkWaiting));
  return found;
}

function moveKeys(move: Move): number {
  const { source, target, keyring, losses, notes, progress } = move;
  const total = countRows(source, 'api_keys');
  const names = new Names(allKeyNames(source));
  const insertSecret = target.prepare(
    `INSERT INTO secrets (id, name, description, owner_id, created_by, created_at, updated_at, current_version)
     VALUES (?, ?, ?, ?, ?, ?, ?, 1)`,
  );
  const insertVersion = target.prepare(
    `INSERT INTO secret_versions (secret_id, number, token, binding, key_id, created_at, created_by)
     VALUES (?, 1, ?, ?, ?, ?, ?)`,
  );
  let moved = 0;
  inChunks(target, readKeys(source), (key, done) => {
    const sealed = openingKey(keyring, key.encrypted_value);
    if (typeof sealed === 'string') {
      losses.push(`the key ${quoted(key.key_name)} of ${quoted(key.created_by ?? '')}: ${sealed}`);
    } else {
      const { name, because } = names.forKey(key.key_name);
      if (because) notes.push(`The key ${quoted(key.key_name)} is now ${quoted(name)}: ${because}.`);
      const owner = ownerOf(move, key, name);
      const createdBy = key.created_by ?? move.owners.get(owner) ?? '';
      const createdAt = timeOf(move, key.created_at, `The key ${quoted(name)}`, parseTime(key.updated_at) ?? move.now);
      const updatedAt = parseTime(key.updated_at) ?? createdAt;
      insertSecret.run(key.id, name, key.description ?? '', owner, createdBy, createdAt, updatedAt);
      insertVersion.run(
        key.id,
        key.encrypted_value,
        sealed.bind(name, key.encrypted_value),
        sealed.id,
        updatedAt,
        createdBy,
      );
      moved++;
    }
    if (done % chunkRows === 0) progress(`Keys: ${done} of ${total}.`);
  });
  return moved;
}

function* allKeyNames(source: DatabaseSync): Generator<string> {
  for (const { key_name } of readKeys(source)) yield key_name;
}

/** The key of the keyring that opens a token; or why none does, as the end of a sentence. */
function openingKey(keyring: Keyring, token: string): SealingKey | string {
  for (const key of keyring.byId.values()) {
    try {
      const value = openFernet(key.fernet, token);
      try {
        fromUtf8(value);
        return key;
      } catch {
        return 'its value opens, but is not text';
      }
    } catch {
      // Perhaps the next key does.
    }
  }
  return 'its value does not open with ENCRYPTION_KEY';
}

/** A key without an owner falls to whoever created it, or else to an admin. */
function ownerOf(move: Move, { owner_id, created_by }: OldKey, name: string): number {
  if (owner_id !== null && move.owners.has(owner_id)) return owner_id;
  for (const [id, owner] of move.owners) if (owner === created_by) return id;
  const admin = move.target.prepare("SELECT id FROM users ORDER BY role <> 'admin', NOT is_active, id LIMIT 1").get();
  const id = Number(admin?.id);
  move.notes.push(`The key ${quoted(name)} had no owner and now belongs to ${quoted(move.owners.get(id) ?? '')}.`);
  return id;
}

function moveLog(move: Move): number {
  const { source, target, notes, progress } = move;
  const total = countRows(source, 'access_log');
  const requestId = requestIdOf(source);
  const insert = target.prepare(
    `INSERT INTO audit_events (id, at, request_id, actor_id, actor_name, action, target, outcome, reason, address, user_agent)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  );
  let previous = 0;
  let untimed = 0;
  let cleaned = 0;
  const events = inChunks(target, readLog(source), (entry, done) => {
    const time = parseTime(entry.timestamp);
    if (time === null) untimed++;
    previous = time ?? previous;
    const agent = inert(entry.user_agent ?? '');
    if (agent !== (entry.user_agent ?? '')) cleaned++;
    const { outcome, reason } = outcomeOf(entry);
    const action = actionIn(entry);
    insert.run(
      ...[entry.id, previous, requestId, entry.user_id, entry.user_name, action, entry.key_name, outcome, reason],
      ...[entry.ip_address ?? 'unknown', agent],
    );
    if (done % (5 * chunkRows) === 0) progress(`Log: ${done} of ${total} entries.`);
  });
  if (untimed > 0) notes.push(`${untimed} log entries had no readable time and have that of the entry before them.`);
  if (cleaned > 0) {
    notes.push(
      `${cleaned} log entries had a user agent with control characters or over ${userAgentCharactersMost} characters; it was cleaned.`,
    );
  }
  if (events > 0) return events;
  // What tells a second time that this was done is a log entry, so there is at least one.
  insert.run(1, move.now, requestId, null, null, 'moved_in', null, 'allowed', null, 'unknown', '');
  return 0;
}

/** Ours where it says the same when it is read again, else v0.6's own word. */
function actionIn({ action, success, key_name }: OldLogEntry): string {
  if (action === null) return 'unknown';
  const ours = actionOf(action);
  if (wireAction(ours, success) !== action) return action;
  // The wire has a key's name only for actions on keys.
  if (key_name !== null && !ours.startsWith('secret.')) return action;
  return ours;
}

/** v0.6 said that something failed and never why. */
function outcomeOf({ action, success }: OldLogEntry): { outcome: string; reason: string | null } {
  if (success) return { outcome: 'allowed', reason: null };
  return { outcome: action?.startsWith('login') ? 'unauthenticated' : 'denied', reason: 'not_recorded' };
}

/** As the service itself stores a user agent: it ends up in terminals. */
function inert(userAgent: string): string {
  return [...userAgent.replace(/[\p{C}\p{Zl}\p{Zp}]/gu, '')].slice(0, userAgentCharactersMost).join('');
}

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

function timeOf(move: Move, stored: unknown, whose: string, otherwise: number): number {
  const time = parseTime(stored);
  if (time === null) move.notes.push(`${whose} had no readable date of creation.`);
  return time ?? otherwise;
}

/** Writes rows in transactions of `chunkRows`, so that neither memory nor journal grows with the database. */
function inChunks<Row>(target: DatabaseSync, rows: Iterable<Row>, write: (row: Row, done: number) => void): number {
  let done = 0;
  target.exec('BEGIN');
  for (const row of rows) {
    done++;
    write(row, done);
    if (done % chunkRows === 0) target.exec('COMMIT; BEGIN');
  }
  target.exec('COMMIT');
  return done;
}
