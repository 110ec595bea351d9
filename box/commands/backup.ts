/**
 * `node box/commands/backup.ts`: writes a consistent copy of the vault's database to standard output, also while it is being
 * written. `node box/commands/backup.ts env` writes the env file to go with it, with both keys in it wherever they came from.
 *
 * HelperScripts/backup-data.sh calls both, and `box/commands/check.ts backup` on what arrived.
 */
import { createReadStream, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { OperatorError } from '../../core/operator-error.ts';
import { parseEnvFile } from '../../core/settings/env-file.ts';
import { holdsVault, type VaultFiles } from '../data/database.ts';
import { copyDatabase } from '../restore/restore-journal.ts';
import { type Desk, openDesk, runCommand } from './command.ts';

/** A copy that an earlier run was killed over is removed when it is this old. */
const abandonedMs = 3_600_000;

const keyNames = ['SECRET_KEY', 'ENCRYPTION_KEY', 'RETIRED_ENCRYPTION_KEYS'];

/** Writes a consistent copy of the database to `output`. */
export async function writeBackup(files: VaultFiles, output: Writable): Promise<void> {
  if (!holdsVault(files)) throw new OperatorError(`There is no vault in ${files.folder} to back up.`);
  if (!existsSync(files.file)) throw new OperatorError(`The database of the vault in ${files.folder} is missing.`);
  removeAbandoned(files);
  const folder = mkdtempSync(join(files.folder, 'outgoing-'));
  try {
    const copy = join(folder, 'backup.db');
    await copyDatabase(files.file, copy);
    await pipeline(createReadStream(copy), output, { end: false });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The env file as it is, and under it those keys of the vault that come from elsewhere. */
export function envForBackup({ envFile, lookup }: Pick<Desk, 'envFile' | 'lookup'>): string {
  const text = existsSync(envFile) ? readFileSync(envFile, 'utf8') : '';
  const inFile = parseEnvFile(text, envFile);
  const missing = keyNames.filter((name) => lookup(name) !== undefined && lookup(name) !== inFile[name]);
  if (missing.length === 0) return text;
  const kept = text.split('\n').filter((line) => !missing.some((name) => line.trimStart().startsWith(`${name}=`)));
  const lines = missing.map((name) => `${name}=${lookup(name)}`);
  return `${[...kept.filter((line, at) => line !== '' || at < kept.length - 1), ...lines].join('\n')}\n`;
}

function removeAbandoned({ folder }: VaultFiles): void {
  for (const name of readdirSync(folder)) {
    const path = join(folder, name);
    if (!/^(?:outgoing|incoming)-/.test(name) || Date.now() - statSync(path).mtimeMs < abandonedMs) continue;
    rmSync(path, { recursive: true, force: true });
  }
}

async function main([what = 'database']: string[]): Promise<number> {
  const desk = openDesk();
  if (what === 'env') process.stdout.write(envForBackup(desk));
  else await writeBackup(desk.files, process.stdout);
  return 0;
}

if (import.meta.main) await runCommand(main);
