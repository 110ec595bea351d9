/**
 * Seals on the rows that a verdict relies on (core/sealed-rows.ts). SQL knows no key, so it returns what the seals cover, as text, and
 * JavaScript checks it: after a transaction that reads, before one that writes. The verdict of a transaction that writes has the
 * condition that the rows still are what was checked.
 */
import { getTableName, is, type SQL, sql, Table } from 'drizzle-orm';
import type { SQLiteTable } from 'drizzle-orm/sqlite-core';
import { type SealedTable, sealedKinds, sealedRowSql, sealedTables } from '../../core/sealed-rows.ts';
import { byGuard } from './form.ts';
import { actorId, granted, verdict, verdictId } from './granted.ts';
import { request } from './request.ts';
import * as schema from './schema.ts';
import { type Query, query, rowFor, statement } from './statement.ts';

/** A row whose seal does not hold. */
export interface Fault {
  kind: string;
  /** A JSON list of what finds it. */
  locator: string;
  name: string;
}

/** What checks and makes seals, for the transactions of one caller. */
export interface Seals {
  /** The id of the primary key. */
  readonly keyId: string;
  /** The first row of these texts whose seal does not hold; null if all hold. */
  faultIn(texts: readonly string[]): Promise<Fault | null>;
  /** The seals of the rows that will be, as the parameter `request.seals`. */
  sealsFor(texts: readonly string[]): Promise<string>;
}

/** The row that an alias of a sealed table stands for, as JSON; a row of nulls if it stands for none. */
export const sealedRow = (kind: SealedTable, alias: string): SQL => sql.raw(sealedRowSql(kind, alias));

/** The table that an alias is one of. */
const kindOf = (table: Table) =>
  sealedTables.find((kind) => (table as unknown as Record<symbol, unknown>)[originalName] === kind);
/** Drizzle does not export this symbol of its tables. */
const originalName = Symbol.for('drizzle:OriginalName');

const tables: Record<SealedTable, SQLiteTable> = {
  users: schema.users,
  projects: schema.projects,
  members: schema.members,
  secrets: schema.secrets,
  service_tokens: schema.serviceTokens,
  token_secrets: schema.tokenSecrets,
};
export const sealedTable = (kind: SealedTable): SQLiteTable => tables[kind];

/** A session as JSON. It has no seal: its signed token says the same. */
export const sessionRow = sql.raw(
  "json_array('sessions', json_array(session.id), json_array(session.user_id, session.access), null)",
);

/** The rows that joins find, as a list of JSON texts in SQL. Other tables grant nothing. */
export const sealedIn = (joined: readonly (Table | SQL)[]): SQL[] =>
  joined.flatMap((table) => {
    if (!is(table, Table)) return [];
    const kind = kindOf(table);
    return kind ? [sealedRow(kind, getTableName(table))] : [];
  });

/**
 * The text that is checked: `[rows that are relied on, rows that will be, what else must stay]`.
 *
 * @param touched JSON in SQL: a list of rows as they will be, for which seals are to be made.
 * @param watched JSON in SQL that must not change between the check and the transaction.
 */
export const reliedText = (rows: readonly SQL[], touched: SQL = sql`null`, watched: SQL = sql`null`): SQL =>
  sql`json_array(json_array(${sql.join([...rows], sql`, `)}), json(${touched}), ${watched})`;

/** A row as it will be: what finds it, and what its seal covers. */
export const futureRow = (kind: SealedTable, locator: readonly SQL[], contents: readonly SQL[]): SQL =>
  sql`json_array(${sql.raw(`'${kind}'`)}, json_array(${sql.join([...locator], sql`, `)}), json_array(${sql.join([...contents], sql`, `)}), null)`;

/** The id that the next row of a table gets. The transaction looks again whether it still does. */
export const nextId = (kind: 'users' | 'projects' | 'service_tokens'): SQL =>
  sql`(coalesce((select seq from sqlite_sequence where name = ${sql.raw(`'${kind}'`)}), 0) + 1)`;

/** In a transaction that writes: whether what is relied on is what was checked. */
export const isAsChecked = (text: SQL): SQL =>
  byGuard(sql`true`, () => sql`${text} in (select value from json_each(${request.relied}))`);

/** Of which rows seals are stored: those of a table, or the secrets in use that are found by their names. */
export type Sealing = SealedTable | 'named secrets';

/** Effects that store the seals that were made, after those that write the rows. @param condition by default that the verdict allows it. */
export const storeSeals = (kinds: readonly Sealing[], condition: SQL = granted): Query[] =>
  kinds.map((sealing) => {
    const kind = sealing === 'named secrets' ? 'secrets' : sealing;
    const columns = sealing === 'named secrets' ? ['name'] : sealedKinds[kind].locator;
    const found = columns.map((column, index) => sql.raw(`${kind}.${column} = made.value ->> ${index + 2}`));
    const isInUse = sealing === 'named secrets' ? sql` and secrets.deleted_at is null` : sql``;
    return sql`update ${sql.raw(kind)} set seal = made.value ->> 1 from json_each(${request.seals}) made
      where made.value ->> 0 = ${sql.raw(`'${kind}'`)} and ${sql.join(found, sql` and `)}${isInUse} and ${condition}` as SQL<never> as unknown as Query<never>;
  });

/** For an answer that holds a value: the secret that `secrets` stands for, and the principal's membership in its project. */
export const sealedAnswer = (): SQL => {
  const membership = sql`(select ${sealedRow('members', 'mine')} from members mine where mine.project_id = secrets.project_id and mine.user_id = ${actorId})`;
  return sql`json_array(json_array(${sealedRow('secrets', 'secrets')}, json(${membership})))`;
};

/** A second event of a request that was allowed: a row that it relied on is not what the vault has sealed. */
export const sealBroken = statement(['fault', 'request.id'], (given) =>
  query.insert(schema.auditEvents).select(
    query
      .select(
        rowFor(schema.auditEvents, {
          at: verdict.at,
          request_id: verdict.request_id,
          actor_id: verdict.actor_id,
          actor_name: verdict.actor_name,
          actor_role: verdict.actor_role,
          action: verdict.action,
          target: given.fault,
          outcome: 'denied',
          reason: 'seal_broken',
          address: verdict.address,
          user_agent: verdict.user_agent,
          token_id: verdict.token_id,
          token: verdict.token,
          project: verdict.project,
          child: verdict.child,
          via: verdict.via,
        }),
      )
      .from(verdict)
      .where(sql`${verdict.id} = ${verdictId} and ${verdict.request_id} = ${given['request.id']}`),
  ),
);

/** Notes a broken row for /health and the UI. */
export const noteBroken = statement(['kind', 'locator', 'name', 'request.now'], (given) =>
  query
    .insert(schema.brokenSeals)
    .select(
      query
        .select(
          rowFor(schema.brokenSeals, {
            kind: given.kind,
            locator: given.locator,
            name: given.name,
            first_at: given['request.now'],
            last_at: given['request.now'],
          }),
        )
        .from(schema.instance)
        .where(sql`true`),
    )
    .onConflictDoUpdate({
      target: [schema.brokenSeals.kind, schema.brokenSeals.locator],
      set: { last_at: given['request.now'], name: given.name },
    }),
);
