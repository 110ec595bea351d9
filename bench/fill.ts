/** Fills the database of a stopped vault before it is measured. */
import { DatabaseSync } from 'node:sqlite';
import { addValues, type Home, keyringOf } from '../testing/disk-vaults.ts';

/** How much a vault holds. */
export interface Size {
  keys: number;
  logRows: number;
}

export function keyName(index: number): string {
  return `bench/key ${index}`;
}

/** Adds keys that belong to the admin, and a log of reads of them, one read per second until now. */
export function fill({ files, envFile }: Home, { keys, logRows }: Size): void {
  const database = new DatabaseSync(files.file);
  database.exec('BEGIN');
  addValues(
    database,
    keyringOf(envFile),
    Array.from({ length: keys }, (_, index) => [keyName(index), `sk-${String(index).padStart(45, '0')}`]),
  );
  const now = Date.now();
  database.prepare("UPDATE secrets SET description = 'for the benchmark', created_at = ?1, updated_at = ?1").run(now);
  database
    .prepare(
      `WITH RECURSIVE row (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM row WHERE i < :rows)
       INSERT INTO audit_events (at, request_id, actor_id, actor_name, actor_role, action, target, outcome, address, user_agent)
       SELECT :now - (:rows - i) * 1000, hex(randomblob(8)), 1 + i % 2, CASE i % 2 WHEN 0 THEN 'admin' ELSE 'user' END,
         CASE i % 2 WHEN 0 THEN 'admin' ELSE 'user' END, 'secret.read', 'bench/key ' || (i % :keys), 'allowed',
         '192.0.2.' || (i % 250), 'benchmark' FROM row`,
    )
    .run({ rows: logRows, now, keys });
  database.exec('COMMIT; PRAGMA wal_checkpoint(TRUNCATE)');
  database.close();
}
