/**
 * Importing many secrets at once: all of them or none. It takes two round trips, since only the worker can compare values: the first
 * decides who may compare what, and compares; the second decides anew and stores. A secret that comes or goes in between sends the
 * import back to the first.
 */
import { keyLikeness } from '../../core/accounts/likeness.ts';
import { openValue, SealedValueError } from '../../core/crypto/keyring.ts';
import { maxForeignConflictsPerHour, maxImportAttempts, maxReadBytes, maxStatementBytes } from '../../core/limits.ts';
import { newNumber } from '../../core/new-number.ts';
import { principalOf, refusalOf, VaultNotOpen } from '../store/committed.ts';
import { type Form, formOf, usualForm } from '../store/form.ts';
import { isAboutKey } from '../store/kept-answers.ts';
import { requestValues } from '../store/request.ts';
import { type Filled, fill, type Value, type Values } from '../store/statement.ts';
import { transact } from '../store/transact.ts';
import type { VerdictRow } from '../store/verdict.ts';
import { charge, learn, learnOfRoom, refuseForRoom } from './admission.ts';
import { decisions, effects, keeping, storeEntrySeals, surveys } from './import-commit.ts';
import { comparison, keptImport, sameValues } from './import-comparison.ts';
import { imprintsInTurns, partsOf, sealInTurns } from './import-parts.ts';
import { refuseBroken, refuseObjection, sealEntries } from './import-seals.ts';
import {
  contested,
  done,
  type Found,
  type GoodEntry,
  type Import,
  type Imported,
  keptResult,
  statesOf,
} from './import-states.ts';
import { createSecret } from './new-secret.ts';
import { type Operation, type Outcome, whenOpen, withCounts } from './operation.ts';
import { createPause } from './pauses.ts';
import { placeValues } from './place.ts';
import { quotaValues } from './quota.ts';
import type { Refusal } from './refusal.ts';
import { namesIn } from './same-values.ts';
import { sealsOf } from './seals.ts';
import type { Context } from './vault.ts';

const action = 'secret.create';

/** It counts as one request for each entry. */
export const importSecrets: Operation<Import, Imported> = {
  action,
  takesKey: true,
  recordInvalid: createSecret.recordInvalid,
  async perform(context, input) {
    const good = input.entries.filter((entry): entry is GoodEntry => entry.problem === null);
    charge(context, input.entries.length - 1);
    const { idempotency } = context.caller;
    if (idempotency && input.dry_run) return createSecret.recordInvalid(context, noKeyForDryRuns, null);
    if (!input.dry_run) {
      const full = await refuseForRoom(context, action);
      if (full) return full;
    }
    if (good.length === 0) {
      const refusal = await createSecret.recordInvalid(context, 'No entry of the import is valid.', null);
      return refusal.outcome === 'invalid' ? done(input, new Map(), false) : refusal;
    }
    let since = 0;
    for (let attempt = 1; ; attempt++) {
      const compared = await whenOpen(context, () => compare(context, input, good, since));
      if ('outcome' in compared) return refusedOrKept(input, good, compared);
      const result = done(input, compared.found, false);
      if (input.dry_run || result.result.problem !== null) return result;
      const committed = await whenOpen(context, () => store(context, good, compared.found, compared.newest));
      if (committed === 'stored') return done(input, compared.found, true);
      if (typeof committed !== 'string') return refusedOrKept(input, good, committed);
      if (attempt === maxImportAttempts) return done(input, contested(compared.found), false);
      since = compared.newest;
      // Many that write the same keys get out of each other's way.
      await new Promise((resolve) => setTimeout(resolve, Math.random() * attempt * 20));
    }
  },
};

const noKeyForDryRuns = 'A dry run stores nothing, so it takes no Idempotency-Key. Leave the header out.';

/** What was answered before, if the import is sent again; else the refusal. */
const refusedOrKept = (input: Import, good: readonly GoodEntry[], refusal: Refusal): Outcome<Imported> =>
  refusal.kept ? { ...keptResult(input, good, refusal.kept.rows), isRepeated: true } : refusal;

/** Runs statements of one request in one transaction, with the counts of what was refused before. */
export const run = (context: Context, statements: (given: Values) => Filled[], values: Values) =>
  withCounts(context, async (before) => {
    const { vault, caller } = context;
    const given = { ...values, ...requestValues(caller, vault.keyring.primary.id) };
    const results = await transact(vault.db, [...before, ...statements(given)]);
    return results.slice(before.length);
  });

export const fillAll = (steps: readonly ((form: Form) => Parameters<typeof fill>[0])[], given: Values, form: Form) =>
  steps.map((step) => fill(step(form), given));

const refused = (row: VerdictRow, kept?: Record<string, Value>[]): Refusal => ({ ...refusalOf(row, kept), action });

export interface Stored {
  name: string;
  current_version: number;
  token: string | null;
  binding: string | null;
  key_id: string | null;
  sealed: string;
}

/** The first step. `newest` is the newest event after it. */
const compare = async (
  context: Context,
  { entries, on_conflict, dry_run }: Import,
  good: readonly GoodEntry[],
  since: number,
): Promise<{ found: Map<string, Found>; newest: number } | Refusal> => {
  const asked = JSON.stringify(good.map((entry) => decided(entry)));
  if (new TextEncoder().encode(asked).length > maxStatementBytes)
    return { action, outcome: 'invalid', reason: namesTooLong };
  const values = {
    entries: asked,
    // Nothing will be stored, so the names that are free are told like in a dry run.
    is_dry_run: Number(dry_run || good.length < entries.length),
    since,
    ...(dry_run && { imprints: JSON.stringify(await imprintsInTurns(context.vault.keyring, good)) }),
  };
  const { refused: whole, stopped, compared, stored, facts: about, survey } = comparison;
  const steps = [whole, stopped, compared, stored, about, survey, ...(dry_run ? [sameValues] : keptSteps(context))];
  const [refusals, stops, reads, rows, facts, relied, last] = (await run(
    context,
    (given) => fillAll(steps, given, formOf(context.caller)),
    values,
  )) as unknown as [
    VerdictRow[],
    VerdictRow[],
    VerdictRow[],
    Stored[],
    { held: number; newest: number; is_known: number }[],
    { sealed: string }[],
    { result: string }[] | { name: string; same: string }[] | undefined,
  ];
  // A dry run takes no key.
  const kept = dry_run ? undefined : (last as { result: string }[] | undefined);
  const same = dry_run ? (last as { name: string; same: string }[]) : [];
  const [open] = facts;
  const [refusal] = refusals;
  const known = [...stops, ...reads][0];
  learn(context, refusal?.outcome ?? 'allowed', refusal || !known ? null : principalOf(known));
  if (refusal) return noted(context, refused(refusal, kept));
  if (!open) throw new VaultNotOpen();
  if (!open.is_known) return { action, outcome: 'unauthenticated', reason: null };
  const fault = await sealsOf(context.vault, context.caller).faultInAnswer(relied[0]?.sealed ?? '', rows);
  if (fault) return refuseBroken(context, fault, { ...quotaValues(context.vault), entries: '[]', since: open.newest });
  const place = stops.find(({ outcome }) => outcome !== 'conflict' && outcome !== 'invalid');
  if (place) return refused(place);
  if (open.held > maxForeignConflictsPerHour) {
    return noted(context, { action, outcome: 'denied', reason: 'too_many_conflicts' });
  }
  const read = reads.filter(({ outcome }) => outcome === 'allowed').map(({ target }) => target);
  if (rows.length < read.length) {
    return { action, outcome: 'invalid', reason: tooMuch };
  }
  const stopOf = new Map(stops.map(({ target, outcome }) => [target, outcome]));
  const storedOf = new Map(rows.map((row) => [row.name, row]));
  const stateOf = (entry: GoodEntry): Found => {
    const row = storedOf.get(entry.name);
    if (row) return existing(context, entry, row, on_conflict);
    const stop = stopOf.get(entry.name);
    if (stop === 'invalid') return { state: 'invalid', reason: badSegment, version: 0 };
    return stop ? { state: 'conflict', reason: taken, version: 0 } : { state: 'new', reason: null, version: 0 };
  };
  const sameOf = new Map(same.map((each) => [each.name, namesIn(each.same)]));
  const found = new Map<string, Found>();
  const pause = createPause();
  for (const entry of good) {
    found.set(entry.name, { ...stateOf(entry), sameValueAs: sameOf.get(entry.name) ?? [] });
    await pause(storedOf.get(entry.name)?.token?.length ?? 0);
  }
  return { found, newest: open.newest };
};

/** With an Idempotency-Key. */
const keptSteps = ({ caller }: Context) => (caller.idempotency ? [keptImport] : []);

const tooMuch = `The keys of these names hold more than ${maxReadBytes / 1024 / 1024} MiB, which is too much to compare at once. Import fewer entries at once.`;
const namesTooLong = 'The names of these entries are too long to compare at once. Import fewer entries at once.';
const badSegment = 'In a project, no part of a key name between slashes may be empty, "." or "..".';
const taken = 'A key of that name, or of one that looks like it, exists already.';
const differs = 'The key exists and has another value.';

const existing = (context: Context, entry: GoodEntry, stored: Stored, policy: Import['on_conflict']): Found => {
  const version = stored.current_version;
  if (isSame(context, entry, stored)) return { state: 'same', reason: null, version };
  return policy === 'update'
    ? { state: 'changed', reason: null, version }
    : { state: 'conflict', reason: differs, version };
};

/** A value that does not open is another one. */
export const isSame = (
  { vault }: Context,
  { name, value }: Pick<GoodEntry, 'name' | 'value'>,
  { token, binding, key_id }: Stored,
): boolean => {
  if (token === null || binding === null || key_id === null) return false;
  try {
    return openValue(vault.keyring, name, { token, binding, keyId: key_id }) === value;
  } catch (error) {
    if (error instanceof SealedValueError) return false;
    throw error;
  }
};

const noted = (context: Context, refusal: Refusal): Refusal => {
  learnOfRoom(context, action, refusal);
  return refusal;
};

/** What the database has to know of an entry to decide on it. */
const decided = (
  { name }: GoodEntry,
  { state, version }: Pick<Found, 'state' | 'version'> = none,
  bytes = 0,
  number: number | null = null,
) => {
  const { place, place_likeness, has_bad_segment } = placeValues(name);
  return [name, keyLikeness(name), place, place_likeness, has_bad_segment, state, version, bytes, number];
};
const none = { state: 'new', version: 0 } as const;

/** What the second step comes to: all is stored; a key came or went meanwhile; or the caller may not do it. */
const store = async (
  context: Context,
  good: readonly GoodEntry[],
  found: ReadonlyMap<string, Found>,
  since: number,
): Promise<'stored' | 'contested' | Refusal> => {
  const stateOf = ({ name }: GoodEntry) => found.get(name) ?? none;
  const storing = good.filter((entry) => ['new', 'changed'].includes(stateOf(entry).state));
  const hasKey = context.caller.idempotency !== undefined;
  if (storing.length === 0 && !hasKey) return 'stored';
  const sealed = await sealInTurns(context.vault.keyring, storing);
  const bytesOf = new Map(sealed.map(({ name, token }) => [name, token.length]));
  const numberOf = new Map(
    storing.flatMap((entry) => (stateOf(entry).state === 'new' ? [[entry.name, newNumber(context.caller.now)]] : [])),
  );
  const judged = good.filter((entry) => stateOf(entry).state !== 'conflict');
  const values = {
    ...quotaValues(context.vault),
    entries: JSON.stringify(
      judged.map((entry) => decided(entry, stateOf(entry), bytesOf.get(entry.name), numberOf.get(entry.name))),
    ),
    keep_versions: context.vault.limits.keptVersions,
    since,
    result: statesOf(good, found),
    stores: Number(storing.length > 0),
  };
  const form = formOf(context.caller);
  const expected = new Map(sealed.map(({ name, binding }) => [name, { binding, number: numberOf.get(name) ?? null }]));
  const checked = await sealEntries(context, surveys, values, expected);
  if ('fault' in checked) return refuseBroken(context, checked.fault, values);
  const parts = partsOf(
    sealed.map(({ name, description, token, binding, imprint }) => {
      const { place } = placeValues(name);
      const [number = null, seal = null] = [numberOf.get(name), checked.versionSeals.get(name)];
      const { state = '' } = found.get(name) ?? {};
      return [name, state, description, token, binding, keyLikeness(name), place, number, imprint, seal];
    }),
  );
  const results = await run(
    context,
    (given) => [
      ...fillAll(decisions, given, form),
      ...parts.flatMap((part) => fillAll(effects, { ...given, part }, form)),
      ...fillAll([storeEntrySeals], given, form),
      ...(hasKey ? fillAll([...keeping, keptImport], given, form) : []),
    ],
    { ...values, ...checked.sealed },
  );
  const events = results.slice(0, decisions.length).flat() as unknown as VerdictRow[];
  const refusals = events.filter(({ outcome }) => outcome !== 'allowed');
  const objected = await refuseObjection(context, checked.objection, refusals, values);
  if (objected) return objected;
  if (refusals.length === 0) {
    if (events.length === 0 && usualForm(form) === 'token' && storing.length > 0)
      return { action, outcome: 'unauthenticated', reason: null };
    if (events.length !== storing.length) throw new VaultNotOpen();
    learnOfRoom(context, action, { outcome: 'allowed' });
    return 'stored';
  }
  const final = refusals.find(({ outcome, reason }) => !isMeanwhile(outcome, reason));
  learn(context, final?.outcome ?? 'allowed', null);
  return final ? noted(context, refused(final, hasKey ? results.at(-1) : [])) : 'contested';
};

/** Whether it tells that a key came, went or changed since the first step: that looks again, and says so as it should. */
export const isMeanwhile = (outcome: VerdictRow['outcome'], reason: string | null) =>
  (outcome === 'conflict' && !isAboutKey(reason)) ||
  (outcome === 'not_found' && reason === null) ||
  reason === 'not_owner';
