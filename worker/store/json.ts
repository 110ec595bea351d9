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

/**
 * The members of an object, as arguments of `concat`, of values that are JSON already and never null. That takes a quarter less time
 * than `json_object`: for lists of thousands.
 */
export const jsonMembers = (fields: Record<string, SQLWrapper>): SQL =>
  sql.join(
    Object.entries(fields).map(([name, value], index) => sql`${`${index === 0 ? '' : ','}"${name}":`}, ${value}`),
    sql`, `,
  );

/** A text, number or null as JSON. */
export const quoted = (value: SQLWrapper): SQL => sql`json_quote(${value})`;

/** `true` or `false`. */
export const flag = (condition: SQLWrapper): SQL => sql`json(iif(${condition}, 'true', 'false'))`;

/** SQLite takes the number of the Julian day. */
const isoTimeWithoutZone = (ms: SQLWrapper): SQL =>
  sql`replace(datetime(${ms} / 86400000.0 + 2440587.5, 'subsec'), ' ', 'T')`;

/** Milliseconds since 1970 as `Date.toISOString` writes them, in the years 0 to 9999. */
export const isoTime = (ms: SQLWrapper): SQL => sql`${isoTimeWithoutZone(ms)} || 'Z'`;

/** The same as JSON, for `jsonMembers`: three arguments of its `concat`, which takes less time than `||` before it. */
export const timeMember = (ms: SQLWrapper): SQL => sql`'"', ${isoTimeWithoutZone(ms)}, 'Z"'`;

/** A part of a list. */
export interface JsonRows {
  /** The JSON of its rows, with commas between them. */
  json: string;
  rows: number;
  /** The smallest id of its rows. */
  last: number;
}

/** Chooses the rows of a list, in its order, by `id` and a `mark` from 0 to 7. */
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
  /** One after the other. */
  sources: Source[];
  /** An alias of the table that `json` reads. It is read by the chosen ids, so that no row is copied or sorted as a whole. */
  table: SQLiteTable & { id: SQLiteColumn };
  /** The JSON of a row; it may use `mark`. */
  json: SQL;
  /**
   * How many rows a part holds: one text of all would be longer than D1 allows a row to be, and a part for each row takes more time
   * than its JSON.
   */
  perPart: number;
  /** The row at this position begins a new part. */
  apart?: Param;
  /** What stands between the rows of a part; a comma by default. */
  between?: SQL;
  /** Set where the list never has more rows than a part holds: that takes a fifth less time. */
  isOnePart?: true;
}

/** What a source says of a row. */
export const mark: SQL = sql`(chosen.value & 7)`;

/**
 * Reads a list as `JsonRows`. The chosen ids become one JSON array, whose elements have numbers by which they are grouped: a window
 * function takes five times as long. SQLite keeps the order of rows in an array and in each group.
 */
export const jsonRows = ({ sources, table, json, perPart, apart, between = sql`','`, isOnePart }: List) => {
  const each = sources.map(({ rows, when, most }) => sql`select id, mark from ${rows.limit(limitIf(when, most))}`);
  const all = sql`(${sql.join(each, sql` union all `)})`;
  const id = sql`(chosen.value >> 3)`;
  const columnsOf = (row: SQL) => ({
    json: textColumn('json', sql`group_concat(${row}, ${between})`),
    rows: integer('rows', count()),
    last: integer('last', sql`min${id}`),
  });
  if (isOnePart)
    return query
      .select(columnsOf(json))
      .from(sql`(select id << 3 | mark as value from ${all}) chosen`)
      .crossJoin(table)
      .where(eq(table.id, id))
      .having(sql`${count()} > 0`) as unknown as ReturnType<typeof inParts>;
  const inParts = () => {
    const part = sql`chosen.key / ${perPart}`;
    const row = query
      .select({ json: sql`${json}`.as('json') })
      .from(table)
      .where(eq(table.id, id));
    return query
      .select(columnsOf(sql`${row}`))
      .from(sql`json_each((select json_group_array(id << 3 | mark) from ${all})) chosen`)
      .groupBy(apart ? sql`${part} + (chosen.key + 1 = ${apart})` : part);
  };
  return inParts();
};
