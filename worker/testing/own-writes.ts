/**
 * A database on which tests write as the vault itself would: the rows that grant authority get their seals. What somebody writes who is not
 * the vault goes to the database without it.
 */
import type { Keyring } from '../../core/crypto/keyring.ts';
import { sealedTables } from '../../core/sealed-rows.ts';
import { adoptRows } from '../operations/sealing-rows.ts';
import type { Vault } from '../operations/vault.ts';

const writesRows = /\b(?:insert|update|delete|replace)\b/i;
/** What is prepared on one of them may be sent through another. */
const texts = new WeakMap<object, { text: string; real: D1PreparedStatement }>();
const sealed = new RegExp(`\\b(?:${sealedTables.join('|')}|secret_versions|token_scopes)\\b`);

/** @param keyring that of the vault that runs on the database; without one nothing is sealed. */
export const ownWrites = (db: D1Database, keyring: () => Keyring | undefined): D1Database => {
  const sealAfter = async (text: string) => {
    const keys = keyring();
    if (!keys || !writesRows.test(text) || !sealed.test(text)) return;
    await db.batch(sealedTables.map((table) => db.prepare(`UPDATE ${table} SET seal = NULL`)));
    await adoptRows({ db, keyring: keys } as Vault);
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
