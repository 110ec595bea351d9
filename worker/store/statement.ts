import { is, Placeholder, type SQL, sql } from 'drizzle-orm';
import { SQLiteSyncDialect } from 'drizzle-orm/sqlite-core';

/** What D1 stores in a column of ours. */
export type Value = string | number | null;
export type Values = Readonly<Record<string, Value>>;

/** SQL with named holes, compiled once: a request only fills the holes. `Row` is what it answers. */
export interface Statement<Row = unknown> {
  readonly text: string;
  readonly bind: (values: Values) => Value[];
  /** Carries the type of the rows; never there at run time. */
  readonly row?: Row;
}

const dialect = new SQLiteSyncDialect();

/** A hole in a statement, filled by the value of that name. */
export const value = (name: string) => sql.placeholder(name);

/** Compiles a query; a value that is not given when it is bound is a fault of ours and throws. */
export const statement = <Row = unknown>(query: SQL): Statement<Row> => {
  const { sql: written, params } = dialect.sqlToQuery(query);
  // It goes to the database with every request, and is looked up there by its text. No literal of ours has two blanks.
  const text = written.replace(/\s+/g, ' ').trim();
  const names = params.map((param) => (is(param, Placeholder) ? param.name : fixed(param)));
  const bind = (values: Values) =>
    names.map((name) => {
      const given = values[name];
      if (given === undefined) throw new TypeError(`Statement value missing: ${name}`);
      return given;
    });
  return { text, bind };
};

const fixed = (param: unknown): never => {
  throw new TypeError(`Write constants into the SQL, or name them: ${typeof param}`);
};
