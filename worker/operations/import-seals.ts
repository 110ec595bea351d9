/** The seals of an import, and of a write to a path: what both steps rely on is checked, and what they store is sealed. */
import type { Cell, SealedRow } from '../../core/sealed-rows.ts';
import { refusalOf, VaultNotOpen } from '../store/committed.ts';
import { formOf } from '../store/form.ts';
import { requestValues } from '../store/request.ts';
import { type Fault, noteBroken, sealsParam } from '../store/sealed.ts';
import { fill, type Values } from '../store/statement.ts';
import { transact } from '../store/transact.ts';
import type { VerdictRow } from '../store/verdict.ts';
import { sealed, sealOfCurrent } from './foresight.ts';
import { brokenImport, type EntrySurvey } from './import-commit.ts';
import { entryJudge } from './judge-entries.ts';
import { createPause } from './pauses.ts';
import type { Refusal } from './refusal.ts';
import { faultOf, faultOfPrincipal, partsOf, sealsOf, type Text } from './seals.ts';
import type { Context } from './vault.ts';

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

/** What is known of a value before it is stored: its binding, and the number of its secret if that is new. */
export interface NewValue {
  binding: string;
  number: number | null;
}

/**
 * Checks what the second step relies on, and makes the seals of what it stores.
 *
 * @param expected the new values, by the names of their secrets.
 * @returns parameters of its statements, the seals of the new versions by the names of their secrets, and as `objection` a row that does not
 *   allow an entry; the verdict on that entry will not be what was checked. Or only the row whose seal does not hold.
 */
export const sealEntries = async (
  { vault, caller }: Context,
  surveys: readonly EntrySurvey[],
  values: Values,
  expected: ReadonlyMap<string, NewValue>,
): Promise<
  { fault: Fault } | { sealed: Values; versionSeals: ReadonlyMap<string, string>; objection: Fault | null }
> => {
  const form = formOf(caller);
  const given = { ...values, ...requestValues(caller, vault.keyring.primary.id) };
  const results = await transact(
    vault.db,
    surveys.map(({ survey }) => fill(survey(form), given)),
  );
  if (!results[0]?.length) throw new VaultNotOpen();
  const texts = results.map((rows) => rows.map(({ sealed }) => String(sealed)));
  const fault = await sealsOf(vault, caller).faultIn(texts.flat());
  if (fault) return { fault };
  const judge = entryJudge(caller, kindsIn(values));
  const relied: string[] = [];
  const made: SealedRow[] = [];
  const versionSeals = new Map<string, string>();
  let objection: Fault | null = null;
  const pause = createPause();
  for (const [index, { grounds }] of surveys.entries()) {
    for (const text of texts[index] ?? []) {
      const parsed = JSON.parse(text) as Text;
      const judged = judge(grounds, parsed);
      await pause(text.length);
      if (judged === 'gone') continue;
      if ('objection' in judged) {
        objection ??= faultOfObjection(judged.objection, parsed);
        continue;
      }
      const { row } = judged;
      const name = String(row?.[2][1]);
      const value = expected.get(name);
      if (row && (!value || (value.number !== null && row[1][0] !== value.number))) {
        objection ??= faultOf(row);
        continue;
      }
      relied.push(text);
      if (!row || !value) continue;
      const [table, locator, contents, seal] = row;
      const secret = sealed(vault.keyring, [table, locator, contents.with(-1, value.binding), seal]);
      made.push(secret);
      versionSeals.set(name, sealOfCurrent(vault.keyring, secret));
    }
  }
  return {
    sealed: { 'request.relied': JSON.stringify(relied), 'request.seals': sealsParam(made) },
    versionSeals,
    objection,
  };
};

/** The kind of each entry, by the name that it has. */
const kindsIn = ({ entries }: Values): Map<Cell, string> => {
  const listed = JSON.parse(String(entries)) as [name: string, ...string[]][];
  return new Map(listed.map((entry) => [entry[0], String(entry[5])]));
};

const faultOfObjection = (objection: SealedRow | 'principal', [cells]: Text): Fault =>
  objection === 'principal' ? faultOfPrincipal(partsOf(cells, false).principal) : faultOf(objection);

/**
 * Refuses what the rows do not allow, if nothing but that has kept SQL from it. Any other refusal comes first: then the rows are what they
 * should be, and have changed since the first step.
 */
export const refuseObjection = async (
  context: Context,
  objection: Fault | null,
  refusals: readonly VerdictRow[],
  values: Values,
): Promise<Refusal | null> => {
  if (!objection || refusals.some(({ reason }) => reason !== 'changed_meanwhile')) return null;
  context.vault.metrics?.noteBrokenSeal();
  return refuseBroken(context, objection, values);
};
