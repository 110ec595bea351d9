/** The seals of an import, and of a write to a path: what both steps rely on is checked, and what they store is sealed. */
import { isNobodys, type SealedRow } from '../../core/sealed-rows.ts';
import { refusalOf, transact, VaultNotOpen } from '../store/commit.ts';
import { type Form, formOf } from '../store/form.ts';
import { requestValues } from '../store/request.ts';
import { type Fault, noteBroken, sealsParam } from '../store/sealed.ts';
import { fill, type Statement, type Values } from '../store/statement.ts';
import type { VerdictRow } from '../store/verdict.ts';
import { sealed, sealOfCurrent } from './foresight.ts';
import { brokenImport } from './import-commit.ts';
import type { Refusal } from './refusal.ts';
import { faultOf, rowsIn, sealsOf } from './seals.ts';
import type { Context } from './vault.ts';

type Survey = (form: Form) => Statement<{ sealed: string }>;

/** The row whose seal does not hold is in the log then, and nothing is stored. */
export const refuseBroken = async ({ vault, caller }: Context, fault: Fault, values: Values): Promise<Refusal> => {
  const given = { ...values, ...requestValues(caller, vault.keyring.primary.id), 'request.fault': fault.name };
  const [refused = []] = await transact(vault.db, [
    fill(brokenImport(formOf(caller)), given),
    fill(noteBroken(), { ...fault, 'request.now': caller.now }),
  ]);
  const [row] = refused as unknown as VerdictRow[];
  const refusal = row ? refusalOf(row) : { outcome: 'denied' as const, reason: 'seal_broken' };
  return { ...refusal, action: 'secret.create' };
};

/** A value that is to be stored: its binding, and the number that its secret gets, if that is a new one. */
export interface NewValue {
  binding: string;
  number: number | null;
}

/** Whether a secret will be what the request makes of it: a new one with its number, or one that holds and stays where it is. */
const isExpected = (
  [, [id], [, name, owner = null, project = null]]: SealedRow,
  expected: NewValue,
  held: readonly SealedRow[],
) => {
  if (expected.number !== null) return id === expected.number;
  return held.some(
    (row) =>
      row[0] === 'secrets' &&
      row[1][0] === id &&
      !isNobodys(row) &&
      row[2][1] === name &&
      row[2][2] === owner &&
      row[2][3] === project,
  );
};

/**
 * Checks what the second step relies on, and makes the seals of what it stores.
 *
 * @param expected what is to be stored, by the names of the secrets.
 * @returns values for its statements and the seals of the versions, by the names of their secrets; or the row whose seal does not hold.
 */
export const sealEntries = async (
  { vault, caller }: Context,
  surveys: readonly Survey[],
  values: Values,
  expected: ReadonlyMap<string, NewValue>,
): Promise<{ fault: Fault } | { sealed: Values; versionSeals: ReadonlyMap<string, string> }> => {
  const form = formOf(caller);
  const given = { ...values, ...requestValues(caller, vault.keyring.primary.id) };
  const results = await transact(
    vault.db,
    surveys.map((survey) => fill(survey(form), given)),
  );
  if (!results[0]?.length) throw new VaultNotOpen();
  const texts = results.flat().map(({ sealed }) => String(sealed));
  const fault = await sealsOf(vault, caller).faultIn(texts);
  if (fault) return { fault };
  const made: SealedRow[] = [];
  const versionSeals = new Map<string, string>();
  for (const text of texts) {
    const [cells, future] = JSON.parse(text) as [Parameters<typeof rowsIn>[0], SealedRow[] | null];
    const held = future ? rowsIn(cells) : [];
    for (const row of future ?? []) {
      const [table, locator, contents] = row;
      const name = String(contents[1]);
      const value = expected.get(name);
      if (!value || !isExpected(row, value, held)) {
        vault.metrics?.noteBrokenSeal();
        return { fault: faultOf(row) };
      }
      const secret = sealed(vault.keyring, [table, locator, contents.with(-1, value.binding), null]);
      made.push(secret);
      versionSeals.set(name, sealOfCurrent(vault.keyring, secret));
    }
  }
  return { sealed: { 'request.relied': JSON.stringify(texts), 'request.seals': sealsParam(made) }, versionSeals };
};
