/**
 * Lists whose JSON SQLite writes. That takes half the time of an object for each row and then JSON of the objects, and a
 * long list is held in memory once. The text is what `JSON.stringify` would write.
 */
import { count, eq, type Placeholder, type SQL, type SQLWrapper, sql } from 'drizzle-orm';
import { type SQLiteColumn, type SQLiteTable, unionAll } from 'drizzle-orm/sqlite-core';
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
   * How many rows the first part holds. The others have a part each: one text of all would be longer than D1 allows a row to be,
   * and for a short list a part for each costs more.
   */
  inFirst: Param | number;
}

/** The rows that were chosen for a list, with what the sources say of each. */
export const chosen = (column: string): SQL => sql`chosen.${sql.identifier(column)}`;

/** The rows are chosen once for both parts. A WITH that is read twice is a table of its own, in the order in which it was filled. */
const choosing = (sources: Source[]) => {
  const each = sources.map(({ rows, when, most }) => sql`select * from ${rows.limit(limitIf(when, most))}`);
  return query.$with('chosen', {}).as(sql.join(each, sql` union all `));
};

/** How a statement reads the chosen rows. */
export const readsChosen = /\bselect \* from chosen\b/;

const from = (span: SQL) => sql`(select * from chosen limit ${span}) chosen`;

/** Reads a list as JSON in parts: the first rows together, the rest one by one. CROSS JOIN keeps the order of the chosen rows. */
export const jsonParts = ({ sources, table, json, inFirst }: List) => {
  const isListed = eq(table.id, chosen('id'));
  return unionAll(
    query
      .with(choosing(sources))
      .select({ json: textColumn('json', sql`group_concat(${json}, ',')`) })
      .from(from(sql`${inFirst}`))
      .crossJoin(table)
      .where(isListed),
    query
      .select({ json: textColumn('json', json) })
      .from(from(sql`-1 offset ${inFirst}`))
      .crossJoin(table)
      .where(isListed),
  );
};

/** The same as `JsonRows`. The ids decrease from row to row. */
export const jsonRows = ({ sources, table, json, inFirst }: List) => {
  const isListed = eq(table.id, chosen('id'));
  return unionAll(
    query
      .with(choosing(sources))
      .select({
        json: textColumn('json', sql`group_concat(${json}, ',')`),
        rows: integer('rows', count()),
        last: integer('last', sql`min(${table.id})`),
      })
      .from(from(sql`${inFirst}`))
      .crossJoin(table)
      .where(isListed),
    query
      .select({ json: textColumn('json', json), rows: integer('rows', sql`1`), last: integer('last', table.id) })
      .from(from(sql`-1 offset ${inFirst}`))
      .crossJoin(table)
      .where(isListed),
  );
};
