/**
 * `node box/commands/check.ts`: tells how the vault is, for HelperScripts/check-data.sh. `quick` leaves out opening every value,
 * `backup [--accept-damaged]` checks the backup on standard input, `prove` opens one value of the vault.
 */
import { existsSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { openValue, SealedValueError } from '../../core/crypto/keyring.ts';
import { OperatorError } from '../../core/operator-error.ts';
import { type Census, checkDatabase, readKeyring, summary } from '../data/check-database.ts';
import { holdsVault } from '../data/database.ts';
import { quoted } from '../quoted.ts';
import { pendingEnv } from '../restore/restore-journal.ts';
import { damagedValues } from '../restore/restore-stage.ts';
import { receiveAll } from '../restore/restore-stream.ts';
import { type Desk, openDesk, runCommand } from './command.ts';

const say = (line: string) => console.error(line);

/** Checks a backup before anybody is told that there is one. */
async function checkBackup({ files, lookup }: Desk, acceptDamaged: boolean): Promise<number> {
  const folder = mkdtempSync(join(files.folder, 'incoming-'));
  try {
    const file = join(folder, 'backup.db');
    await receiveAll(process.stdin, file);
    const database = new DatabaseSync(file, { readOnly: true });
    try {
      const { migrationsFolder } = files;
      const census = checkDatabase(database, { keyring: readKeyring(lookup), migrationsFolder, progress: say });
      if (census.damaged.length > 0 && !acceptDamaged) throw damagedValues(census);
      console.log(summary(census));
      for (const line of census.damaged) say(`does not open: ${line}`);
      return 0;
    } finally {
      database.close();
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Opens the newest value, with the keys and the file that the vault runs on. */
function prove({ files, lookup }: Desk): number {
  const database = openLiving(files.file);
  try {
    const row = database
      .prepare(
        `SELECT name, token, binding, key_id FROM secrets
         JOIN secret_versions ON secret_id = secrets.id AND number = current_version ORDER BY updated_at DESC LIMIT 1`,
      )
      .get();
    if (row === undefined) {
      console.log('It holds no key yet, so there is no value to open.');
      return 0;
    }
    const { name, token, binding, key_id: keyId } = row as Record<string, string>;
    if (name === undefined || token === undefined || binding === undefined || keyId === undefined) return 1;
    openValue(readKeyring(lookup), name, { token, binding, keyId });
    console.log(`A value opens: that of ${quoted(name)}.`);
    return 0;
  } catch (error) {
    if (error instanceof SealedValueError) throw new OperatorError(`A value does not open: ${error.message}.`);
    throw error;
  } finally {
    database.close();
  }
}

function tell({ files, lookup, envFile }: Desk): number {
  if (!holdsVault(files)) throw new OperatorError(`There is no vault in ${files.folder} yet.`);
  if (!existsSync(files.file)) {
    throw new OperatorError(
      `The database is missing, though there was one. Bring back a backup: HelperScripts/restore-data.sh FILE`,
    );
  }
  const database = openLiving(files.file);
  let census: Census;
  try {
    const { migrationsFolder } = files;
    census = checkDatabase(database, { keyring: readKeyring(lookup), migrationsFolder, progress: say });
  } finally {
    database.close();
  }
  const { users, activeAdmins, mustChangePassword, secrets, versions, events, newestEventAt, migration } = census;
  const newest = newestEventAt === null ? '' : `, the newest of ${new Date(newestEventAt).toISOString()}`;
  const change = mustChangePassword > 0 ? `, ${mustChangePassword} to change their password` : '';
  const opened = census.damaged.length === 0 ? 'every value opens' : `${census.damaged.length} values DO NOT OPEN`;
  console.log(`Database     ${size(files.file)}, whole, schema ${migration}`);
  console.log(`Accounts     ${users}, ${activeAdmins} active admins${change}`);
  console.log(`Keys         ${secrets} in ${versions} versions, ${opened}`);
  console.log(`Log          ${events} entries${newest}`);
  console.log(`Sealed with  key ${census.keyId}, which ENCRYPTION_KEY opens`);
  for (const line of census.damaged) console.log(`             does not open: ${line}`);
  if (pendingEnv(files) !== undefined) {
    console.log(
      `Restore      ${envFile} is not yet that of the restored vault: run HelperScripts/restore-data.sh --finish`,
    );
  }
  return census.damaged.length === 0 ? 0 : 1;
}

function openLiving(file: string): DatabaseSync {
  const database = new DatabaseSync(file, { timeout: 10_000 });
  // One moment of it, whatever is written meanwhile.
  database.exec('BEGIN');
  return database;
}

function size(file: string): string {
  const bytes = statSync(file).size;
  return bytes < 1024 * 1024 ? `${Math.ceil(bytes / 1024)} KiB` : `${(bytes / 1024 / 1024).toFixed(1)} MiB`;
}

async function main([what, ...options]: string[]): Promise<number> {
  const desk = openDesk();
  if (what === 'backup') return checkBackup(desk, options.includes('--accept-damaged'));
  if (what === 'prove') return prove(desk);
  return tell(desk);
}

if (import.meta.main) await runCommand(main);
