/** Moves a v0.6 database that lies in the data folder into a new vault, at the first start. */
import { chmodSync, copyFileSync, existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { otherFiles } from '../../core/data-folder/layout.ts';
import { OperatorError } from '../../core/operator-error.ts';
import type { Lookup } from '../../core/settings/settings.ts';
import { holdsVault, type VaultFiles } from '../data/database.ts';
import { beginJournal, clearJournal, commitRestore, reportOf, retired, sidecars } from './restore-journal.ts';
import { report, stage } from './restore-stage.ts';

/** Finds a v0.6 database in a data folder that holds no vault yet. */
export function findOld(files: VaultFiles): string | undefined {
  const file = join(files.folder, otherFiles.oldDatabase);
  if (holdsVault(files) || !existsSync(file) || statSync(file).size === 0) return undefined;
  return file;
}

/**
 * Moves a v0.6 database in, completely or, after an error or a kill, not at all. The old file is kept as keystore.v06.db.
 *
 * @throws OperatorError if it cannot move in.
 */
export async function moveInAtFirstStart(
  old: string,
  options: { files: VaultFiles; envFile: string; lookup: Lookup; print: (line: string) => void },
): Promise<void> {
  const { files, envFile, print } = options;
  const missing = ['SECRET_KEY', 'ENCRYPTION_KEY'].filter((name) => options.lookup(name) === undefined);
  if (missing.length > 0) {
    throw new OperatorError(
      `${old} is a database of v0.6, but ${envFile} does not set ${missing.join(' and ')}. Put the .env of v0.6 there.`,
    );
  }
  const journal = beginJournal(files);
  try {
    const copy = join(journal.folder, 'given.db');
    for (const sidecar of ['', ...sidecars].filter((each) => existsSync(old + each))) {
      copyFileSync(old + sidecar, copy + sidecar);
      chmodSync(copy + sidecar, 0o600);
    }
    print(`Found ${old} of v0.6. Moving in.`);
    const staged = await stage(copy, { ...options, journal });
    if (!staged?.movedIn) throw new OperatorError('It is not a database of v0.6.');
    for (const line of report(staged)) print(line);
    await commitRestore(files, envFile, { retire: otherFiles.oldDatabase });
    if (existsSync(reportOf(files))) print(`The notes above are kept in ${reportOf(files)}.`);
    print(`Moved in. The old database is kept as ${retired(old)}.`);
  } catch (error) {
    if (!(error instanceof OperatorError)) throw error;
    throw new OperatorError(
      `${old} cannot move in: ${error.message} Nothing was changed. To start with an empty vault, move that file away.`,
    );
  } finally {
    clearJournal(files);
  }
}
