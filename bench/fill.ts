/** Fills the database of a stopped vault before it is measured. */
import { DatabaseSync } from 'node:sqlite';
import { addValues, type Home, keyringOf, sealAnew } from '../testing/disk-vaults.ts';

/** How much a vault holds. */
export interface Size {
  keys: number;
  logRows: number;
  /** The keys are spread over so many projects, each with as many members; without any they belong to the admin. */
  projects?: number | undefined;
}

/** @param text `<keys>x<log rows>`, or `<keys>x<log rows>in<projects>`. */
export function sizeOf(text: string): Size {
  const [, keys, logRows, projects] = /^(\d+)x(\d+)(?:in(\d+))?$/.exec(text) ?? [];
  if (keys === undefined) throw new Error(`No such size of a vault: ${text}. Write it as 50x1000 or 10000x1000in50.`);
  return {
    keys: Number(keys),
    logRows: Number(logRows),
    projects: projects === undefined ? undefined : Number(projects),
  };
}

function projectName(index: number): string {
  return `bench-${String(index).padStart(3, '0')}`;
}

export function keyName(index: number, { projects }: Pick<Size, 'projects'> = {}): string {
  return `${projects === undefined ? 'bench' : projectName(index % projects)}/key ${index}`;
}

/** Adds keys, and a log of reads of keys, one read per second until now. */
export function fill({ files, envFile }: Home, size: Size): void {
  const { keys, logRows, projects } = size;
  const database = new DatabaseSync(files.file);
  database.exec('BEGIN');
  addValues(
    database,
    keyringOf(envFile),
    Array.from({ length: keys }, (_, index) => [keyName(index, size), `sk-${String(index).padStart(45, '0')}`]),
  );
  const now = Date.now();
  database.prepare("UPDATE secrets SET description = 'for the benchmark', created_at = ?1, updated_at = ?1").run(now);
  if (projects !== undefined) moveIntoProjects(database, projects);
  database
    .prepare(
      `WITH RECURSIVE row (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM row WHERE i < :rows)
       INSERT INTO audit_events (at, request_id, actor_id, actor_name, actor_role, action, target, outcome, address, user_agent)
       SELECT :now - (:rows - i) * 1000, hex(randomblob(8)), 1 + i % 2, CASE i % 2 WHEN 0 THEN 'admin' ELSE 'user' END,
         CASE i % 2 WHEN 0 THEN 'admin' ELSE 'user' END, 'secret.read', 'bench/key ' || (i % :keys), 'allowed',
         '192.0.2.' || (i % 250), 'benchmark' FROM row`,
    )
    .run({ rows: logRows, now, keys });
  database.exec('COMMIT');
  sealAnew(database, keyringOf(envFile));
  database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
  database.close();
}

/** The account `user` views all projects, and so do others that never sign in. */
function moveIntoProjects(database: DatabaseSync, projects: number): void {
  const names = JSON.stringify(Array.from({ length: projects }, (_, index) => projectName(index)));
  database
    .prepare(
      `INSERT INTO users (name, likeness, verifier, role, created_at)
       SELECT 'of-' || value, 'of-' || value, 'x', 'user', 0 FROM json_each(?) WHERE key > 0`,
    )
    .run(names);
  database
    .prepare(
      `INSERT INTO projects (name, likeness, key_likeness, created_by, created_at)
       SELECT value, value, value, 'admin', 0 FROM json_each(?)`,
    )
    .run(names);
  database.exec(
    `INSERT INTO members (project_id, user_id, role, added_at, added_by)
       SELECT projects.id, users.id, 'viewer', 0, 'admin' FROM projects, users WHERE users.role = 'user';
     UPDATE secrets SET owner_id = NULL,
       project_id = (SELECT id FROM projects WHERE projects.name = substr(secrets.name, 1, instr(secrets.name, '/') - 1))`,
  );
}
