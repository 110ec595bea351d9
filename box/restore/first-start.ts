import { chmodSync, copyFileSync, existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { OperatorError } from '../../core/operator-error.ts';
import { holdsVault, type VaultFiles } from '../data/database.ts';
import { isV06 } from '../move-in/source.ts';
import type { Lookup } from '../settings.ts';
import { beginJournal, clearJournal, commitRestore, reportOf, sidecars } from './restore-journal.ts';
import { report, stage } from './restore-stage.ts';

/** Where v0.6 had its database, in the folder or volume that is now ours. */
const oldName = 'keystore.db';

/** The database of v0.6 that lies in a data folder where no vault is yet. */
export function findOld(files: VaultFiles): string | undefined {
  const file = join(files.folder, oldName);
  if (holdsVault(files) || !existsSync(file) || statSync(file).size === 0) return undefined;
  return file;
}

/**
 * Moves in what v0.6 left in the data folder: all of it or, if this is refused or killed, nothing. The old file stays, as
 * keystore.v06.db.
 */
export async function moveInAtFirstStart(
  old: string,
  options: { project: string; files: VaultFiles; envFile: string; lookup: Lookup; print: (line: string) => void },
): Promise<void> {
  const { files, envFile, print } = options;
  const missing = ['SECRET_KEY', 'ENCRYPTION_KEY'].filter((name) => options.lookup(name) === undefined);
  if (missing.length > 0) {
    throw new OperatorError(
      `${old} is a database of v0.6, but ${missing.join(' and ')} of its .env cannot be found in ${envFile}. Put the .env of v0.6 there.`,
    );
  }
  const journal = beginJournal(files);
  try {
    const copy = join(journal.folder, 'given.db');
    for (const sidecar of ['', ...sidecars].filter((each) => existsSync(old + each))) {
      copyFileSync(old + sidecar, copy + sidecar);
      chmodSync(copy + sidecar, 0o600);
    }
    if (!isOld(copy)) throw new OperatorError('It is not one that v0.6 wrote.');
    print(`Found ${old} of v0.6. Moving in.`);
    const staged = await stage(copy, { ...options, journal });
    if (staged) for (const line of report(staged)) print(line);
    await commitRestore(files, envFile, { retire: oldName });
    if (existsSync(reportOf(files))) print(`The notes above are kept in ${reportOf(files)}.`);
    print(`Moved in. The old database is kept as ${join(files.folder, 'keystore.v06.db')}.`);
  } catch (error) {
    if (!(error instanceof OperatorError)) throw error;
    throw new OperatorError(
      `${old} cannot move in: ${error.message} Nothing was changed. To begin anew, move it away.`,
    );
  } finally {
    clearJournal(files);
  }
}

function isOld(file: string): boolean {
  try {
    const database = new DatabaseSync(file);
    try {
      return isV06(database);
    } finally {
      database.close();
    }
  } catch {
    return false;
  }
}
