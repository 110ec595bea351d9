/** What an operation is, and how one is made from its SQL, its policy and its values. */
import type { Principal } from '../../core/caller.ts';
import { makeVerifier } from '../../core/crypto/password.ts';
import type { GovernedAction } from '../../core/policy/policy.ts';
import { commit } from '../store/commit.ts';
import { type Committed, type Kept, VaultNotOpen } from '../store/committed.ts';
import { type Form, formOf, formsWithKey, usualForm } from '../store/form.ts';
import { type Plan, plan, type Steps } from '../store/plan.ts';
import { ask, type Preview, type Previewed, preview } from '../store/preview.ts';
import type { RequestParam } from '../store/request.ts';
import type { Filled, Params, Value, Values } from '../store/statement.ts';
import { type Intent, verdictOn, verdictOnInvalid } from '../store/verdict.ts';
import { accountOf, chargeEvents, learn, learnOfRoom, refuseForRoom, refuseTurn, takeCounts } from './admission.ts';
import { scryptBy } from './hasher.ts';
import { inTurn } from './hashing.ts';
import { openInstance } from './instance.ts';
import { fillLikenesses } from './likenesses.ts';
import { noteEvents } from './log-sealer.ts';
import type { Refusal } from './refusal.ts';
import { sealsOf } from './seals.ts';
import { searchInTurn } from './searching.ts';
import { TurnsBusy } from './turns.ts';
import type { Context } from './vault.ts';

export type Outcome<Result> = Done<Result> | Refusal;

interface Done<Result> {
  outcome: 'allowed';
  result: Result;
  /** The request was sent before with the same Idempotency-Key: this is the result of then. */
  isRepeated?: true;
}

/** Something that a signed-in caller can ask for. */
export interface Operation<Input, Result> {
  readonly action: GovernedAction;
  /** Whether it may be sent with an Idempotency-Key. */
  readonly takesKey?: true | undefined;
  /** Decides, records and carries out. */
  perform(context: Context, input: Input): Promise<Outcome<Result>>;
  /** Records a request that is invalid. The log shows `because`; `target` is what the request was about, if it says. */
  recordInvalid(context: Context, because: string, target: string | null): Promise<Refusal>;
}

/** What an operation results in. */
export type ResultOf<Made> = Made extends Operation<never, infer Result> ? Result : never;

interface Definition<Name extends string, Input, Given, Row, Result> {
  action: GovernedAction;
  /** The parameters of the SQL. Those of the request (`request.now`) need no declaration. */
  params?: readonly Exclude<Name, RequestParam>[];
  /** Target and rules for the verdict, the effects, and the answer whose rows make the result. It is compiled at its first use. */
  sql: (params: Params<Name>) => Omit<Intent, 'action'> & Steps<Row>;
  /** The credentials that it is for; all by default. */
  forms?: readonly Form[];
  /** Whether it may be sent with an Idempotency-Key. Its rows are kept then, so none may hold a secret. */
  takesKey?: true;
  /** Whether the input stores something that needs room on the disk. */
  needsRoom?: (input: Input) => boolean;
  /** Whether the input makes the answer a search, which waits for its turn. */
  isSearch?: (input: Input, context: Context) => boolean;
  /** Why the input is invalid, whoever sends it; null if it is valid. */
  objection?: (input: Input) => string | null;
  /** The values of the parameters. Sealing happens here, before the transaction. */
  values?: (input: Input, context: Context) => Given | Promise<Given>;
  /**
   * The new password in the input, if there is one; its verifier becomes the parameter `verifier`. A caller who may not do this is
   * refused before anything is hashed, which takes a round trip of its own.
   */
  newPassword?: (input: Input) => string | null;
  /** From the rows to the result. Opening happens here, after the transaction. */
  result?: (rows: Row[], input: Input, context: Context, principal: Principal) => Result | Promise<Result>;
}

/** Satisfied only if `values` gives every parameter a value, and nothing else. */
type Complete<Name extends string, Given> = [
  Exclude<Name, keyof Given | 'verifier'> | Exclude<keyof Given, Name>,
] extends [never]
  ? unknown
  : {
      values: (...given: never[]) => { [Missing in Exclude<Name, keyof Given>]: Value } & {
        [Extra in Exclude<keyof Given, Name>]: never;
      };
    };

/** Makes an operation. */
export const operation = <
  const Name extends string = never,
  Input = Record<never, never>,
  Given extends Values<never> = Values<never>,
  Row = never,
  Result = void,
>(
  definition: Definition<Name, Input, Given, Row, Result> & Complete<Name, Given>,
): Operation<Input, Result> => {
  const {
    action,
    params = [],
    sql,
    takesKey,
    forms = takesKey && formsWithKey,
    objection,
    needsRoom,
    isSearch,
    values,
    newPassword,
    result,
  } = definition;
  const wanted = plan<string, Row>(
    params,
    (given) => {
      const { target, rules, detail, ready, touched, foresee, watched, reliesOn, ...steps } = sql(
        given as Params<Name>,
      );
      const intent = { action, target, rules, detail, ready, touched, foresee, watched, reliesOn };
      return { verdict: verdictOn(intent), ...steps };
    },
    forms,
  );
  const beforeHash =
    newPassword &&
    preview<string>(params, (given) => {
      const { target, rules } = sql(given as Params<Name>);
      return { refusal: verdictOn({ action, target, rules }, true) };
    });
  const invalid = plan(['target', 'because'], (given) => ({
    verdict: verdictOnInvalid(action, given.target, given.because),
    refusesAlways: true,
  }));

  const recordInvalid = async (context: Context, because: string, target: string | null): Promise<Refusal> => {
    const committed = await commitOpen(context, invalid, { because, target });
    if (committed.outcome === 'allowed') throw new TypeError('An invalid request was allowed');
    return { ...committed, action };
  };

  const hash = async (context: Context, given: Values, password: string | null) => {
    if (!beforeHash || password === null) return { outcome: 'allowed' as const, verifier: null };
    const considered = await askOpen(context, beforeHash, given);
    if (considered.outcome !== 'allowed') return considered;
    const { passwordCost, hasher } = context.vault;
    const verifier = await inTurn(context.caller, (pause) =>
      makeVerifier(password, passwordCost, scryptBy(hasher, pause)),
    );
    return { outcome: 'allowed' as const, verifier };
  };

  return {
    action,
    takesKey,
    recordInvalid,
    async perform(context, input) {
      const because = objection?.(input);
      if (because) return recordInvalid(context, because, null);
      const full = needsRoom?.(input) ? await refuseForRoom(context, action) : null;
      if (full) return full;
      const given: Values = (await values?.(input, context)) ?? {};
      const hashed = newPassword && (await hash(context, given, newPassword(input)));
      if (hashed && hashed.outcome !== 'allowed') return { ...hashed, action };
      const commitNow = () => commitOpen(context, wanted, hashed ? { ...given, verifier: hashed.verifier } : given);
      const committed = isSearch?.(input, context) ? await searching(context, action, commitNow) : await commitNow();
      learnOfRoom(context, action, committed);
      chargeEvents(context, action, committed);
      const isDone = committed.outcome === 'allowed';
      if (!isDone && !committed.kept) return { ...committed, action };
      const { rows, principal } = isDone ? committed : rowsOf<Row>(committed.kept as Kept);
      const made = await result?.(rows, input, context, principal);
      return { outcome: 'allowed', result: made as Result, ...(!isDone && { isRepeated: true }) };
    },
  };
};

/** What was answered to a request that is sent again. */
export const rowsOf = <Row>(kept: Kept): { rows: Row[]; principal: Principal } => ({
  ...kept,
  rows: JSON.parse(kept.rows) as Row[],
});

/** One operation out of two of the same action: the first for service tokens, the second for sessions. */
export const byCredential = <Input, Result>(
  ofToken: Operation<Input, Result>,
  ofSession: Operation<Input, Result>,
): Operation<Input, Result> => ({
  ...ofSession,
  perform: (context, input) =>
    (usualForm(formOf(context.caller)) === 'token' ? ofToken : ofSession).perform(context, input),
});

/** One operation out of two of the same action: the first for the inputs that meet the condition. */
export const eitherOf = <Input, Result>(
  condition: (input: Input) => boolean,
  first: Operation<Input, Result>,
  second: Operation<Input, Result>,
): Operation<Input, Result> => ({
  ...second,
  perform: (context, input) => (condition(input) ? first : second).perform(context, input),
});

const searching = async <Row>(context: Context, action: GovernedAction, commitNow: () => Promise<Committed<Row>>) => {
  try {
    return await searchInTurn(accountOf(context), commitNow);
  } catch (error) {
    if (error instanceof TurnsBusy) return refuseTurn(context, action, 'too_many_searches');
    throw error;
  }
};

/** Commits a plan. A new vault is set up first, and what an upgrade left to the worker is done. */
export const commitOpen = async <Row, Name extends string>(
  context: Context,
  wanted: (form: Form) => Plan<Row, Name>,
  values: Values<NoInfer<Name>>,
): Promise<Committed<Row>> => {
  const { vault, caller } = context;
  const committed = await whenOpen(context, () =>
    withCounts(context, (rows) =>
      commit(vault.db, sealsOf(vault, caller), caller, wanted(formOf(caller)), values, rows, formOf(caller)),
    ),
  );
  learn(context, committed.outcome, committed.principal ?? null);
  noteEvents(
    vault,
    caller.now,
    (committed.events ?? 1) + ('judged' in committed ? (committed.judged?.length ?? 0) : 0),
  );
  return committed;
};

/** Runs a transaction that also writes the rows about what was refused before. */
export const withCounts = async <Result>(
  { vault, caller }: Context,
  run: (rows: Filled[]) => Promise<Result>,
): Promise<Result> => {
  const { rows, restore } = takeCounts(vault, caller.now);
  try {
    return await run(rows);
  } catch (error) {
    restore();
    throw error;
  }
};

/** Asks a preview. A new vault is set up first. */
export const askOpen = async <Row, Name extends string>(
  context: Context,
  wanted: (form: Form) => Preview<Row, Name>,
  values: Values<NoInfer<Name>>,
): Promise<Previewed<Row>> => {
  const { vault, caller } = context;
  const previewed = await whenOpen(context, () =>
    ask(vault.db, vault.keyring.primary.id, caller, wanted(formOf(caller)), values),
  );
  learn(context, previewed.outcome, previewed.outcome === 'allowed' ? null : (previewed.principal ?? null));
  return previewed;
};

/** Runs it. A new vault is set up first, and what an upgrade left to the worker is done. */
export const whenOpen = async <Result>({ vault, caller }: Context, attempt: () => Promise<Result>): Promise<Result> => {
  try {
    return await attempt();
  } catch (error) {
    if (!(error instanceof VaultNotOpen)) throw error;
    await openInstance(vault, caller.now);
    await fillLikenesses(vault.db);
    return attempt();
  }
};
