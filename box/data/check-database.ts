/** Checks a whole vault, and reports what it holds: for backups, restores and check-data.sh. */
import { statSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { KeyFormatError } from '../../core/crypto/key-material.ts';
import { type Keyring, openCanary, openValue, parseKeyring, SealedValueError } from '../../core/crypto/keyring.ts';
import { appliedMigrations } from '../../core/data-folder/database.ts';
import { copyBusyTimeoutMs } from '../../core/limits.ts';
import { OperatorError } from '../../core/operator-error.ts';
import { sentences } from '../../core/settings/messages.ts';
import { requiresSeals } from '../../core/settings/require-seals.ts';
import type { Lookup } from '../../core/settings/settings.ts';
import { quoted } from '../quoted.ts';
import { checkSeals } from './check-seals.ts';
import { checkTokens } from './check-tokens.ts';
import { readMigrations, sqlOf, type VaultFiles } from './database.ts';
import { openEveryValue, type StoredVersion } from './open-values.ts';

/** What a vault holds: counts and fingerprints, never a value. */
export type Census = ReturnType<typeof checkDatabase>;

/**
 * Checks a whole vault: integrity, schema, the canary, and that every value opens for the name under which it is stored.
 *
 * @throws OperatorError if a check fails; values that do not open are listed in the census instead.
 */
export function checkDatabase(
  database: DatabaseSync,
  keyring: Keyring,
  migrationsFolder: string,
  { progress = () => {}, requiresSeals = false }: { progress?: (line: string) => void; requiresSeals?: boolean } = {},
) {
  checkIntegrity(database);
  const migration = checkSchema(database, migrationsFolder);
  const keyId = checkCanary(database, keyring);
  const count = (sql: string) => Number(database.prepare(`SELECT count(*) AS count FROM ${sql}`).get()?.count);
  const newest = database.prepare('SELECT max(at) AS at FROM audit_events').get()?.at;
  return {
    migration,
    keyId,
    users: count('users'),
    activeAdmins: count("users WHERE role = 'admin' AND is_active"),
    mustChangePassword: count('users WHERE must_change_password'),
    secrets: count(secretsInUse(database)),
    trashed: count('secrets') - count(secretsInUse(database)),
    versions: count('secret_versions WHERE token IS NOT NULL'),
    tokens: checkTokens(database),
    ...checkSeals(database, keyring, requiresSeals),
    events: count('audit_events'),
    newestEventAt: typeof newest === 'number' ? newest : null,
    ...openEveryValue(database, keyring, count('secret_versions WHERE token IS NOT NULL'), progress),
  };
}

/** The secrets that are not in the trash, for FROM. Vaults of earlier versions have no trash. */
export function secretsInUse(database: DatabaseSync): string {
  const hasTrash = database.prepare("SELECT 1 FROM pragma_table_info('secrets') WHERE name = 'deleted_at'").get();
  return hasTrash ? 'secrets WHERE deleted_at IS NULL' : 'secrets';
}

/** How to check a file: with the keys that `lookup` finds, and what to print meanwhile. */
export interface FileCheck {
  files: VaultFiles;
  lookup: Lookup;
  print: (line: string) => void;
  /** Whether values that do not open are accepted. */
  acceptDamaged?: boolean;
  /** Whether it may be from before there were seals, whatever the settings say: a restore seals it. */
  mayBeOld?: boolean;
}

/**
 * Checks a database file to which no process writes.
 *
 * @throws OperatorError if a check fails.
 */
export function checkFile(file: string, check: FileCheck): Census {
  const { files, lookup, print, acceptDamaged = false, mayBeOld = false } = check;
  using database = new DatabaseSync(file, { readOnly: true });
  const how = { progress: print, requiresSeals: !mayBeOld && requiresSeals(lookup) };
  const census = checkDatabase(database, readKeyring(lookup), files.migrationsFolder, how);
  checkNotCut(database, file);
  if (census.brokenSeals.length > 0 && !acceptDamaged) throw brokenSeals(census);
  if (census.damaged.length > 0 && !acceptDamaged) throw damagedValues(census);
  return census;
}

/** SQLite reads zeros where the last page is cut short, which does no harm to an empty page. The file is not what it was. */
function checkNotCut(database: DatabaseSync, file: string): void {
  const pageBytes = Number(database.prepare('PRAGMA page_size').get()?.page_size);
  if (statSync(file).size % pageBytes !== 0)
    throw new OperatorError('The database is damaged (its file is cut short).');
}

/** Names the values that do not open, and the option that accepts them. */
function damagedValues({ damaged, versions, missingKeys }: Census): OperatorError {
  const named = damaged.slice(0, 100).map((line) => `  ${line}`);
  if (damaged.length > named.length) named.push(`  and ${damaged.length - named.length} more`);
  const missing = missingKeys.map((key) => `\n${sentences.missingKey(key)}`).join('');
  return new OperatorError(
    `${damaged.length} of ${versions} values do not open:\n${named.join('\n')}${missing}\nTo go on all the same, pass --accept-damaged.`,
  );
}

/** Names the rows that something other than the vault has changed, and the option that accepts them as they are. */
function brokenSeals({ brokenSeals: broken }: Census): OperatorError {
  const named = broken.slice(0, 100).map((name) => `  seal does not hold: ${name}`);
  if (broken.length > named.length) named.push(`  and ${broken.length - named.length} more`);
  return new OperatorError(
    `Something other than a vault has changed ${broken.length} records, so the vault does not trust them:\n${named.join('\n')}\nTo go on all the same, pass --accept-damaged. The vault then goes on refusing what relies on them.`,
  );
}

/** Checks every page, index and constraint, and unless `hasReferences` is false, every foreign key. */
export function checkIntegrity(database: DatabaseSync, { hasReferences = true } = {}): void {
  let found: string;
  try {
    found = String(database.prepare('PRAGMA integrity_check(1)').get()?.integrity_check);
  } catch (error) {
    throw new OperatorError(`This file is not a readable SQLite database (${(error as Error).message}).`);
  }
  if (found !== 'ok') throw new OperatorError(`The database is damaged (${found.replace(/\s+/g, ' ').slice(0, 200)}).`);
  const orphan = hasReferences && database.prepare('PRAGMA foreign_key_check').get();
  if (orphan) throw new OperatorError(`The database is damaged (a row of ${orphan.table} refers to a missing row).`);
}

/** Whether the tables are those of a vault, of any version. */
export function isVault(database: DatabaseSync): boolean {
  const sql = "SELECT count(*) AS count FROM sqlite_schema WHERE name IN ('d1_migrations', 'instance')";
  return database.prepare(sql).get()?.count === 2;
}

/** Compares every table, index and trigger with what the same migrations create. Returns the newest migration. */
function checkSchema(database: DatabaseSync, migrationsFolder: string): string {
  if (!isVault(database)) throw new OperatorError('This SQLite database is not a vault.');
  const known = new Map(readMigrations(migrationsFolder).map(({ name, sql }) => [name, sql]));
  const applied = appliedMigrations(sqlOf(database));
  const unknown = applied.filter((name) => !known.has(name));
  if (unknown.length > 0) {
    throw new OperatorError(
      `This vault was last used by a newer version of Keystore (it has ${unknown.join(', ')}). Use that version.`,
    );
  }
  using model = new DatabaseSync(':memory:');
  for (const name of applied) model.exec(known.get(name) ?? '');
  const expected = schemaOf(model);
  const found = schemaOf(database);
  const differing = [...new Set([...expected.keys(), ...found.keys()])].filter(
    (name) => expected.get(name) !== found.get(name),
  );
  if (differing.length > 0) {
    throw new OperatorError(`The schema does not match ${applied.at(-1) ?? 'any version'}: ${differing.join(', ')}.`);
  }
  return applied.at(-1) ?? '';
}

function schemaOf(database: DatabaseSync): Map<string, string> {
  const rows = database.prepare(
    "SELECT name, sql FROM sqlite_schema WHERE sql IS NOT NULL AND name <> 'd1_migrations'",
  );
  const ours = rows.all().filter(({ name }) => !/^(?:sqlite_|_cf_)/.test(String(name)));
  return new Map(ours.map(({ name, sql }) => [String(name), String(sql).replace(/\s+/g, ' ')]));
}

const recordMissing = 'The record of the sealing key is missing from this vault.';
const unused =
  'This vault has no account, no key and no log yet, because its first start did not succeed: there is nothing to back up or to restore. Start it first; it says what is wrong.';

/** Whether a vault was never set up: its first start made the tables and ended before the first account. */
function isUnused(database: DatabaseSync): boolean {
  const tables = ['users', 'secrets', 'audit_events'];
  return tables.every((table) => database.prepare(`SELECT 1 FROM ${table} LIMIT 1`).get() === undefined);
}

function checkCanary(database: DatabaseSync, keyring: Keyring): string {
  const instance = database.prepare('SELECT key_id, canary FROM instance').get();
  if (!instance) throw new OperatorError(isUnused(database) ? unused : recordMissing);
  const keyId = String(instance.key_id);
  if (!keyring.byId.has(keyId)) {
    throw new OperatorError(
      `ENCRYPTION_KEY has the fingerprint ${keyring.primary.id}, but this vault is sealed with the key ${keyId}.`,
    );
  }
  if (!openCanary(keyring, String(instance.canary), keyId)) {
    throw new OperatorError('The record of the sealing key is damaged.');
  }
  return keyId;
}

/**
 * Opens the newest value of a vault that may be in use.
 *
 * @returns a message that names it.
 * @throws OperatorError if the value does not open.
 */
export function proveValueOpens(file: string, keyring: Keyring): string {
  using database = openSnapshot(file);
  const row = database
    .prepare(
      `SELECT name, number, token, binding, key_id FROM secrets
       JOIN secret_versions ON secret_id = secrets.id AND number = current_version ORDER BY updated_at DESC LIMIT 1`,
    )
    .get();
  if (row === undefined) return 'The vault holds no keys, so there is no value to open.';
  const { name, token, binding, key_id: keyId } = row as unknown as StoredVersion;
  try {
    openValue(keyring, name, { token, binding, keyId });
  } catch (error) {
    if (error instanceof SealedValueError) throw new OperatorError(`A value does not open: ${error.message}.`);
    throw error;
  }
  return `A value opens: that of ${quoted(name)}.`;
}

/** Opens a database that may be in use. All reads see the same moment, whatever is written meanwhile. */
export function openSnapshot(file: string): DatabaseSync {
  const database = new DatabaseSync(file, { timeout: copyBusyTimeoutMs });
  database.exec('BEGIN');
  return database;
}

/**
 * Parses the keys that open a vault.
 *
 * @throws OperatorError if ENCRYPTION_KEY is missing or malformed.
 */
export function readKeyring(lookup: Lookup): Keyring {
  return parseKey(() => parseKeyring(lookup('ENCRYPTION_KEY'), lookup('RETIRED_ENCRYPTION_KEYS')));
}

/** Parses a key from the operator's settings; its errors are for the operator. */
export function parseKey<Key>(parse: () => Key): Key {
  try {
    return parse();
  } catch (error) {
    if (error instanceof KeyFormatError) throw new OperatorError(error.message);
    throw error;
  }
}

/** A census in one line. */
export function summary({ users, secrets, trashed, versions, tokens, events, keyId, migration }: Census): string {
  const trash = trashed > 0 ? ` and ${trashed} in the trash` : '';
  const programs = tokens > 0 ? `, ${tokens} service tokens` : '';
  return `${users} accounts, ${secrets} keys${trash} (${versions} versions)${programs}, ${events} log entries; schema ${migration}, key ${keyId}`;
}
