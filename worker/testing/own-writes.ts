/**
 * A database on which tests write as the vault itself would: the rows that grant authority get their seals. What somebody writes who is not
 * the vault goes to the database without it.
 */
import type { Keyring } from '../../core/crypto/keyring.ts';
import { type SealedTable, sealedKinds, sealedTables } from '../../core/sealed-rows.ts';
import { adoptRows } from '../operations/sealing-rows.ts';
import type { Vault } from '../operations/vault.ts';

const writesRows = /\b(?:insert|update|delete|replace)\b/i;
/** And nothing else. */
const isUpdate = /^\s*update\b(?!.*\b(?:insert|delete|replace)\b)/is;
/** What is prepared on one of them may be sent through another. */
const texts = new WeakMap<object, { text: string; real: D1PreparedStatement }>();

/** Tables whose rows are covered by the seals of another one. */
const parts: Partial<Record<SealedTable, string>> = { secrets: 'secret_versions', service_tokens: 'token_scopes' };

const anyWord = (words: readonly string[]) => new RegExp(`\\b(?:${words.join('|')})\\b`);

/** What the text of a write names if a seal of this table may not hold after it: the table, and for an update a column that is covered. */
const kinds = sealedTables.map((table) => ({
  table,
  names: anyWord([table, parts[table] ?? table]),
  columns: anyWord([
    ...sealedKinds[table].contents('').filter((column) => /^\w+$/.test(column)),
    'binding',
    'low',
    'high',
  ]),
}));

const unsealedBy = (text: string) =>
  kinds
    .filter(({ names, columns }) => names.test(text) && (columns.test(text) || !isUpdate.test(text)))
    .map(({ table }) => table);

/** Seals all rows of these tables with the keys of the vault. */
export const sealAnew = async (db: D1Database, keyring: Keyring, tables: readonly SealedTable[] = sealedTables) => {
  await db.batch(tables.map((table) => db.prepare(`UPDATE ${table} SET seal = NULL`)));
  await adoptRows({ db, keyring } as Vault);
};

/** @param keyring that of the vault that runs on the database; without one nothing is sealed. */
export const ownWrites = (db: D1Database, keyring: () => Keyring | undefined): D1Database => {
  const sealAfter = async (text: string) => {
    const keys = keyring();
    const tables = writesRows.test(text) ? unsealedBy(text) : [];
    if (keys && tables.length > 0) await sealAnew(db, keys, tables);
  };
  const statement = (real: D1PreparedStatement, text: string): D1PreparedStatement => {
    const run =
      (name: 'all' | 'run' | 'first') =>
      async (...given: unknown[]) => {
        const result = await (real[name] as (...all: unknown[]) => Promise<unknown>)(...given);
        await sealAfter(text);
        return result;
      };
    const made = {
      bind: (...values: unknown[]) => statement(real.bind(...values), text),
      all: run('all'),
      run: run('run'),
      first: run('first'),
    } as unknown as D1PreparedStatement;
    texts.set(made, { text, real });
    return made;
  };
  return {
    prepare: (text: string) => statement(db.prepare(text), text),
    batch: async (statements: D1PreparedStatement[]) => {
      const found = statements.map((each) => texts.get(each) ?? { text: '', real: each });
      const results = await db.batch(found.map(({ real }) => real));
      await sealAfter(found.map(({ text }) => text).join(';'));
      return results;
    },
    exec: async (text: string) => {
      const result = await db.exec(text);
      await sealAfter(text);
      return result;
    },
  } as unknown as D1Database;
};
