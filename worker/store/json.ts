/**
 * Lists whose JSON SQLite writes. That takes half the time of an object for each row and then JSON of the objects, and a
 * long list is held in memory once. The text is what `JSON.stringify` would write.
 */
import { count, eq, type Placeholder, type SQL, type SQLWrapper, sql } from 'drizzle-orm';
import type { SQLiteColumn, SQLiteTable } from 'drizzle-orm/sqlite-core';
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
  /** The smallest id of its rows. */
  last: number;
}

/** Chooses the rows of a list, by `id` and in the order of the list. */
export interface Rows {
  limit(most: Placeholder): SQLWrapper;
}

/** Rows of a list that are only read if the condition holds, and how many at most. */
interface Source {
  rows: Rows;
  when: SQL | undefined;
  most: SQLWrapper | number;
}

interface List {
  /** One after the other, with the same columns. */
  sources: Source[];
  /** An alias of the table that `json` reads. It is read by the chosen ids, so that no row is copied or sorted as a whole. */
  table: SQLiteTable & { id: SQLiteColumn };
  /** The JSON of a row. What the sources select beside the id are columns of `chosen`. */
  json: SQL;
  /**
   * How many rows a part holds: one text of all would be longer than D1 allows a row to be, and a part for each row takes more time
   * than its JSON.
   */
  perPart: number;
  /** The row at this position begins a new part. */
  apart?: Param;
}

/** Of the rows that were chosen for a list: what the sources say of each. */
export const chosen = (column: string): SQL => sql`chosen.${sql.identifier(column)}`;

/** Reads a list as `JsonRows`. SQLite numbers rows as they come, and keeps their order in each group. */
export const jsonRows = ({ sources, table, json, perPart, apart }: List) => {
  const each = sources.map(({ rows, when, most }) => sql`select * from ${rows.limit(limitIf(when, most))}`);
  const position = chosen('position');
  const part = sql`(${position} - 1) / ${perPart}`;
  const row = query
    .select({ json: sql`${json}`.as('json') })
    .from(table)
    .where(eq(table.id, chosen('id')));
  return query
    .select({
      json: textColumn('json', sql`group_concat(${row}, ',')`),
      rows: integer('rows', count()),
      last: integer('last', sql`min(${chosen('id')})`),
    })
    .from(sql`(select *, row_number() over () as position from (${sql.join(each, sql` union all `)})) chosen`)
    .groupBy(apart ? sql`${part} + (${position} = ${apart})` : part);
};
