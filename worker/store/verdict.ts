import { type SQL, sql } from 'drizzle-orm';
import { type Action, type GovernedAction, policy, type Reach, roles } from '../../core/policy/policy.ts';
import { principalBySession } from './principal.ts';
import { auditEvents, instance, secrets, sessions, users } from './schema.ts';
import { type Statement, statement, value } from './statement.ts';

/**
 * The verdict: one INSERT into the audit log that resolves the principal, finds the target, applies the policy and writes
 * the outcome it reached. Every effect of the same batch carries `granted` and so takes effect only if the outcome is
 * `allowed`. Outcomes are computed and never thrown, since an error would roll the log entry back as well.
 */

export type Outcome = 'allowed' | 'denied' | 'not_found' | 'conflict' | 'invalid' | 'unauthenticated' | 'failed';

/** The row a verdict answers with. `reason` says more than the outcome where there is more to say. */
export interface VerdictRow {
  outcome: Outcome;
  reason: string | null;
  actor_id: number | null;
  actor_name: string | null;
  actor_role: string | null;
}

/** The first rule that holds is the outcome. `reason` is a fixed word of ours or the name of a value. */
export interface Rule {
  when: SQL;
  outcome: Exclude<Outcome, 'allowed'>;
  reason?: string | { value: string };
}

/** What an intent is aimed at: how to find it, whose it is, and what the log calls it. */
export interface Target {
  find: SQL;
  owner: SQL;
  label: SQL;
}

export const secretNamed: Target = {
  find: sql`LEFT JOIN ${secrets} AS target ON target.name = ${value('target')}`,
  owner: sql`target.owner_id`,
  label: sql`${value('target')}`,
};

export const userNumbered: Target = {
  find: sql`LEFT JOIN ${users} AS target ON target.id = ${value('target_id')}`,
  owner: sql`target.id`,
  label: sql`coalesce(target.name, ${value('target')})`,
};

export const sessionNamed: Target = {
  find: sql`LEFT JOIN ${sessions} AS target ON target.id = ${value('target')}`,
  owner: sql`target.user_id`,
  label: sql`${value('target')}`,
};

export interface Intent {
  action: GovernedAction;
  target?: Target;
  /** What the log calls the target where none needs to be found: a thing yet to be made. */
  label?: SQL;
  /** Refusals of this action's own, judged after the policy. */
  refusals?: Rule[];
}

/** The newest event is this request's own and says `allowed`: a batch is one transaction, nothing comes between. */
export const granted = sql`EXISTS (
  SELECT 1 FROM ${auditEvents} AS event WHERE event.id = (SELECT max(id) FROM ${auditEvents})
    AND event.request_id = ${value('request_id')} AND event.outcome = 'allowed')`;

/** The id of the principal that the verdict resolved; only meaningful beside `granted`. */
export const actorId = sql`(SELECT actor_id FROM ${auditEvents} WHERE id = (SELECT max(id) FROM ${auditEvents}))`;
export const actorName = sql`(SELECT actor_name FROM ${auditEvents} WHERE id = (SELECT max(id) FROM ${auditEvents}))`;

/** True if the verdict's role reaches everything under this action. */
export const reachesAny = (action: GovernedAction) => sql`
  ${reach(action, sql`(SELECT actor_role FROM ${auditEvents} WHERE id = (SELECT max(id) FROM ${auditEvents}))`)} = 'any'`;

const reach = (action: GovernedAction, role: SQL) => {
  const cases = roles.map((name) => sql.raw(`WHEN '${name}' THEN '${policy[action][name] satisfies Reach}'`));
  return sql`CASE ${role} ${sql.join(cases, sql` `)} ELSE 'none' END`;
};

const unauthenticated: Rule = { when: sql`principal.id IS NULL`, outcome: 'unauthenticated' };

const denied = (action: GovernedAction): Rule => ({
  when: sql`${reach(action, sql`principal.role`)} = 'none'`,
  outcome: 'denied',
  reason: 'role',
});

const targetRules = ({ action, target }: Intent): Rule[] =>
  target
    ? [
        { when: sql`target.id IS NULL`, outcome: 'not_found' },
        {
          when: sql`${reach(action, sql`principal.role`)} = 'own' AND ${target.owner} <> principal.id`,
          outcome: 'denied',
          reason: 'not_owner',
        },
      ]
    : [];

/** The verdict on what a signed-in caller asks for. */
export const verdictOn = (intent: Intent): Statement<VerdictRow> =>
  judge({
    action: intent.action,
    principal: principalBySession,
    find: intent.target?.find ?? sql``,
    label: intent.target?.label ?? intent.label ?? sql`NULL`,
    rules: [unauthenticated, denied(intent.action), ...targetRules(intent), ...(intent.refusals ?? [])],
  });

/** The verdict on a request that cannot be carried out whoever asks: it says so only to those who may ask at all. */
export const verdictOnInvalid = (action: GovernedAction): Statement<VerdictRow> =>
  judge({
    action,
    principal: principalBySession,
    find: sql``,
    label: sql`${value('target')}`,
    rules: [
      unauthenticated,
      denied(action),
      { when: sql`true`, outcome: 'invalid', reason: { value: 'invalid_because' } },
    ],
  });

interface Judgement {
  action: Action;
  principal: SQL;
  find: SQL;
  label: SQL;
  rules: Rule[];
}

/**
 * Writes the event. Only a database that this key seals is ever written: under another ENCRYPTION_KEY, or before the vault
 * has been set up, nothing is inserted and no row is answered.
 */
export const judge = ({ action, principal, find, label, rules }: Judgement): Statement<VerdictRow> => {
  const outcomes = rules.map(({ when, outcome }) => sql`WHEN ${when} THEN ${sql.raw(`'${outcome}'`)}`);
  const reasons = rules.map(({ when, reason }) => sql`WHEN ${when} THEN ${reasonOf(reason)}`);
  return statement(sql`
    INSERT INTO ${auditEvents}
      (at, request_id, actor_id, actor_name, actor_role, action, target, outcome, reason, address, user_agent)
    SELECT ${value('now')}, ${value('request_id')}, principal.id, coalesce(principal.name, ${value('claimed_name')}),
      principal.role, ${sql.raw(`'${action}'`)}, ${label},
      CASE ${sql.join(outcomes, sql` `)} ELSE 'allowed' END,
      CASE ${sql.join(reasons, sql` `)} END,
      ${value('address')}, ${value('user_agent')}
    FROM ${instance} ${principal} ${find}
    WHERE ${instance.key_id} = ${value('key_id')}
    RETURNING outcome, reason, actor_id, actor_name, actor_role`);
};

const reasonOf = (reason: Rule['reason']): SQL => {
  if (reason === undefined) return sql`NULL`;
  return typeof reason === 'string' ? sql.raw(`'${reason}'`) : sql`${value(reason.value)}`;
};

/** A second event, for what was allowed and then could not be done: it says why. */
export const failure = statement(sql`
  INSERT INTO ${auditEvents}
    (at, request_id, actor_id, actor_name, actor_role, action, target, outcome, reason, address, user_agent)
  SELECT at, request_id, actor_id, actor_name, actor_role, action, target, 'failed', ${value('reason')}, address, user_agent
  FROM ${auditEvents} WHERE actor_id = ${value('actor_id')} AND request_id = ${value('request_id')}
  ORDER BY id DESC LIMIT 1`);
