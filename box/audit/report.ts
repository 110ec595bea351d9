/** The log of a vault in a few lines, for check-data.sh, backups and restores. */
import type { DatabaseSync } from 'node:sqlite';
import { OperatorError } from '../../core/operator-error.ts';
import { headline } from './findings.ts';
import { StoredLog } from './stored-log.ts';
import { verifyLog } from './verify-log.ts';

/** The newest checkpoint, and how many events came after it. Null if the log was never sealed. */
export function checkpointOf(database: DatabaseSync): { note: string; unsealed: number } | null {
  if (!hasTree(database)) return null;
  const log = new StoredLog(database);
  const tree = log.tree();
  return tree && { note: tree.checkpoint, unsealed: log.census(tree.size).after };
}

/** Verifies the log with what is in the database itself. `problems` says what is wrong, if something is. */
export function logReport(database: DatabaseSync, migrationsFolder: string): { lines: string[]; problems: string[] } {
  if (!hasTree(database)) return { lines: [], problems: [] };
  try {
    const verdict = verifyLog(database, migrationsFolder, { key: null, notes: [] });
    if ('finding' in verdict)
      return { lines: [], problems: [`${headline(verdict.finding)}. ${verdict.finding.detail}`] };
    const { size, unsealed, archived, origin } = verdict.verified;
    const moved = archived > 0 ? `, ${archived} of them archived or expired` : '';
    return { lines: [`${size} sealed and verified${moved}, ${unsealed} not sealed yet, as ${origin}`], problems: [] };
  } catch (error) {
    // Not sealed yet, as after an upgrade.
    if (error instanceof OperatorError) return { lines: [error.message], problems: [] };
    throw error;
  }
}

function hasTree(database: DatabaseSync): boolean {
  return database.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'log_tree'").get() !== undefined;
}
