/**
 * Seals on the rows that a verdict relies on (core/sealed-rows.ts). SQL knows no key, so it returns what the seals cover, as text, and
 * JavaScript checks it: after a transaction that reads, before one that writes. The verdict of a transaction that writes has the
 * condition that the rows still are what was checked.
 */
import { getTableName, is, type SQL, sql, Table } from 'drizzle-orm';
import type { SQLiteTable } from 'drizzle-orm/sqlite-core';
import type { Principal } from '../../core/caller.ts';
import { type SealedRow, type SealedTable, sealedKinds, sealedRowSql, sealedTables } from '../../core/sealed-rows.ts';
import { byGuard } from './form.ts';
import { actorId, granted, verdict, verdictId } from './granted.ts';
import type { Foresight, Grounds, Slot } from './relied.ts';
import { request } from './request.ts';
import * as schema from './schema.ts';
import { type Query, query, rowFor, statement, type Values } from './statement.ts';

/** A row whose seal does not hold. */
export interface Fault {
  kind: string;
  /** A JSON list of what finds it. */
  locator: string;
  name: string;
}

/** A row of an answer. `sealed` is that of `sealedAnswer`; the others are what is made of it. */
export interface SealedAnswer {
  sealed: string;
  name?: string | null;
  /** Absent where only the current version can be meant. */
  number?: number | null;
  binding?: string | null;
}

/** What checks and makes seals, for the transactions of one caller. */
export interface Seals {
  /** The id of the primary key. */
  readonly keyId: string;
  /** The first row of these texts whose seal does not hold, or that does not allow what was decided by it; null if there is none. */
  faultIn(texts: readonly string[], grounds?: Grounds, given?: Values): Promise<Fault | null>;
  /** The same of the rows of an answer, each with the secret whose value it has. @param principal the text of its rows. */
  faultInAnswer(principal: string, rows: readonly SealedAnswer[]): Promise<Fault | null>;
  /** Whether a text names the principal as the event of the verdict does; if not, the row that says otherwise. */
  faultInActor(text: string, grounds: Grounds, principal: Principal): Fault | null;
  /** The rows that will be, with their seals: of what does not hold there are none. The fault is a row that would not follow from those that hold and from what was given. */
  sealsFor(
    texts: readonly string[],
    grounds: Grounds,
    given: Values,
  ): Promise<{ made: SealedRow[]; fault: Fault | null }>;
  /** The seal of the current version of the one secret among these rows, which may be the version that is appended; null if there is no such secret. */
  sealOfVersion(made: readonly SealedRow[]): string | null;
  /** The text that a survey will probably return, of rows whose seals held before, and the rows that will be; null if that cannot be said. */
  foresee(foresight: Foresight, given: Values): { text: string; made: SealedRow[] } | null;
  /** Remembers these rows, of which the vault itself has made the seals, or has just checked them. */
  remember(rows: readonly SealedRow[]): void;
}

/** Seals as the parameter `request.seals`: each with what it covers, since it counts for nothing else. */
export const sealsParam = (made: readonly SealedRow[]): string =>
  JSON.stringify(made.map(([table, locator, contents, seal]) => [table, seal, contents, ...locator]));

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
  secret_versions: schema.secretVersions,
  service_tokens: schema.serviceTokens,
  token_secrets: schema.tokenSecrets,
};
export const sealedTable = (kind: SealedTable): SQLiteTable => tables[kind];

/** A session as JSON. It has no seal: its signed token says the same. */
export const sessionRow = sql.raw("json_array('sessions',session.id,session.user_id,session.access)");

/** The sealed rows that joins find. Other tables grant nothing. */
export const slotsIn = (joined: readonly (Table | SQL)[]): Slot[] =>
  joined.flatMap((table) => {
    if (!is(table, Table)) return [];
    const kind = kindOf(table);
    return kind ? [{ kind, alias: getTableName(table) }] : [];
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

/** In a transaction that writes: whether what is relied on is what was checked. */
export const isAsChecked = (text: SQL): SQL =>
  byGuard(sql`true`, () => sql`${text} in (select value from json_each(${request.relied}))`);

/** Effects that store the seals that were made, after those that write the rows, where a row is what its seal covers. @param condition by default that the verdict allows it. */
export const storeSeals = (kinds: readonly SealedTable[], condition: SQL = granted): Query[] =>
  kinds.map((kind) => {
    const { locator, contents: covered } = sealedKinds[kind];
    const found = locator.map((column, index) => sql.raw(`${kind}.${column} = made.value ->> ${index + 3}`));
    const contents = sql.raw(`json_array(${covered(kind).join(',')}) = made.value ->> 2`);
    return sql`update ${sql.raw(kind)} set seal = made.value ->> 1 from json_each(${request.seals}) made
      where made.value ->> 0 = ${sql.raw(`'${kind}'`)} and ${sql.join(found, sql` and `)} and ${contents} and ${condition}` as SQL<never> as unknown as Query<never>;
  });

/**
 * The same within the UPDATE that changes a row: the seal that was made for it as it will be, or the one that it has.
 *
 * @param changed what the UPDATE sets of what the seal covers, as SQL in terms of the row before.
 */
export const sealIfCovered = (kind: SealedTable, changed: Readonly<Record<string, string>>): SQL => {
  const { locator, contents } = sealedKinds[kind];
  const covered = Object.entries(changed).reduce(
    (cells, [column, value]) => cells.replaceAll(new RegExp(`\\b${kind}\\.${column}\\b`, 'g'), value),
    contents(kind).join(','),
  );
  const found = locator.map((column, index) => `made.value ->> ${index + 3} = ${kind}.${column}`).join(' and ');
  const made = sql.raw(
    `made where made.value ->> 0 = '${kind}' and ${found} and made.value ->> 2 = json_array(${covered})`,
  );
  return sql`coalesce((select made.value ->> 1 from json_each(${request.seals}) ${made}), ${sql.raw(`${kind}.seal`)})`;
};

const membership = sql`(select ${sealedRow('members', '')} from members where project_id = secrets.project_id and user_id = ${actorId})`;
const columnsOfSecret = ['id', 'name', 'owner_id', 'project_id', 'current_version'].map(
  (column) => `secrets.${column}`,
);
const withBinding = sealedRowSql('secrets', 'secrets', [...columnsOfSecret, 'secret_versions.binding']);

/** An earlier version, for which `secret_versions` stands. The seal of the secret covers the current one. */
const earlierVersion = sql`json(iif(secret_versions.number = secrets.current_version, null, ${sealedRow('secret_versions', 'secret_versions')}))`;

/**
 * For an answer that holds a value: the secret that `secrets` stands for, the principal's membership in its project, and the version if it
 * is an earlier one.
 *
 * @param isCurrent whether `secret_versions` always stands for the current version.
 */
export const sealedAnswer = (isCurrent = true): SQL =>
  isCurrent
    ? sql`json_array(json_array(${sql.raw(withBinding)},json(${membership})))`
    : sql`json_array(json_array(${sealedRow('secrets', 'secrets')},json(${membership}),${earlierVersion}))`;

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
