import type { Bindings } from '../env.ts';
import { database } from './object.ts';
import { enqueue, type Query, type Rows } from './queue.ts';

class Prepared {
  readonly query: Query;
  constructor(query: Query) {
    this.query = query;
  }

  bind(...values: (string | number | null)[]): Prepared {
    return new Prepared({ text: this.query.text, values });
  }
}

/** What the worker uses of D1: statements with bound values, run together as one transaction. */
export const createClient = (bindings: Bindings) => ({
  prepare: (text: string) => new Prepared({ text, values: [] }),

  async batch(statements: readonly Prepared[]): Promise<{ results: Rows }[]> {
    const job = enqueue(statements.map(({ query }) => query));
    await database(bindings).commit();
    const { outcome } = job;
    if (outcome === undefined) throw new Error('The database did not take the transaction');
    if ('error' in outcome) throw outcome.error;
    return outcome.results.map((rows) => ({ results: rows }));
  },
});
