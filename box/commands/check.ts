/**
 * For HelperScripts/check-data.sh, reports the state of the vault: `node box/commands/check.ts`. For backup-data.sh, checks the
 * backup on standard input: `node box/commands/check.ts backup [--accept-damaged]`.
 */
import { createWriteStream, mkdtempDisposableSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { pipeline } from 'node:stream/promises';
import { sentences } from '../../core/settings/messages.ts';
import { requiresSeals } from '../../core/settings/require-seals.ts';
import { checkpointOf, logReport } from '../audit/report.ts';
import { type Census, checkDatabase, checkFile, openSnapshot, readKeyring, summary } from '../data/check-database.ts';
import { requireVault } from '../data/database.ts';
import { finishCommand, pendingEnv } from '../restore/restore-journal.ts';
import { type Desk, openDesk, runCommand, say } from './command.ts';

/**
 * Prints what the backup holds if it passes every check, and then the newest checkpoint of its log, if it has one. A log that does not
 * verify is a reason to look, not to have no backup.
 */
async function checkBackup({ files, lookup }: Desk, acceptDamaged: boolean): Promise<number> {
  using folder = mkdtempDisposableSync(join(files.folder, 'incoming-'));
  const file = join(folder.path, 'backup.db');
  await pipeline(process.stdin, createWriteStream(file, { flags: 'wx', mode: 0o600 }));
  const census = checkFile(file, { files, lookup, print: say, acceptDamaged });
  console.log(summary(census));
  for (const name of census.brokenSeals) say(`seal does not hold: ${name}`);
  using database = new DatabaseSync(file, { readOnly: true });
  const note = checkpointOf(database);
  if (note) process.stdout.write(note.note);
  if (note && note.unsealed > 0) say(`${note.unsealed} log entries are newer than the checkpoint.`);
  for (const line of logReport(database, files.migrationsFolder).problems)
    say(`The log in the backup does not verify: ${line}`);
  for (const line of census.damaged) say(`does not open: ${line}`);
  for (const key of census.missingKeys) say(sentences.missingKey(key));
  return 0;
}

function reportState({ files, lookup, envFile }: Desk): number {
  requireVault(files);
  using database = openSnapshot(files.file);
  const how = { progress: say, requiresSeals: requiresSeals(lookup) };
  const census = checkDatabase(database, readKeyring(lookup), files.migrationsFolder, how);
  const { users, activeAdmins, mustChangePassword, secrets, trashed, versions, events, newestEventAt, migration } =
    census;
  const newest = newestEventAt === null ? '' : `, the newest of ${new Date(newestEventAt).toISOString()}`;
  const change = mustChangePassword > 0 ? `, ${mustChangePassword} must change their password` : '';
  const opened = census.damaged.length === 0 ? 'every value opens' : `${census.damaged.length} values DO NOT OPEN`;
  console.log(`Database     ${size(files.file)}, whole, schema ${migration}`);
  console.log(`Accounts     ${users}, ${activeAdmins} active admins${change}`);
  const trash = trashed > 0 ? ` and ${trashed} in the trash` : '';
  console.log(`Keys         ${secrets}${trash} in ${versions} versions, ${opened}`);
  if (census.tokens > 0) console.log(`Tokens       ${census.tokens} service tokens that are not revoked`);
  console.log(`Log          ${events} entries${newest}`);
  const log = logReport(database, files.migrationsFolder);
  for (const line of [...log.lines, ...log.problems]) console.log(`             ${line}`);
  console.log(`Sealed with  key ${census.keyId}, which ENCRYPTION_KEY opens`);
  console.log(`Seals        ${sealState(census)}`);
  for (const name of census.brokenSeals) console.log(`             seal does not hold: ${name}`);
  for (const line of census.damaged) console.log(`             does not open: ${line}`);
  for (const key of census.missingKeys) console.log(`Missing key  ${sentences.missingKey(key)}`);
  for (const id of census.unneededKeys) {
    console.log(`Retired key  ${id}: no value here needs it. Keep it for backups of the time when it was in use.`);
  }
  if (pendingEnv(files) !== undefined) {
    console.log(`Restore      interrupted: ${envFile} does not belong to the restored vault yet. Run ${finishCommand}`);
  }
  return census.damaged.length + census.brokenSeals.length + log.problems.length === 0 ? 0 : 1;
}

function sealState({ rowsAreSealed, sealedRows, brokenSeals }: Census): string {
  const found = brokenSeals.length === 0 ? 'every seal holds' : `NOT HOLDING: ${brokenSeals.length}`;
  if (rowsAreSealed) return `${sealedRows} records, ${found}`;
  if (sealedRows === 0 && brokenSeals.length === 0) return 'not yet: the next start seals the records of this vault';
  return `sealing has begun and is not finished: ${sealedRows} records, ${found}. Start the vault`;
}

function size(file: string): string {
  const bytes = statSync(file).size;
  return bytes < 1024 * 1024 ? `${Math.ceil(bytes / 1024)} KiB` : `${(bytes / 1024 / 1024).toFixed(1)} MiB`;
}

async function main([what, ...options]: string[]): Promise<number> {
  const desk = openDesk();
  if (what === 'backup') return checkBackup(desk, options.includes('--accept-damaged'));
  return reportState(desk);
}

if (import.meta.main) await runCommand(main);
