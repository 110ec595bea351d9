/**
 * Lists whose JSON SQLite writes. That takes half the time of an object for each row and then JSON of the objects, and a
 * long list is held in memory once. The text is what `JSON.stringify` would write.
 */
import { count, getTableName, type Placeholder, type SQL, type SQLWrapper, sql } from 'drizzle-orm';
import { type SQLiteTable, unionAll } from 'drizzle-orm/sqlite-core';
import { limitIf } from './granted.ts';
import { integer, type Param, query, textColumn } from './statement.ts';

/** An object with these fields, in this order. A value is text, a number, null, or JSON as `flag` makes it. */
export const jsonObject = (fields: Record<string, SQLWrapper>): SQL =>
  sql`json_object(${sql.join(
    Object.entries(fields).map(([name, value]) => sql`${name}, ${value}`),
    sql`, `,
  )})`;

/** `true` or `false`. */
export const flag = (condition: SQLWrapper): SQL => sql`json(iif(${condition}, 'true', 'false'))`;

/** Milliseconds since 1970 as `Date.toISOString` writes them, in the years 0 to 9999. SQLite takes the number of the Julian day. */
export const isoTime = (ms: SQLWrapper): SQL =>
  sql`replace(datetime(${ms} / 86400000.0 + 2440587.5, 'subsec'), ' ', 'T') || 'Z'`;

/** A part of a list. */
export interface JsonRows {
  /** The JSON of its rows, with commas between them. */
  json: string;
  rows: number;
  /** The id of its last row; 0 if there is none. */
  last: number;
}

/** A query that is made anew for each part of a list, since drizzle's builder changes in place. */
export type Rows = () => { limit(most: Placeholder): { offset(rows: Placeholder | number): SQLWrapper } };

/** Rows of a list that are only read if the condition holds, and how many at most. */
interface Source {
  rows: Rows;
  when: SQL | undefined;
  most: SQLWrapper | number;
}

interface List {
  /** One after the other, with the same columns. */
  sources: Source[];
  /** An alias of their table: the name under which `json` reads them. */
  table: SQLiteTable;
  /** The JSON of a row. */
  json: SQL;
  /** Decreases from row to row. */
  id?: SQLWrapper;
  /**
   * How many rows the first part holds. The others have a part each: one text of all would be longer than D1 allows a row to be,
   * and for a short list a part for each costs more.
   */
  inFirst: Param | number;
}

/** Reads a list as `JsonRows`: the first rows together, the rest one by one. */
export const jsonRows = ({ sources, table, json, id = sql`0`, inFirst }: List) => {
  const from = (offset: Placeholder | number, bounded: (most: SQLWrapper | number) => SQL) => {
    const each = sources.map(
      ({ rows, when, most }) =>
        sql`select * from ${rows()
          .limit(limitIf(when, bounded(most)))
          .offset(offset)}`,
    );
    return sql`(${sql.join(each, sql` union all `)}) ${sql.identifier(getTableName(table))}`;
  };
  return unionAll(
    query
      .select({
        json: textColumn('json', sql`group_concat(${json}, ',')`),
        rows: integer('rows', count()),
        last: integer('last', sql`min(${id})`),
      })
      .from(from(0, (most) => sql`min(${most}, ${inFirst})`)),
    query
      .select({ json: textColumn('json', json), rows: integer('rows', sql`1`), last: integer('last', id) })
      .from(
        from(typeof inFirst === 'number' ? inFirst : inFirst.placeholder, (most) => sql`max(${most} - ${inFirst}, 0)`),
      ),
  );
};
