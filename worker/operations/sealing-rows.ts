/**
 * Seals all rows that grant authority: once after an upgrade from a version without seals, and when another key becomes the primary
 * one. In steps, so that a vault with many keys serves others meanwhile; a step that is cut off is done again.
 */
import { sql } from 'drizzle-orm';
import { maxRowsPerSealingStep } from '../../core/limits.ts';
import {
  needsNoSeal,
  rowOf,
  type SealedRow,
  type SealedTable,
  sealedKinds,
  sealedTables,
  sealHolds,
} from '../../core/sealed-rows.ts';
import { sealedRow, sealedTable, sealsParam, storeSeals } from '../store/sealed.ts';
import { fill, type Query, query, statement, textColumn } from '../store/statement.ts';
import { transact } from '../store/transact.ts';
import { sealed } from './foresight.ts';
import type { Vault } from './vault.ts';

/** Before the first row of a table. */
const startOf = (kind: SealedTable) => JSON.stringify(kind === 'token_secrets' ? [''] : [-1, -1]);

/** Those that the primary key has not sealed: a step that is done again passes over the others. */
const rowsOf = (kind: SealedTable) =>
  statement(['after', 'key_id'], ({ after, key_id }) => {
    const seal = sql.raw(`${kind}.seal`);
    const locator = sealedKinds[kind].locator.map((column) => sql.raw(`${kind}.${column}`));
    const from = locator.map((_, index) => sql`json_extract(${after}, ${sql.raw(`'$[${index}]'`)})`);
    return query
      .select({ sealed: textColumn('sealed', sealedRow(kind, kind)) })
      .from(sealedTable(kind))
      .where(
        sql`(${sql.join(locator, sql`, `)}) > (${sql.join(from, sql`, `)}) and (${seal} is null or substr(${seal}, 1, length(${key_id})) <> ${key_id})`,
      )
      .orderBy(...locator)
      .limit(maxRowsPerSealingStep);
  });

/** A row that has another seal than the one that was read has been written meanwhile, by somebody who has seen to its seal. */
const isAsRead = (kind: SealedTable) =>
  sql.raw(`${kind}.seal is made.value ->> ${locatorAt + sealedKinds[kind].locator.length}`);
/** Where the locator begins in what `sealsParam` makes. */
const locatorAt = 3;

/** So that the row is found by the seal that was read, too. */
const withSealBefore = ([table, locator, contents, seal]: SealedRow, [, , , before]: SealedRow): SealedRow => [
  table,
  [...locator, before],
  contents,
  seal,
];

const statements = sealedTables.map((kind) => ({
  kind,
  rows: rowsOf(kind),
  store: statement(['request.seals'], () => storeSeals([kind], isAsRead(kind))[0] as Query),
}));

/** Returns how many rows there are. */
const sealAll = async ({ db, keyring }: Vault, isDue: (row: SealedRow) => boolean): Promise<number> => {
  let rowCount = 0;
  for (const { kind, rows, store } of statements) {
    for (let after = startOf(kind); ; ) {
      const [found = []] = await transact(db, [fill(rows(), { after, key_id: keyring.primary.id })]);
      const stored = found.map(({ sealed }) => rowOf(JSON.parse(String(sealed))));
      const last = stored.at(-1);
      if (!last) break;
      rowCount += stored.length;
      const made = stored.filter(isDue).map((row) => withSealBefore(sealed(keyring, row), row));
      if (made.length > 0) await transact(db, [fill(store(), { 'request.seals': sealsParam(made) })]);
      after = JSON.stringify(last[1]);
    }
  }
  return rowCount;
};

/** Seals the rows of a vault of before, as they are. Those that have a seal already keep it, whether it holds or not. Returns how many rows there are. */
export const adoptRows = (vault: Vault): Promise<number> =>
  sealAll(vault, (row) => row[3] === null && !needsNoSeal(row));

/** Seals what holds under another key of the keyring under the primary one. What does not hold stays as it is. */
export const resealRows = (vault: Vault): Promise<number> =>
  sealAll(
    vault,
    (row) =>
      !row[3]?.startsWith(`${vault.keyring.primary.id}.`) &&
      row[3] !== null &&
      !needsNoSeal(row) &&
      sealHolds(vault.keyring, row, { isTakeOver: true }),
  );
