/**
 * D1's side of the worker's binding under `wrangler dev`, in the place of miniflare's: the same protocol, the same file, in one
 * isolate and with group commit. miniflare's takes three times as long for an audited read: it reads and writes its JSON in two
 * isolates, checks it twice, asks SQLite two questions more for each statement, and commits each transaction on its own.
 */
import { DurableObject } from 'cloudflare:workers';
import { maxJobWaitMs, maxWaitingJobs } from '../../core/limits.ts';

interface Bindings {
  /** As miniflare binds it. */
  MINIFLARE_OBJECT: DurableObjectNamespace<D1DatabaseObject>;
}

interface Context {
  /** The name of the database, as miniflare says it in the binding's properties. */
  props: { MINIFLARE_NAMESPACE: string };
}

type Cell = string | number | null | number[];

interface Query {
  sql: string;
  /** A list of numbers is a blob. */
  params?: Cell[] | null;
}

interface Result {
  success: true;
  results: { columns: string[]; rows: Cell[][] };
  /** The worker uses nothing of it. */
  meta: { rows_read: number; rows_written: number };
}

interface Failure {
  success: false;
  error: string;
}

/** One transaction. */
interface Job {
  queries: Query[];
  /** Milliseconds since 1970. */
  since: number;
  /** Set when it has run. It counts only after the object has answered, since then it is on the disk. */
  outcome?: Result[] | Failure;
  /** The number of the object that ran it. After a failed write another object answers, and this job is lost. */
  ranBy?: number;
}

/** The transactions that wait. No promise is shared: in workerd it belongs to the request that made it. */
let waiting: Job[] = [];

let objects = 0;

/** Takes all waiting jobs, except those whose callers have hung up: their calls never came here. */
function takeAll(): Job[] {
  const oldest = Date.now() - maxJobWaitMs;
  const taken = waiting.filter(({ since }) => since >= oldest);
  waiting = [];
  return taken;
}

/** The database: miniflare's file for it has the name of this class. */
export class D1DatabaseObject extends DurableObject<Bindings> {
  readonly #number = ++objects;
  #written: Promise<void> = Promise.resolve();

  /**
   * Runs all waiting jobs, each in its own transaction, and returns when they are on the disk. A caller whose job has been run
   * by an earlier call waits for that call's write. If a write fails, as on a full disk, so does the call, and the runtime
   * replaces this object.
   *
   * @returns the number of this object.
   */
  async commit(): Promise<number> {
    const jobs = takeAll();
    if (jobs.length > 0) {
      for (const job of jobs) this.#run(job);
      this.#written = this.ctx.storage.sync();
    }
    await this.#written;
    return this.#number;
  }

  #run(job: Job): void {
    job.ranBy = this.#number;
    try {
      job.outcome = this.ctx.storage.transactionSync(() => job.queries.map((query) => this.#answer(query)));
    } catch (error) {
      job.outcome = failure(error);
    }
  }

  #answer({ sql, params }: Query): Result {
    const cursor = this.ctx.storage.sql.exec(sql, ...(params ?? []).map(bound));
    const rows = Array.from(cursor.raw(), (row) => row.map(unbound));
    const meta = { rows_read: cursor.rowsRead, rows_written: cursor.rowsWritten };
    return { success: true, results: { columns: cursor.columnNames, rows }, meta };
  }
}

export default {
  /** Runs one query or, as one transaction, several. */
  async fetch(request, { MINIFLARE_OBJECT: objectsByName }, context) {
    const { props } = context as unknown as Context;
    const asked = await request.json<Query | Query[]>();
    if (waiting.length >= maxWaitingJobs) return Response.json(failure('Too many transactions wait for the database'));
    const job: Job = { queries: Array.isArray(asked) ? asked : [asked], since: Date.now() };
    waiting.push(job);
    try {
      const database = objectsByName.get(objectsByName.idFromName(props.MINIFLARE_NAMESPACE));
      const writtenBy = await database.commit();
      if (job.outcome === undefined || job.ranBy !== writtenBy) throw new Error('The database lost the transaction');
    } catch (error) {
      // If it has not run it must not run later: the caller is told now that nothing was changed.
      waiting = waiting.filter((each) => each !== job);
      return Response.json(failure(error));
    }
    return Response.json(job.outcome);
  },
} satisfies ExportedHandler<Bindings>;

function bound(cell: Cell): string | number | null | ArrayBuffer {
  return Array.isArray(cell) ? new Uint8Array(cell).buffer : cell;
}

function unbound(value: SqlStorageValue): Cell {
  return value instanceof ArrayBuffer ? Array.from(new Uint8Array(value)) : value;
}

function failure(error: unknown): Failure {
  return { success: false, error: error instanceof Error ? error.message : String(error) };
}
