/** The rows whose seal did not hold when a request relied on them: for /health, until they are as the vault left them, or gone. */
import { desc, sql } from 'drizzle-orm';
import { brokenSessionMs, maxBrokenSealRows } from '../../core/limits.ts';
import { rowOf, type SealedTable, sealedKinds, sealedTables, sealHolds } from '../../core/sealed-rows.ts';
import { brokenSeals } from '../store/schema.ts';
import { sealedRow, sealedTable } from '../store/sealed.ts';
import { fill, query, statement, textColumn } from '../store/statement.ts';
import { transact } from '../store/transact.ts';
import type { Vault } from './vault.ts';

const { kind, locator, name, last_at } = brokenSeals;

/** The newest of them. */
export const notedBroken = statement([], () =>
  query.select({ kind, locator, name, last_at }).from(brokenSeals).orderBy(desc(last_at)).limit(maxBrokenSealRows),
);

export type NotedBroken = NonNullable<ReturnType<typeof notedBroken>['row']>;

/** The rows of a table that are found by a JSON list of what finds each. */
const rowsNow = Object.fromEntries(
  sealedTables.map((table) => [
    table,
    statement(['locators'], ({ locators }) => {
      const found = sealedKinds[table].locator.map((column, index) =>
        sql.raw(`${table}.${column} = json_extract(noted.value, '$[${index}]')`),
      );
      return query
        .select({ sealed: textColumn('sealed', sealedRow(table, table)) })
        .from(sql`json_each(${locators}) noted cross join ${sealedTable(table)}`)
        .where(sql.join(found, sql` and `));
    }),
  ]),
) as Record<SealedTable, ReturnType<typeof statement<'locators', { sealed: string }>>>;

/** Whoever can write the file can write anything there, too. */
const locatorOf = ({ locator: text }: NotedBroken): unknown[] => {
  try {
    const found: unknown = JSON.parse(text);
    return Array.isArray(found) ? [found] : [];
  } catch {
    return [];
  }
};

const forget = statement(['kept'], ({ kept }) =>
  query
    .delete(brokenSeals)
    .where(
      sql`(${kind} || ' ' || ${locator}) not in (select value from json_each(${kept})) and (select count(*) from broken_seals) <= ${maxBrokenSealRows}`,
    ),
);

/** Looks at the rows again. What holds now, or is gone, is forgotten; so is a session after a day, which no other request tells about. */
export const stillBroken = async (
  { db, keyring }: Pick<Vault, 'db' | 'keyring'>,
  noted: readonly NotedBroken[],
  now: number,
): Promise<NotedBroken[]> => {
  if (noted.length === 0) return [];
  const asked = sealedTables.filter((table) => noted.some((each) => each.kind === table));
  const locatorsOf = (table: SealedTable) =>
    JSON.stringify(noted.flatMap((each) => (each.kind === table ? locatorOf(each) : [])));
  const looks = asked.map((table) => fill(rowsNow[table](), { locators: locatorsOf(table) }));
  const results = looks.length === 0 ? [] : await transact(db, looks);
  const rows = results.flat().map(({ sealed }) => rowOf(JSON.parse(String(sealed))));
  const broken = new Set(
    rows.flatMap((row) => (sealHolds(keyring, row) ? [] : [`${row[0]} ${JSON.stringify(row[1])}`])),
  );
  const still = noted.filter((each) =>
    each.kind === 'sessions' ? each.last_at > now - brokenSessionMs : broken.has(`${each.kind} ${each.locator}`),
  );
  if (still.length < noted.length) {
    const kept = JSON.stringify(still.map((each) => `${each.kind} ${each.locator}`));
    await transact(db, [fill(forget(), { kept })]);
  }
  return still;
};
