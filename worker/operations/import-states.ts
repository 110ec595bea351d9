/** What an import asks for, and what becomes of its entries. */

/** An entry as it was sent, and what it says, or why it cannot be imported. */
export type ImportEntry = { sent: string } & (
  | { problem: string }
  | {
      problem: null;
      /** With the prefix. */
      name: string;
      value: string;
      /** Null keeps the description of a secret that changes. */
      description: string | null;
    }
);
export type GoodEntry = Extract<ImportEntry, { problem: null }>;

export interface Import {
  entries: ImportEntry[];
  on_conflict: 'fail' | 'skip' | 'update';
  dry_run: boolean;
}

interface EntryState {
  sent: string;
  state: 'new' | 'changed' | 'same' | 'conflict' | 'invalid';
  reason: string | null;
  /** Of a dry run: other keys that have the value, of those that the caller may read. */
  sameValueAs?: string[];
}

export interface Imported {
  applied: boolean;
  states: EntryState[];
  /** What keeps it from being applied. */
  problem: 'invalid' | 'conflict' | null;
}

/** What an entry is found to be, beside its state: the version that it was compared with. */
export interface Found extends Omit<EntryState, 'sent'> {
  version: number;
}

/** The answer. Under the policy `skip` a conflict is no problem, and under `update` there is none that one may change. */
export const done = (
  { entries, on_conflict, dry_run }: Import,
  found: ReadonlyMap<string, Found>,
  applied: boolean,
): { outcome: 'allowed'; result: Imported } => {
  const states = entries.map((entry): EntryState => {
    const { version: _, ...state } = (entry.problem === null ? found.get(entry.name) : undefined) ?? {
      version: 0,
      state: 'invalid' as const,
      reason: entry.problem,
    };
    return { sent: entry.sent, ...state };
  });
  const has = (wanted: string) => states.some(({ state }) => state === wanted);
  const stops = has('invalid') ? 'invalid' : has('conflict') && on_conflict !== 'skip' ? 'conflict' : null;
  return { outcome: 'allowed', result: { applied, states, problem: dry_run ? null : stops } };
};

/** What keys come and go all the time: nothing can be said of those that were to be stored. */
export const contested = (found: ReadonlyMap<string, Found>) =>
  new Map(
    [...found].map(([name, each]): [string, Found] => [
      name,
      each.state === 'same' ? each : { ...each, state: 'conflict', reason: 'Others change these keys now. Try again.' },
    ]),
  );

/** What is kept of an import with an Idempotency-Key: the states of its entries, in their order, as JSON. */
export const statesOf = (good: readonly GoodEntry[], found: ReadonlyMap<string, Found>): string =>
  JSON.stringify(good.map(({ name }) => [found.get(name)?.state, found.get(name)?.reason]));

/** The answer of the first time to an import that is sent again. */
export const keptResult = (input: Import, good: readonly GoodEntry[], kept: string) => {
  const states = JSON.parse(kept) as [state: Found['state'], reason: string | null][];
  const found = good.map(({ name }, index): [string, Found] => {
    const [state, reason] = states[index] ?? ['same', null];
    return [name, { state, reason, version: 0 }];
  });
  return done(input, new Map(found), true);
};
