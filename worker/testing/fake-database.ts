/** A D1 database that records what it is sent and answers what a test tells it, for tests that need no SQL. */

type Rows = Record<string, unknown>[];

interface Sent {
  text: string;
  values: unknown[];
}

/** Each entry of `answers` is for one batch: the rows of its statements, or an error. */
export const fakeDatabase = (answers: (Rows[] | Error)[]) => {
  const batches: Sent[][] = [];
  const db = {
    prepare: (text: string) => ({ bind: (...values: unknown[]): Sent => ({ text, values }) }),
    batch: (statements: Sent[]) => {
      const answer = answers[batches.length] ?? [];
      batches.push(statements);
      if (answer instanceof Error) return Promise.reject(answer);
      return Promise.resolve(statements.map((_, index) => ({ results: answer[index] ?? [] })));
    },
  };
  return { db: db as unknown as D1Database, batches };
};
