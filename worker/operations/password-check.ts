/** What a sign-in and a change of one's own password have in common: a password is compared, then the verdict is made. */
import { type SQL, sql } from 'drizzle-orm';
import type { Action } from '../../core/policy/policy.ts';
import { principal } from '../store/principal.ts';
import type { Params } from '../store/statement.ts';
import type { Outcome } from './operation.ts';

export const passwordParams = ['password_matches', 'verifier'] as const;
export type PasswordParam = (typeof passwordParams)[number];

/** The password was compared with a verifier; the account may have got another one since. */
export const passwordIsWrong = ({ password_matches, verifier }: Params<PasswordParam>): SQL =>
  sql`(not ${password_matches} or ${principal.verifier} is not ${verifier})`;

/** Not logged, because the log would grow with every attempt; what led here is in it. */
export const tooMany = (
  action: Action,
  reason: 'throttled' | 'too_many_sign_ins' | 'too_many_changes',
  retryAt: number,
  now: number,
): Outcome<never> => ({
  action,
  outcome: 'denied',
  reason,
  retryAfterSeconds: Math.max(1, Math.ceil((retryAt - now) / 1000)),
});
