/** Whether the tables of the log, and the triggers that protect them, are those that the migrations made. */
import { DatabaseSync } from 'node:sqlite';
import { appliedMigrations } from '../../core/data-folder/database.ts';
import { OperatorError } from '../../core/operator-error.ts';
import { readMigrations, sqlOf } from '../data/database.ts';
import { aboutLog, type Finding } from './findings.ts';

/** What the log is made of: its tables, their triggers, and triggers of others that may write to them. */
const whatIsCompared = `
  SELECT type, name, sql FROM sqlite_schema
  WHERE type IN ('table', 'trigger', 'view') AND sql IS NOT NULL AND (
    tbl_name IN ('audit_events', 'log_tree', 'log_tiles')
    OR type = 'trigger' AND (instr(lower(sql), 'audit_events') OR instr(lower(sql), 'log_tree') OR instr(lower(sql), 'log_tiles'))
  )`;

const firstMigration = '0011_log_tree.sql';

/**
 * Compares them with what the same migrations make in an empty database.
 *
 * @throws OperatorError if the database is no vault, is older than the tree, or newer than this program.
 */
export function checkLogSchema(database: DatabaseSync, migrationsFolder: string): Finding | null {
  const applied = migrationsOf(database);
  const known = new Map(readMigrations(migrationsFolder).map(({ name, sql }) => [name, sql]));
  const unknown = applied.filter((name) => !known.has(name));
  if (unknown.length > 0) {
    throw new OperatorError(
      `This vault was last used by a newer version of Keystore (it has ${unknown.join(', ')}). Use that version.`,
    );
  }
  if (!applied.includes(firstMigration)) {
    throw new OperatorError(
      'This vault was last used by a version of Keystore that did not seal its log yet. There is nothing to verify.',
    );
  }
  const [expected, found] = [partsAfter(applied, known), partsOf(database)];
  const differing = [...new Set([...expected.keys(), ...found.keys()])].filter(
    (name) => expected.get(name) !== found.get(name),
  );
  if (differing.length === 0) return null;
  const lost = differing.filter((name) => !found.has(name));
  const what = lost.length === differing.length ? 'missing' : 'missing, changed or not of this vault';
  return aboutLog('tree', `What keeps the log append-only was changed. These are ${what}: ${differing.join(', ')}.`);
}

let newest = { applied: '', parts: new Map<string, string>() };

/** What these migrations make. The last answer is kept, since it takes longer than a small log. */
function partsAfter(applied: readonly string[], known: ReadonlyMap<string, string>): Map<string, string> {
  const sql = applied.map((name) => known.get(name) ?? '').join('\n');
  if (newest.applied !== sql) {
    using model = new DatabaseSync(':memory:');
    model.exec(sql);
    newest = { applied: sql, parts: partsOf(model) };
  }
  return newest.parts;
}

function migrationsOf(database: DatabaseSync): string[] {
  try {
    return appliedMigrations(sqlOf(database));
  } catch (error) {
    throw new OperatorError(`This is not the database of a vault (${(error as Error).message}).`);
  }
}

function partsOf(database: DatabaseSync): Map<string, string> {
  const rows = database.prepare(whatIsCompared).all();
  return new Map(rows.map(({ type, name, sql }) => [`${type} ${name}`, String(sql).replace(/\s+/g, ' ')]));
}
