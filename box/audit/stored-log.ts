/** The rows of a log as a database holds them, whatever was done to them. */
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { hashesOf, type Row } from './hashing.ts';

/** The row of `log_tree`, as text and numbers. */
export interface TreeRow {
  origin: string;
  publicKey: string;
  size: number;
  checkpoint: string;
  sealedAt: number;
  archived: number;
}

/** An event. `row` is null if it holds a number that JavaScript cannot. */
export interface StoredEvent {
  id: number;
  row: Row | null;
}

export class StoredLog {
  readonly #database: DatabaseSync;
  readonly #event: StatementSync;
  readonly #tile: StatementSync;

  constructor(database: DatabaseSync) {
    this.#database = database;
    this.#event = database.prepare('SELECT * FROM audit_events WHERE id = ?');
    this.#tile = database.prepare('SELECT hashes FROM log_tiles WHERE level = ? AND number = ?');
  }

  /** The row of the tree; null if there is none, as in a log that was never sealed. */
  tree(): TreeRow | null {
    const row = this.#database
      .prepare('SELECT origin, public_key, size, checkpoint, sealed_at, archived FROM log_tree WHERE id = 1')
      .get();
    if (!row) return null;
    return {
      origin: String(row.origin),
      publicKey: String(row.public_key),
      size: Number(row.size),
      checkpoint: String(row.checkpoint),
      sealedAt: Number(row.sealed_at),
      archived: Number(row.archived),
    };
  }

  /** The hashes of a tile; none if it is not there. */
  tile(level: number, number: number): Buffer[] {
    return hashesOf(this.tileText(level, number));
  }

  /** The hashes of a tile in base64; empty if it is not there. */
  tileText(level: number, number: number): string {
    return String(this.#tile.get(level, number)?.hashes ?? '');
  }

  /** The levels and numbers of all tiles. */
  tiles(): { level: number; number: number }[] {
    const rows = this.#database.prepare('SELECT level, number FROM log_tiles ORDER BY level, number').all();
    return rows.map(({ level, number }) => ({ level: Number(level), number: Number(number) }));
  }

  event(id: number): StoredEvent | null {
    try {
      const row = this.#event.get(id);
      return row ? { id, row } : null;
    } catch {
      return { id, row: null };
    }
  }

  /** The events from `first` on, in order of their ids. */
  *events(first: number, last = Number.MAX_SAFE_INTEGER): Generator<StoredEvent> {
    const statement = this.#database.prepare('SELECT * FROM audit_events WHERE id BETWEEN ? AND ? ORDER BY id');
    const next = this.#database.prepare('SELECT min(id) AS id FROM audit_events WHERE id >= ?');
    let from = first;
    for (;;) {
      try {
        for (const row of statement.iterate(from, last)) {
          from = Number(row.id) + 1;
          yield { id: from - 1, row };
        }
        return;
      } catch (error) {
        if ((error as { code?: string }).code !== 'ERR_OUT_OF_RANGE') throw error;
      }
      const id = Number(next.get(from)?.id);
      from = id + 1;
      yield { id, row: null };
    }
  }

  /** The lowest id, how many events come after `id`, and the highest id. Zeros where there is none. */
  census(id: number): { lowest: number; after: number; highest: number } {
    const count = (sql: string) => Number(this.#database.prepare(sql).get(...(sql.includes('?') ? [id] : []))?.n ?? 0);
    return {
      lowest: count('SELECT min(id) AS n FROM audit_events'),
      after: count('SELECT count(*) AS n FROM audit_events WHERE id > ?'),
      highest: count('SELECT max(id) AS n FROM audit_events'),
    };
  }

  /** The first id from `id` on that no event has. */
  firstGap(id: number): number {
    let expected = id;
    const ids = this.#database.prepare('SELECT id FROM audit_events WHERE id >= ? ORDER BY id');
    for (const row of ids.iterate(id)) {
      if (Number(row.id) !== expected) break;
      expected += 1;
    }
    return expected;
  }
}
