/** What an operation answers when it does not do what it is asked. */
import type { Action } from '../../core/policy/policy.ts';
import type { Committed } from '../store/committed.ts';

/** An outcome that is not `allowed`. */
export type Refusal = Exclude<Committed<never>, { outcome: 'allowed' }> & {
  action: Action;
  /** When to try again, if waiting helps. */
  retryAfterSeconds?: number;
};
