/**
 * Writing the value of a path, or the values directly in a folder: all of them or none. Values that are the same already write no version,
 * which takes two round trips, as an import does: only the worker can compare values.
 */
import { keyLikeness } from '../../core/accounts/likeness.ts';
import { maxForeignConflictsPerHour, maxImportAttempts, maxReadBytes } from '../../core/limits.ts';
import { newNumber } from '../../core/new-number.ts';
import type { GovernedAction } from '../../core/policy/policy.ts';
import { principalOf, refusalOf, VaultNotOpen } from '../store/committed.ts';
import { formOf } from '../store/form.ts';
import type { Value } from '../store/statement.ts';
import type { VerdictRow } from '../store/verdict.ts';
import { charge, learn, learnOfRoom, refuseForRoom } from './admission.ts';
import { storeEntrySeals } from './import-commit.ts';
import { partsOf, sealInTurns } from './import-parts.ts';
import { type NewValue, refuseBroken, refuseObjection, sealEntries } from './import-seals.ts';
import { fillAll, isMeanwhile, isSame, run, type Stored } from './import-secrets.ts';
import { createSecret } from './new-secret.ts';
import { type Operation, type Outcome, whenOpen } from './operation.ts';
import { pathDecisions, pathEffects, pathSurveys } from './path-commit.ts';
import { pathComparison, summary } from './path-compare.ts';
import { type Described, entryOf } from './path-entries.ts';
import { placeValues } from './place.ts';
import { quotaValues } from './quota.ts';
import type { Refusal } from './refusal.ts';
import { sealsOf } from './seals.ts';
import { trashFrom } from './trash.ts';
import type { Context } from './vault.ts';

const action: GovernedAction = 'secret.create';

export interface PathWrite {
  path: string;
  /** Whether the values go into the folder of that path, or the one value is that of the secret. */
  isFolder: boolean;
  /** By the full names of the secrets; null moves one to the trash. */
  values: readonly { name: string; value: string | null }[];
  /** The version that the secret must have; 0 for none. In a folder 0 alone makes sense: none of the secrets may be in use. Null for any. */
  cas: number | null;
  /** Whether the path must lead to something already. */
  mustExist: boolean;
}

export interface PathWritten {
  version: number;
  changedAt: number;
  /** The secrets in the folder beside those that were written. */
  others: number;
  described: Described | null;
}

type Kind = 'new' | 'changed' | 'same' | 'revived' | 'removed';
interface Planned {
  name: string;
  value: string | null;
  kind: Kind;
  version: number;
  /** Of a new secret, or of the one that comes out of the trash. */
  number: number | null;
}
interface Summary {
  version: number;
  changed_at: number;
  others: number;
  description: string;
  labels: string;
  entry: string;
}

/** It counts as one request for each value. */
export const writePath: Operation<PathWrite, PathWritten> = {
  action,
  recordInvalid: createSecret.recordInvalid,
  async perform(context, input) {
    charge(context, input.values.length - 1);
    const full = await refuseForRoom(context, action);
    if (full) return full;
    let since = 0;
    for (let attempt = 1; ; attempt++) {
      const compared = await whenOpen(context, () => compare(context, input, since));
      if ('outcome' in compared) return compared;
      const { planned, newest } = compared;
      if (planned.every(({ kind }) => kind === 'same')) return written(context, input, compared.summary);
      const stored = await whenOpen(context, () => store(context, input, planned, newest));
      if (stored !== 'contested') return 'outcome' in stored ? stored : written(context, input, stored.summary);
      if (attempt === maxImportAttempts) return { action, outcome: 'conflict', reason: 'changed' };
      since = newest;
      // Many that write the same keys get out of each other's way.
      await new Promise((resolve) => setTimeout(resolve, Math.random() * attempt * 20));
    }
  },
};

const written = ({ caller }: Context, { isFolder }: PathWrite, summary: Summary | undefined): Outcome<PathWritten> => {
  if (!summary) throw new TypeError('A write without a result');
  const { version, changed_at, others, description, labels, entry } = summary;
  // Nothing is there any more where all keys of a folder were taken away.
  const changedAt = changed_at || caller.now;
  const described = isFolder ? entryOf(entry) : { description, labels: labels || null };
  return { outcome: 'allowed', result: { version, changedAt, others, described } };
};

const common = (context: Context, { path, isFolder, mustExist, values }: PathWrite) => ({
  path,
  is_folder: Number(isFolder),
  must_exist: Number(mustExist),
  names: JSON.stringify(values.map(({ name }) => name)),
  trash_from: trashFrom(context),
});

/** What the database has to know of a value to decide on it. See `entry` in import-comparison.ts. */
const decided = (name: string, kind: Kind, version: number | null, bytes = 0, number: number | null = null) => {
  const { place, place_likeness, has_bad_segment } = placeValues(name);
  return [name, keyLikeness(name), place, place_likeness, has_bad_segment, kind, version, bytes, number];
};

const refused = (context: Context, row: VerdictRow): Refusal => {
  const refusal = { ...refusalOf(row), action };
  learnOfRoom(context, action, refusal);
  return refusal;
};

const compare = async (context: Context, input: PathWrite, since: number) => {
  const { values, cas, isFolder } = input;
  const expected = cas === null ? null : isFolder ? -1 : cas;
  const given = {
    ...common(context, input),
    entries: JSON.stringify(
      values.map(({ name, value }) =>
        value === null ? decided(name, 'removed', null) : decided(name, 'new', expected),
      ),
    ),
    is_dry_run: 0,
    since,
  };
  const steps = Object.values(pathComparison);
  const [refusals, stops, reads, absent, rows, trashed, summaries, facts, relied] = (await run(
    context,
    (all) => fillAll(steps, all, formOf(context.caller)),
    given,
  )) as unknown as [
    VerdictRow[],
    VerdictRow[],
    VerdictRow[],
    VerdictRow[],
    Stored[],
    { name: string; id: number; current_version: number }[],
    Summary[],
    { held: number; newest: number; is_known: number }[],
    { sealed: string }[],
  ];
  const [refusal] = [...refusals, ...stops];
  const [open] = facts;
  const known = refusal ?? reads[0];
  learn(
    context,
    refusal?.outcome ?? 'allowed',
    known && known.outcome !== 'unauthenticated' ? principalOf(known) : null,
  );
  if (refusal) return refused(context, refusal);
  if (!open) throw new VaultNotOpen();
  if (!open.is_known) return { action, outcome: 'unauthenticated', reason: null } satisfies Refusal;
  const fault = await sealsOf(context.vault, context.caller).faultInAnswer(relied[0]?.sealed ?? '', rows);
  if (fault) return refuseBroken(context, fault, { ...quotaValues(context.vault), entries: '[]', since: open.newest });
  if (open.held > maxForeignConflictsPerHour)
    return { action, outcome: 'denied', reason: 'too_many_conflicts' } satisfies Refusal;
  if (rows.length < reads.filter(({ outcome }) => outcome === 'allowed').length)
    return { action, outcome: 'invalid', reason: tooMuch } satisfies Refusal;
  const storedOf = new Map(rows.map((row) => [row.name, row]));
  const trashOf = new Map(trashed.map((row) => [row.name, row]));
  const isAbsent = new Set(absent.map(({ target }) => target));
  const planned = values.flatMap(({ name, value }): Planned[] => {
    if (value === null) return isAbsent.has(name) ? [] : [{ name, value, kind: 'removed', version: 0, number: null }];
    const row = storedOf.get(name);
    if (row) {
      const kind = isSame(context, { name, value }, row) ? 'same' : 'changed';
      return [{ name, value, kind, version: row.current_version, number: null }];
    }
    const old = trashOf.get(name);
    return old
      ? [{ name, value, kind: 'revived', version: old.current_version, number: old.id }]
      : [{ name, value, kind: 'new', version: 0, number: newNumber(context.caller.now) }];
  });
  return { planned, newest: open.newest, summary: summaries[0] };
};

const tooMuch = `The keys of these names hold more than ${maxReadBytes / 1024 / 1024} MiB, which is too much to compare at once. Write fewer fields at once.`;

/** All is stored, and what is at the path then; or a secret came or went meanwhile; or the caller may not do it. */
const store = async (
  context: Context,
  input: PathWrite,
  planned: readonly Planned[],
  since: number,
): Promise<{ summary: Summary | undefined } | 'contested' | Refusal> => {
  const { vault, caller } = context;
  const storing = planned.flatMap(({ name, value, kind }) =>
    value === null || kind === 'same' ? [] : [{ name, value, description: null }],
  );
  const sealed = new Map((await sealInTurns(vault.keyring, storing)).map((each) => [each.name, each]));
  const given = {
    ...common(context, input),
    ...quotaValues(vault),
    entries: JSON.stringify(
      planned.map(({ name, kind, version, number }) =>
        decided(name, kind, version, sealed.get(name)?.token.length, number),
      ),
    ),
    keep_versions: vault.limits.keptVersions,
    since,
  };
  const form = formOf(caller);
  const expected = new Map(
    planned.flatMap(({ name, kind, number }): [string, NewValue][] => {
      const { binding } = sealed.get(name) ?? {};
      return binding === undefined ? [] : [[name, { binding, number: kind === 'new' ? number : null }]];
    }),
  );
  const checked = await sealEntries(context, pathSurveys, given, expected);
  if ('fault' in checked) return refuseBroken(context, checked.fault, given);
  const parts = partsOf(
    planned
      .filter(({ kind }) => kind !== 'same')
      .map(({ name, kind, number }): Value[] => {
        const { token = null, binding = null, imprint = null } = sealed.get(name) ?? {};
        const [{ place }, seal = null] = [placeValues(name), checked.versionSeals.get(name)];
        return [name, kind, null, token, binding, keyLikeness(name), place, number, imprint, seal] as Value[];
      }),
  );
  const results = await run(
    context,
    (all) => [
      ...fillAll(pathDecisions, all, form),
      ...parts.flatMap((part) => fillAll(pathEffects, { ...all, part }, form)),
      ...fillAll([storeEntrySeals], all, form),
      ...fillAll([summary], all, form),
    ],
    { ...given, ...checked.sealed },
  );
  const events = results.slice(0, pathDecisions.length).flat() as unknown as VerdictRow[];
  const refusals = events.filter(({ outcome }) => outcome !== 'allowed');
  const objected = await refuseObjection(context, checked.objection, refusals, given);
  if (objected) return objected;
  const final = refusals.find(({ outcome, reason }) => !isMeanwhile(outcome, reason));
  if (final) {
    learn(context, final.outcome, null);
    return refused(context, final);
  }
  if (refusals.length > 0) return 'contested';
  if (events.length !== planned.filter(({ kind }) => kind !== 'same').length) {
    if (form === 'token' && events.length === 0) return { action, outcome: 'unauthenticated', reason: null };
    throw new VaultNotOpen();
  }
  learnOfRoom(context, action, { outcome: 'allowed' });
  return { summary: results.at(-1)?.[0] as unknown as Summary | undefined };
};
