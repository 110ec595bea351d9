/**
 * For HelperScripts/backup-data.sh. `node box/commands/backup.ts` writes a consistent copy of the database to standard output,
 * even while the vault is in use; `node box/commands/backup.ts env` writes the env file, with the keys in it even if they are
 * set elsewhere. `check.ts backup` then checks what arrived.
 */
import {
  createReadStream,
  existsSync,
  mkdtempDisposableSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
} from 'node:fs';
import { join } from 'node:path';
import type { Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { abandonedCopyMs } from '../../core/limits.ts';
import { parseEnvFile } from '../../core/settings/env-file.ts';
import { copyDatabase } from '../data/copy-database.ts';
import { requireVault, type VaultFiles } from '../data/database.ts';
import { type Desk, openDesk, runCommand } from './command.ts';

const keyNames = ['SECRET_KEY', 'ENCRYPTION_KEY', 'RETIRED_ENCRYPTION_KEYS'];

/**
 * Writes a consistent copy of the database to `output`.
 *
 * @throws OperatorError if there is no vault.
 */
export async function writeBackup(files: VaultFiles, output: Writable): Promise<void> {
  requireVault(files);
  removeAbandoned(files);
  using folder = mkdtempDisposableSync(join(files.folder, 'outgoing-'));
  const copy = join(folder.path, 'backup.db');
  await copyDatabase(files.file, copy);
  await pipeline(createReadStream(copy), output, { end: false });
}

/** The env file, with the keys that are set elsewhere (process, `_FILE`) in it. */
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
    if (!/^(?:outgoing|incoming)-/.test(name) || Date.now() - statSync(path).mtimeMs < abandonedCopyMs) continue;
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
