/**
 * Prepares every SQL statement of the worker on an empty database that the migrations made, and compares the columns that
 * SQLite says it returns with those that the code expects. Compiling them already refuses a parameter that has no value and
 * one that no statement uses.
 *
 *   node tools/check-statements.ts
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { compileAll, type Statement } from '../worker/store/statement.ts';

const root = resolve(import.meta.dirname, '..');

function migratedDatabase(): DatabaseSync {
  const database = new DatabaseSync(':memory:');
  database.exec('CREATE TABLE d1_migrations (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT UNIQUE)');
  const folder = join(root, 'migrations');
  for (const name of readdirSync(folder).sort()) database.exec(readFileSync(join(folder, name), 'utf8'));
  return database;
}

/** What is wrong with a statement; null if nothing is. */
function problemOf(database: DatabaseSync, { text, columns }: Statement): string | null {
  try {
    const returned = database
      .prepare(text)
      .columns()
      .map(({ name }) => name);
    if (returned.join() === columns.join()) return null;
    return `returns the columns (${returned}), but the code expects (${columns})`;
  } catch (error) {
    return String(error);
  }
}

async function main(): Promise<void> {
  const folder = join(root, 'worker/operations');
  const modules = readdirSync(folder).filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts'));
  await Promise.all(modules.map((name) => import(join(folder, name))));
  const database = migratedDatabase();
  const problems = compileAll().flatMap((statement) => {
    const problem = problemOf(database, statement);
    return problem === null ? [] : [`${problem}\n  ${statement.text}`];
  });
  if (problems.length === 0) return;
  console.error(`SQL statements that are wrong: ${problems.length}\n${problems.join('\n')}`);
  process.exitCode = 1;
}

if (import.meta.main) await main();
