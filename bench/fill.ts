import { DatabaseSync } from 'node:sqlite';
import { type Keyring, sealValue } from '../core/crypto/keyring.ts';

/** How much a vault holds before it is measured. */
export interface Size {
  keys: number;
  logRows: number;
}

export const keyName = (index: number) => `bench/key ${index}`;

/** Fills the database of a stopped vault, past the worker: keys of the admin's that open, and a log of reads of them. */
export function fill(file: string, keyring: Keyring, { keys, logRows }: Size): void {
  const database = new DatabaseSync(file);
  database.exec('BEGIN');
  const now = Date.now();
  const secret = database.prepare(
    `INSERT INTO secrets (name, description, owner_id, created_by, created_at, updated_at, current_version)
     VALUES (?, 'for the benchmark', 1, 'admin', ?, ?, 1)`,
  );
  const version = database.prepare(
    "INSERT INTO secret_versions (secret_id, number, token, binding, key_id, created_at, created_by) VALUES (?, 1, ?, ?, ?, ?, 'admin')",
  );
  for (let i = 0; i < keys; i++) {
    const name = keyName(i);
    const { token, binding, keyId } = sealValue(keyring, name, `sk-${String(i).padStart(45, '0')}`);
    const { lastInsertRowid } = secret.run(name, now, now);
    version.run(lastInsertRowid, token, binding, keyId, now);
  }
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
