/** How what is at a path is judged: an event for each row that is found there. */
import { and, eq, exists, gt, inArray, not, type SQL, sql } from 'drizzle-orm';
import { maxSecretsPerRead } from '../../core/limits.ts';
import type { GovernedAction, ProjectAction } from '../../core/policy/policy.ts';
import { granted, verdict, verdictId } from '../store/granted.ts';
import { request } from '../store/request.ts';
import type { Rule } from '../store/rules.ts';
import { query } from '../store/statement.ts';
import { isOwnSecret, mayWithSecret, membershipIn, reachesOwn, type Target, targetSecret } from '../store/targets.ts';
import { found, isFoundInScopes, isState } from './paths.ts';

/** Each row of what is found is judged on its own. */
export const pathTarget = (source: SQL): Target => ({
  name: found.name,
  joins: [
    { table: source, on: sql`true` },
    { table: targetSecret, on: eq(targetSecret.id, found.id) },
    membershipIn(targetSecret.project_id),
  ],
  isInScope: isFoundInScopes,
});

/** The rules that come first, whatever is asked of a path. They judge what was found once more, as if it had been found by its name. */
export const pathRules = (action: GovernedAction & ProjectAction): Rule[] => [
  { when: isState('many'), outcome: 'invalid', reason: 'too_many_in_folder' },
  { when: isState('none'), outcome: 'not_found' },
  ...secretRules(action),
];

/** Those about a secret that was found. */
export const secretRules = (action: GovernedAction & ProjectAction): Rule[] => [
  { when: sql`${isState('secret', 'child', 'trash')} and ${targetSecret.id} is null`, outcome: 'not_found' },
  {
    when: sql`${reachesOwn(action)} and ${targetSecret.id} is not null and not ${isOwnSecret}`,
    outcome: 'denied',
    reason: 'not_owner',
  },
  {
    when: sql`${reachesOwn(action)} and ${targetSecret.id} is not null and not ${mayWithSecret(action)}`,
    outcome: 'denied',
    reason: 'project_role',
  },
];

/** This request's events are the newest ones. */
export const isEvent = and(
  gt(verdict.id, sql`${verdictId} - ${maxSecretsPerRead}`),
  // With the +, SQLite reads the events by their ids.
  sql`+${verdict.request_id} = ${request.id}`,
);

/** The names of what this request may change. An effect that uses it does all or nothing: nothing, if any of them is refused. */
const allowedNames = query
  .select({ target: verdict.target })
  .from(verdict)
  .where(and(isEvent, sql`+${verdict.outcome} = 'allowed'`));

const isRefused = exists(
  query
    .select({ id: verdict.id })
    .from(verdict)
    .where(and(isEvent, sql`+${verdict.outcome} <> 'allowed'`)),
);

/** The condition of an effect on everything that was found. */
export const grantedAll = and(granted, not(isRefused));

export const isAllowedName = (name: Parameters<typeof inArray>[0]): SQL | undefined =>
  and(inArray(name, allowedNames), grantedAll);
