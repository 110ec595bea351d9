/** The seals of an import, and of a write to a path: what both steps rely on is checked, and what they store is sealed. */
import type { SealedRow } from '../../core/sealed-rows.ts';
import { refusalOf, transact, VaultNotOpen } from '../store/commit.ts';
import { type Form, formOf } from '../store/form.ts';
import { requestValues } from '../store/request.ts';
import { type Fault, noteBroken, sealsParam } from '../store/sealed.ts';
import { fill, type Statement, type Values } from '../store/statement.ts';
import type { VerdictRow } from '../store/verdict.ts';
import { sealed } from './foresight.ts';
import { brokenImport } from './import-commit.ts';
import type { Refusal } from './refusal.ts';
import { sealsOf } from './seals.ts';
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

/**
 * Checks what the second step relies on, and makes the seals of what it stores.
 *
 * @param bindings those of the new values, by the names of their secrets.
 * @returns values for its statements, or the row whose seal does not hold.
 */
export const sealEntries = async (
  { vault, caller }: Context,
  surveys: readonly Survey[],
  values: Values,
  bindings: ReadonlyMap<string, string>,
): Promise<{ fault: Fault } | { sealed: Values }> => {
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
  const future = texts.flatMap((text) => (JSON.parse(text) as [unknown, SealedRow[] | null])[1] ?? []);
  const made = future.map(([table, locator, [name, owner, project, version], seal]) => {
    const binding = bindings.get(String(name)) ?? null;
    const row: SealedRow = [
      table,
      locator,
      [name ?? null, owner ?? null, project ?? null, version ?? null, binding],
      seal,
    ];
    return sealed(vault.keyring, row);
  });
  return { sealed: { 'request.relied': JSON.stringify(texts), 'request.seals': sealsParam(made) } };
};
