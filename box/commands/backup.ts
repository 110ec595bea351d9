/**
 * For HelperScripts/backup-data.sh. `node box/commands/backup.ts` writes a consistent copy of the database to standard output,
 * even while the vault is in use; `node box/commands/backup.ts env` writes the env file, with the keys in it even if they are
 * set elsewhere. `check.ts backup` then checks what arrived, and `node box/commands/backup.ts made` notes when, for the metrics.
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
import { DatabaseSync } from 'node:sqlite';
import type { Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Keyring } from '../../core/crypto/keyring.ts';
import { abandonedCopyMs } from '../../core/limits.ts';
import { newestBackupFile } from '../../core/newest-backup.ts';
import { OperatorError } from '../../core/operator-error.ts';
import { readEnvFile as parse } from '../../core/settings/env-file.ts';
import { withSettings } from '../../core/settings/env-format.ts';
import { createLookup, type Lookup, settingNames } from '../../core/settings/settings.ts';
import { sealLog } from '../audit/seal-log.ts';
import { readKeyring } from '../data/check-database.ts';
import { copyDatabase } from '../data/copy-database.ts';
import { requireVault, type VaultFiles } from '../data/database.ts';
import { writeDurably } from '../data/durable.ts';
import { readEnvFile, readerIn } from '../settings.ts';
import { type Desk, openDesk, runCommand, say } from './command.ts';

const keyNames = ['SECRET_KEY', 'ENCRYPTION_KEY', 'RETIRED_ENCRYPTION_KEYS'];

/**
 * Writes a consistent copy of the database to `output`. The log in the copy is sealed to its end, so that the checkpoint beside the backup
 * covers every event before it; the vault itself goes on as it is.
 *
 * @throws OperatorError if there is no vault.
 */
async function writeBackup({ files, lookup }: Desk, output: Writable): Promise<void> {
  requireVault(files);
  removeAbandoned(files);
  using folder = mkdtempDisposableSync(join(files.folder, 'outgoing-'));
  const copy = join(folder.path, 'backup.db');
  await copyDatabase(files.file, copy);
  await sealCopy(copy, lookup);
  await pipeline(createReadStream(copy), output, { end: false });
}

async function sealCopy(copy: string, lookup: Lookup): Promise<void> {
  let keyring: Keyring;
  try {
    keyring = readKeyring(lookup);
  } catch (error) {
    if (!(error instanceof OperatorError)) throw error;
    say(`The log in the backup is not sealed to its end: ${error.message}`);
    return;
  }
  using database = new DatabaseSync(copy);
  const sealed = await sealLog(database, keyring, Date.now());
  if (sealed?.problem) say(`The log in the backup is not sealed to its end: ${sealed.problem}. See docs/AUDIT.md.`);
}

/** Notes in the data folder that a backup is complete, and checked. */
export function noteBackup({ folder }: VaultFiles, at: Date): void {
  writeDurably(join(folder, newestBackupFile), `${at.toISOString()}\n`);
}

/**
 * The env file for a backup, which another machine can use. The keys are in it even if they are set elsewhere, and every
 * setting that is in a file of its own (`<NAME>_FILE`). An env file that needs no change is returned as it is, byte for byte.
 *
 * @throws OperatorError if a key or the env file cannot be read.
 */
export function envForBackup({
  project,
  envFile,
  lookup,
}: Pick<Desk, 'project' | 'envFile' | 'lookup'>): string | Uint8Array {
  const text = readEnvFile(envFile) ?? '';
  const given = parse(text, envFile);
  const inFile = createLookup([given.variables], readerIn(project));
  const settings = new Map<string, string>();
  for (const name of settingNames) {
    const isNamed = (given.variables[`${name}_FILE`] ?? '') !== '';
    if (keyNames.includes(name)) {
      const value = lookup(name);
      if (value !== undefined && (isNamed || value !== given.variables[name])) settings.set(name, value);
    } else if (isNamed) {
      settings.set(name, readable(() => inFile(name)) ?? '');
    }
  }
  if (settings.size === 0) return existsSync(envFile) ? readFileSync(envFile) : '';
  const written = withSettings(given, settings);
  const readBack = parse(written, 'The env file of the backup').variables;
  for (const [name, value] of settings) {
    if (readBack[name] !== value) throw new Error(`internal error: ${name} is not read back as it was written`);
  }
  return written;
}

/** In a container, the backup sees only the files of the vault's own mounts. What is no key is left empty then. */
function readable(find: () => string | undefined): string | undefined {
  try {
    return find();
  } catch {
    return undefined;
  }
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
  else if (what === 'made') noteBackup(desk.files, new Date());
  else await writeBackup(desk, process.stdout);
  return 0;
}

if (import.meta.main) await runCommand(main);
