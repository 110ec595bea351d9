import type { Action, GovernedAction } from '../../core/policy/policy.ts';
import { type Committed, commit, type Plan, type Principal, VaultNotOpen } from '../store/commit.ts';
import type { Statement, Values } from '../store/statement.ts';
import { type Intent, verdictOn, verdictOnInvalid } from '../store/verdict.ts';
import { openInstance } from './instance.ts';
import type { Context } from './vault.ts';

export type Refusal = Exclude<Committed<never>, { outcome: 'allowed' }> & {
  action: Action;
  /** When it is worth asking again, if waiting is all it takes. */
  retryAfterSeconds?: number;
};
export type Outcome<Result> = { outcome: 'allowed'; result: Result } | Refusal;

/** Something a signed-in caller can ask for. */
export interface Operation<Input, Result> {
  readonly action: GovernedAction;
  /** Decides, records and does it. */
  perform(context: Context, input: Input): Promise<Outcome<Result>>;
  /** Records that it was asked for in a way that makes no sense; `because` is shown in the log. */
  refuse(context: Context, because: string, target: string | null): Promise<Refusal>;
}

interface Definition<Input, Row, Result> {
  intent: Intent;
  /** Why this cannot be asked for, whoever asks; null if it can. */
  objection?: (input: Input, context: Context) => string | null;
  effects?: readonly Statement[];
  /** The effect whose rows make the result; it runs last. */
  answer?: Statement<Row>;
  /** From what is asked to what is bound: sealing and hashing happen here, before the transaction. */
  values?: (input: Input, context: Context) => Values | Promise<Values>;
  /** From the rows to what is answered: opening happens here, after the transaction. */
  result?: (rows: Row[], input: Input, context: Context, principal: Principal) => Result | Promise<Result>;
}

/** Makes an operation: its SQL is compiled here, once, and a request only binds values to it. */
export const operation = <Input = Record<never, never>, Row = never, Result = void>(
  definition: Definition<Input, Row, Result>,
): Operation<Input, Result> => {
  const { intent, objection, effects = [], answer, values, result } = definition;
  const { action } = intent;
  const steps = answer ? [...effects, answer] : effects;
  const plan = { verdict: verdictOn(intent), effects: steps } as Plan<Row>;
  const invalid: Plan<never> = { verdict: verdictOnInvalid(action), effects: [] };

  const refuse = async (context: Context, because: string, target: string | null): Promise<Refusal> => {
    const committed = await commitOpen(context, invalid, { invalid_because: because, target });
    if (committed.outcome === 'allowed') throw new TypeError('An invalid request was allowed');
    return { ...committed, action };
  };

  return {
    action,
    refuse,
    async perform(context, input) {
      const because = objection?.(input, context);
      if (because) return refuse(context, because, null);
      const bound = values ? await values(input, context) : {};
      const committed = await commitOpen(context, plan, bound);
      if (committed.outcome !== 'allowed') return { ...committed, action };
      const made = await result?.(committed.rows, input, context, committed.principal);
      return { outcome: 'allowed', result: made as Result };
    },
  };
};

/** Commits; the first time ever, after setting the vault up. */
export const commitOpen = async <Row>(
  { vault, caller }: Context,
  plan: Plan<Row>,
  values: Values,
): Promise<Committed<Row>> => {
  const attempt = () => commit(vault.db, vault.keyring.primary.id, caller, plan, values);
  try {
    return await attempt();
  } catch (error) {
    if (!(error instanceof VaultNotOpen)) throw error;
    await openInstance(vault, caller.now);
    return attempt();
  }
};
