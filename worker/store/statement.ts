/**
 * SQL statements: written with drizzle's query builder, compiled at their first use, and filled with values by each request.
 * The row type of a statement comes from the schema, because it may only return columns of the schema, `integer`s and `textColumn`s.
 */
import { Param as BoundParam, Column, getTableColumns, is, Placeholder, SQL, type SQLWrapper, sql } from 'drizzle-orm';
import {
  QueryBuilder,
  type SQLiteColumn,
  SQLiteDeleteBase,
  SQLiteInsertBuilder,
  SQLiteSyncDialect,
  type SQLiteTable,
  SQLiteUpdateBuilder,
} from 'drizzle-orm/sqlite-core';
import { bothForms, type Form, usualForm, writtenFor } from './form.ts';

/** What a column holds. */
export type Value = string | number | null;
export type Values<Name extends string = string> = Readonly<Record<Name, Value>>;

/** A named parameter: the value is given when the statement is filled. `placeholder` is for `.limit()`. */
export type Param = SQL<never> & { readonly placeholder: Placeholder };
export type Params<Name extends string> = { readonly [Each in Name]: Param };
/** What one thing needs: parameters, or what a statement reads for each of many things out of one parameter. */
export type Given<Name extends string> = { readonly [Each in Name]: SQL };

/** What the builder makes. `Row` is what it returns when it is run. */
export interface Query<Row = unknown> extends SQLWrapper {
  readonly _: { readonly result: readonly Row[] };
}

/** A compiled query. `Name` is the names of the values that it takes. */
export interface Statement<Row = unknown, Name extends string = string> {
  readonly text: string;
  /** The names of the parameters: the first is `?1` in the text. */
  readonly params: readonly Name[];
  /** The names of the columns that it returns. */
  readonly columns: readonly string[];
  /** Carries the type of the rows; never set. */
  readonly row?: Row;
}

/** A statement with the values of one request. */
export interface Filled<Row = unknown> extends Pick<Statement<Row>, 'text' | 'row'> {
  readonly values: Value[];
}

/** Writes names without quotes. SQLite may take a quoted name that it does not know for a text. */
class PlainDialect extends SQLiteSyncDialect {
  override escapeName(name: string): string {
    if (!/^\w+$/.test(name)) throw new TypeError(`This name would need quotes: ${name}`);
    return name;
  }

  /** A name for now: `compile` gives each name one number, since D1 takes at most 100 values. */
  override escapeParam(_position: number, found?: unknown): string {
    return `:${paramName(found)}:`;
  }
}

const dialect = new PlainDialect();

/** Drizzle's query builder, without the database class that runs queries: that would add 16 KB to the bundle. */
class Builder extends QueryBuilder {
  insert<Table extends SQLiteTable>(table: Table) {
    return new SQLiteInsertBuilder<Table, 'sync', never>(table, noSession, dialect);
  }
  update<Table extends SQLiteTable>(table: Table) {
    return new SQLiteUpdateBuilder<Table, 'sync', never>(table, noSession, dialect);
  }
  delete<Table extends SQLiteTable>(table: Table) {
    return new SQLiteDeleteBase<Table, 'sync', never>(table, noSession, dialect);
  }
}

const noSession = undefined as never;

/** Builds the queries that are compiled here and run by `transact`. */
export const query = new Builder(dialect);

/** The columns of a table that may be given to an INSERT; a nullable one may be left out. */
export type Fields<Table extends SQLiteTable> = {
  readonly [Name in keyof Table['$inferInsert']]: Table['$inferInsert'][Name] | SQL | SQLiteColumn;
};

/**
 * What an INSERT ... SELECT selects: every column of the table, in the table's order; null for those left out. Drizzle's types
 * ask for names, but an INSERT goes by position, so they are not sent.
 */
export const rowFor = <Table extends SQLiteTable>(table: Table, fields: Fields<Table>) =>
  Object.fromEntries(
    Object.keys(getTableColumns(table)).map((name) => [name, sql`${fields[name as keyof typeof fields] ?? null}`]),
  ) as Record<string, unknown> as { [Name in keyof Table['$inferInsert']]-?: SQL.Aliased };

/** INSERT ... SELECT of these fields, once for each row of `source` that meets the condition. */
export const insertFrom = <Table extends SQLiteTable>(
  table: Table,
  fields: Fields<Table>,
  source: SQLiteTable,
  condition: SQL | undefined,
) => query.insert(table).select(query.select(rowFor(table, fields)).from(source).where(condition));

const compiled: Statement[] = [];
const deferred: (() => unknown)[] = [];

/**
 * Makes something for one form of the credential at its first use and keeps it. Compiling every statement would double the time in
 * which an isolate starts.
 *
 * @param forms those that it is used for.
 */
export const atFirstUse = <Made>(make: () => Made, forms: readonly Form[] = bothForms): ((form?: Form) => Made) => {
  const made: { [Each in Form]?: Made } = {};
  const use = (asked: Form = 'session') => {
    const form = forms.includes(asked) ? asked : usualForm(asked);
    made[form] ??= writtenFor(form, make);
    return made[form];
  };
  deferred.push(...forms.map((form) => () => use(form)));
  return use;
};

/**
 * Compiles and returns every statement of the modules that are loaded, for checks of all. What is the same for both forms comes once.
 *
 * @throws TypeError if `statement` or `plan` refuses one.
 */
export const compileAll = (): readonly Statement[] => {
  for (const use of deferred) use();
  return [...new Map(compiled.map((each) => [each.text, each])).values()];
};

export const param = (name: string): Param => {
  const placeholder = sql.placeholder(name);
  return Object.assign(sql<never>`${placeholder}`, { placeholder });
};

export const params = <Name extends string>(names: readonly Name[]): Params<Name> =>
  Object.fromEntries(names.map((name) => [name, param(name)])) as Params<Name>;

/** The computed columns, by their SQL: a subquery has a copy of the column. */
const computed = new WeakSet<SQL>();

/** A computed column that is always an integer: SQL's NULL becomes 0. */
export const integer = <Name extends string>(name: Name, expression: SQLWrapper): SQL.Aliased<number> => {
  const column = sql<number>`cast(coalesce(${expression}, 0) as integer)`.as(name);
  computed.add(column.sql);
  return column;
};

/** A computed column that is always text: SQL's NULL becomes the empty text. */
export const textColumn = <Name extends string>(name: Name, expression: SQLWrapper): SQL.Aliased<string> => {
  const column = sql<string>`coalesce(${expression}, '')`.as(name);
  computed.add(column.sql);
  return column;
};

/**
 * Compiles a query. Constants become literals, so that only the parameters are left to be filled.
 *
 * @throws TypeError if it returns a column under another name than its own. D1 returns rows as objects keyed by column name.
 */
export const compile = <Row>(built: Query<Row>): Statement<Row> => {
  const { sql: text, params: found } = dialect.sqlToQuery(sql`${built.getSQL()}`.inlineParams());
  const names = [...new Set(found.map(paramName))];
  const made: Statement<Row> = {
    // The text is sent with every request, so its layout is left out. No literal in our SQL has two blanks in a row.
    text: text
      .replace(/\s+/g, ' ')
      .trim()
      .replace(/:([\w.]+):/g, (_, name: string) => paramText(names.indexOf(name))),
    params: names,
    columns: columnsOf(built),
  };
  compiled.push(made);
  return made;
};

/** How a statement writes the parameter at this place of its list. */
export const paramText = (index: number): string => `?${index + 1}`;

const paramName = (found: unknown): string => {
  const placeholder = is(found, BoundParam) ? found.value : found;
  if (is(placeholder, Placeholder)) return placeholder.name;
  throw new TypeError('A compiled statement holds a value that is neither a constant nor a parameter');
};

/** How drizzle keeps the columns of a select, and those of a `returning`. */
interface Built {
  _?: { selectedFields?: Record<string, unknown> };
  config?: { returning?: { path: string[]; field: unknown }[] };
}

/** The names of the columns that a query returns. @throws TypeError if it returns a column under another name than its own. */
export const columnsOf = (built: Query): string[] => {
  const { _: select, config } = built as unknown as Built;
  const fields = select?.selectedFields
    ? Object.entries(select.selectedFields)
    : (config?.returning ?? []).map(({ path, field }): [string, unknown] => [path.join('.'), field]);
  for (const [key, field] of fields) {
    if (columnName(field) === key) continue;
    throw new TypeError(
      `The column "${key}" must be a column of the schema with this name, or integer('${key}', ...), or textColumn('${key}', ...)`,
    );
  }
  return fields.map(([key]) => key);
};

const columnName = (field: unknown): string | undefined => {
  if (is(field, Column)) return field.name;
  return is(field, SQL.Aliased) && computed.has(field.sql) ? field.fieldAlias : undefined;
};

/** A statement with parameters of these names. It throws a TypeError at its first use if it does not use exactly these. */
export const statement = <const Name extends string, Row>(
  names: readonly Name[],
  write: (params: Params<Name>) => Query<Row>,
): ((form?: Form) => Statement<Row, Name>) =>
  atFirstUse(() => {
    const made = compile(write(params(names)));
    checkParams(made.text, names, made.params);
    return made as Statement<Row, Name>;
  });

/** @throws TypeError unless the parameters in use are exactly the declared ones. `text` says where. */
export const checkParams = (text: string, declared: readonly string[], used: readonly string[]): void => {
  const undeclared = used.filter((name) => !declared.includes(name));
  const unused = declared.filter((name) => !used.includes(name));
  if (undeclared.length + unused.length === 0) return;
  throw new TypeError(
    `Parameters without a value: ${undeclared.join() || 'none'}; without a use: ${unused.join() || 'none'}. In: ${text}`,
  );
};

/** Whether a statement changes nothing. */
export const isReading = (text: string): boolean => /^(select|with) /.test(text);

/** @throws TypeError if a value is missing. */
export const fill = <Row, Name extends string>(
  { text, params: names }: Statement<Row, Name>,
  given: Values<NoInfer<Name>>,
): Filled<Row> => {
  const values = names.map((name) => {
    const value = given[name];
    if (value === undefined) throw new TypeError(`Statement value missing: ${name}`);
    return value;
  });
  return { text, values };
};
