/** The worker's D1 client on plain workerd. */

import { type Bindings, database } from './object.ts';
import { enqueue, type Query, type Rows, withdraw } from './queue.ts';

class Prepared {
  readonly query: Query;
  constructor(query: Query) {
    this.query = query;
  }

  bind(...values: (string | number | null)[]): Prepared {
    return new Prepared({ text: this.query.text, values });
  }
}

/** The part of D1 that the worker uses: statements with bound values, run together as one transaction. */
export const createClient = (bindings: Bindings) => ({
  prepare: (text: string) => new Prepared({ text, values: [] }),

  async batch(statements: readonly Prepared[]): Promise<{ results: Rows }[]> {
    const job = enqueue(statements.map(({ query }) => query));
    let writtenBy: number;
    try {
      writtenBy = await database(bindings).commit();
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
