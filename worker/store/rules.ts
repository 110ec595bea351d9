/** The rules of a verdict: those of every action, in the order in which they are judged, and those that several actions share. */
import { exists, isNull, type SQL, type SQLWrapper, sql } from 'drizzle-orm';
import {
  accesses,
  allowedWithDefaultPassword,
  childPolicyOf,
  type GovernedAction,
  isTokenAction,
  type Outcome,
} from '../../core/policy/policy.ts';
import { byForm, isForToken } from './form.ts';
import { keyRules } from './kept-answers.ts';
import { accessOfChild, principal } from './principal.ts';
import { reach } from './reach.ts';
import { request } from './request.ts';
import { reachesOwn, type Target } from './targets.ts';
import { accessMay, token } from './token-principal.ts';

/** The first rule that holds is the outcome. `reason` is a fixed word or an expression. */
export interface Rule {
  when: SQL;
  outcome: Exclude<Outcome, 'allowed'>;
  reason?: string | SQL;
  /** Judged for service tokens only. */
  isForTokens?: true;
}

/** Those that are judged for the form of the credential that is being compiled for. */
export const judgedRules = (rules: readonly Rule[]): Rule[] =>
  rules.filter(({ isForTokens }) => isForToken() || !isForTokens);

/** The rule of a thing that is yet to be made: `others` finds those that have its name already. */
export const nameTaken = (others: SQLWrapper): Rule => ({
  when: exists(others),
  outcome: 'conflict',
  reason: 'name_taken',
});

/** What every action is judged by, for a signed-in caller. @param isOfMany see `Intent`. */
export const usualRules = (action: GovernedAction, target: Target | undefined, isOfMany = false): Rule[] => [
  unauthenticated,
  ...defaultPassword(action),
  ...neverByToken(action),
  ...accessOfChildRule(action),
  denied(action),
  ...scopeRule(target?.isInScope),
  ...accessRule(action),
  ...(isOfMany ? [] : keyRules()),
  ...scopeRule(target?.isFoundInScope),
  ...targetRules(action, target),
];

const unauthenticated: Rule = {
  when: byForm(isNull(principal.id), () => sql`${token.refused} is not null`),
  outcome: 'unauthenticated',
  reason: byForm(sql`null`, () => token.refused),
};

/** What a token may never do, whatever its access is. */
const neverByToken = (action: GovernedAction): Rule[] =>
  isTokenAction(action) ? [] : [{ when: sql`true`, outcome: 'denied', reason: 'token', isForTokens: true }];

const accessRule = (action: GovernedAction): Rule[] =>
  isTokenAction(action)
    ? [{ when: sql`not ${accessMay(action)}`, outcome: 'denied', reason: 'token_access', isForTokens: true }]
    : [];

/** What a child of a sign-in may not do. For a token the rules above say it. */
const accessOfChildRule = (action: GovernedAction): Rule[] => {
  if (isForToken()) return [];
  const allowed = childPolicyOf(action);
  const some = accesses.filter((access) => allowed?.[access]).map((access) => sql`${access}`);
  if (some.length === accesses.length) return [];
  const isRefused = some.length === 0 ? sql`true` : sql`${accessOfChild} not in (${sql.join(some, sql`, `)})`;
  return [
    {
      when: sql`(${accessOfChild} is not null and ${isRefused})`,
      outcome: 'denied',
      reason: some.length === 0 ? 'token' : 'token_access',
    },
  ];
};

/** Outside the scopes of a token every name is as if it were missing, whether a key has it or not. */
export const scopeRule = (isInScope: (() => SQL) | undefined, reason = 'token_scope'): Rule[] =>
  isInScope === undefined ? [] : [{ when: sql`not ${isInScope()}`, outcome: 'denied', reason, isForTokens: true }];

/** Everybody knows the default passwords, so where everybody can try them they open nothing. */
const defaultPassword = (action: GovernedAction): Rule[] =>
  allowedWithDefaultPassword.includes(action)
    ? []
    : [
        {
          when: sql`not ${request.is_local} and ${principal.has_default_password}`,
          outcome: 'denied',
          reason: 'default_password',
        },
      ];

const denied = (action: GovernedAction): Rule => ({
  when: sql`${reach(action, principal.role)} = 'none'`,
  outcome: 'denied',
  reason: 'role',
});

const targetRules = (action: GovernedAction, target: Target | undefined): Rule[] => {
  if (!target?.found) return [];
  const { id, isOwn, isAllowed } = target.found;
  const own = reachesOwn(action);
  return [
    { when: isNull(id), outcome: 'not_found' },
    { when: sql`${own} and not ${isOwn}`, outcome: 'denied', reason: 'not_owner' },
    ...(isAllowed
      ? [{ when: sql`${own} and not ${isAllowed}`, outcome: 'denied' as const, reason: 'project_role' }]
      : []),
  ];
};
