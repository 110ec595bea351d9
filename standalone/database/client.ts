/** The worker's D1 client on plain workerd. */
import { AsyncLocalStorage } from 'node:async_hooks';

import { type Bindings, database } from './object.ts';
import { enqueue, type Job, type Query, type Rows, withdraw } from './queue.ts';

class Prepared {
  readonly query: Query;
  constructor(query: Query) {
    this.query = query;
  }

  bind(...values: (string | number | null)[]): Prepared {
    return new Prepared({ text: this.query.text, values });
  }
}

/** One client's connection to the server, and its way to the object: an RPC session belongs to the connection that opened it. */
export class Connection {
  readonly #bindings: Bindings;
  #committer: Awaited<ReturnType<ReturnType<typeof database>['committer']>> | undefined;

  constructor(bindings: Bindings) {
    this.#bindings = bindings;
  }

  /** Runs the jobs that wait, as `VaultDatabase.commit`. If the object was replaced since the last time, the new one does. */
  async commit(job: Job): Promise<number> {
    const known = this.#committer;
    try {
      this.#committer ??= await database(this.#bindings).committer();
      return await this.#committer.commit();
    } catch (error) {
      this.end();
      // Unless this very job failed: then its caller is told.
      if (known === undefined || job.outcome !== undefined) throw error;
      return this.commit(job);
    }
  }

  /** Gives the way to the object back. */
  end(): void {
    this.#committer?.[Symbol.dispose]?.();
    this.#committer = undefined;
  }
}

/** The connection that is being served. */
export const connections = new AsyncLocalStorage<Connection>();

/** The part of D1 that the worker uses: statements with bound values, run together as one transaction. */
export const createClient = (bindings: Bindings) => ({
  prepare: (text: string) => new Prepared({ text, values: [] }),

  async batch(statements: readonly Prepared[]): Promise<{ results: Rows }[]> {
    const job = enqueue(statements.map(({ query }) => query));
    let writtenBy: number;
    try {
      const connection = connections.getStore();
      writtenBy = await (connection === undefined ? database(bindings).commit() : connection.commit(job));
    } catch (error) {
      // If it has not run it must not run later: the caller is told now that nothing was changed.
      withdraw(job);
      throw error;
    }
    const { outcome, ranBy } = job;
    if (outcome === undefined || ranBy !== writtenBy) {
      withdraw(job);
      throw new Error('The database did not take the transaction');
    }
    if ('error' in outcome) throw outcome.error;
    return outcome.results.map((rows) => ({ results: rows }));
  },
});
