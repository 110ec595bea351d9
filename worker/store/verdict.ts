/**
 * The verdict: one INSERT into the audit log that resolves the principal, finds the target, applies the policy and writes
 * the outcome. Every effect of the same batch carries `granted`, so it takes effect only if the outcome is `allowed`.
 * Outcomes are computed and never thrown, because an error would roll back the log entry as well.
 */
import {
  and,
  desc,
  eq,
  exists,
  getTableColumns,
  is,
  isNotNull,
  isNull,
  not,
  or,
  SQL,
  type SQLWrapper,
  sql,
} from 'drizzle-orm';
import { maxTokenRefusals, tokenRefusalsMs } from '../../core/limits.ts';
import {
  type Action,
  accesses,
  allowedWithDefaultPassword,
  childPolicyOf,
  type GovernedAction,
  isTokenAction,
  type Outcome,
} from '../../core/policy/policy.ts';
import { byForm, byGuard, isForToken } from './form.ts';
import { isJudged } from './granted.ts';
import { keyRules } from './kept-answers.ts';
import {
  accessOfChild,
  childOfSession,
  type Join,
  principal,
  principalByCredential,
  sealsOfPrincipal,
  toldSealsOfPrincipal,
} from './principal.ts';
import { reach } from './reach.ts';
import { type Foresee, relying } from './relied.ts';
import { request } from './request.ts';
import { auditEvents, instance } from './schema.ts';
import { isAsChecked, reliedText, sealedRow, slotsIn } from './sealed.ts';
import { type Param, type Query, query, rowFor, statement, textColumn } from './statement.ts';
import { reachesOwn, type Target, targetSecret } from './targets.ts';
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

export interface Intent {
  action: GovernedAction;
  target?: Target | undefined;
  /** Rules of this action alone, judged after the policy. */
  rules?: Rule[] | undefined;
  /** What the log says of an allowed action beyond its target, as text; null for nothing. */
  detail?: SQL | undefined;
  /** What must hold before the action can be judged; `openInstance` sees to it. Until then no row is inserted. */
  ready?: SQL | undefined;
  /** JSON in SQL: the sealed rows as they will be, see `reliedText`. */
  touched?: SQL | undefined;
  /** Rows that it relies on beside those of its joins, as JSON in SQL. */
  reliesOn?: readonly SQL[] | undefined;
  /** What `touched` comes to, for the rows that are probably found: a request that knows them needs one round trip. */
  foresee?: Foresee | undefined;
  /** What else must stay as it was when the seals were made. */
  watched?: SQL | undefined;
  /** In which order the events of many targets are written. */
  order?: SQL | undefined;
  /** Whether it is one of many verdicts on a request: the first one looks for its Idempotency-Key. */
  isOfMany?: boolean;
}

interface Judgement
  extends Pick<Intent, 'target' | 'detail' | 'ready' | 'order' | 'touched' | 'foresee' | 'watched' | 'reliesOn'> {
  action: Action;
  principal: Join[];
  rules: Rule[];
  /** Under which name the log has the actor; by default the principal's, or the one that a verified credential claims. */
  actorName?: SQLWrapper;
  /** Which child the credential is, for the log. */
  child?: SQL | null;
  /** Writes a refusal only: for a preview, after which the request is judged again. */
  refusalsOnly?: boolean;
  /** What it relies on was checked, and does not hold. */
  isBroken?: boolean;
  /** Whether it returns the rows that the principal hangs on. */
  isTelling?: boolean;
}

/**
 * Writes the event. Only a database that is sealed by this vault's key is written to: under another ENCRYPTION_KEY, or before
 * the vault is set up, no row is inserted and none is returned.
 */
export const judge = (judgement: Judgement): Query<VerdictRow> => {
  const {
    action,
    principal: joins,
    target,
    rules,
    detail,
    ready,
    order,
    touched,
    foresee,
    watched,
    reliesOn = [],
    actorName = sql`coalesce(${principal.name}, ${request.shown_name})`,
    child = null,
    refusalsOnly = false,
    isBroken = false,
    isTelling = false,
  } = judgement;
  const all = [...joins, ...(target?.joins ?? [])];
  const ofPrincipal = sealsOfPrincipal(joins);
  const slots = slotsIn((target?.joins ?? []).map(({ table }) => table));
  const found = slots.map(({ kind, alias }) => sealedRow(kind, alias));
  const relied = reliedText([...ofPrincipal, ...found, ...reliesOn], touched, watched);
  const usual = judgedRules(rules);
  const isCostly = (target?.joins ?? []).some(({ table }) => is(table, SQL));
  const applied = isBroken ? [...usual, sealRule] : refusalsOnly ? [...usual, staleRule(relied)] : usual;
  const outcomes = applied.map(({ when, outcome }) => sql`when ${when} then ${outcome}`);
  const reasons = applied.map(({ when, reason = sql`null` }) => sql`when ${when} then ${reason}`);
  const judged = query
    .select(
      rowFor(auditEvents, {
        at: request.now,
        request_id: request.id,
        actor_id: principal.id,
        actor_name: sql`${actorName}`,
        actor_role: byForm(principal.role, () => sql`iif(${token.projectId} is null, ${principal.role}, null)`),
        action,
        target: isBroken ? sql`iif(${anyOf(usual)}, ${target?.name ?? null}, ${request.fault})` : target?.name,
        outcome: sql`case ${sql.join(outcomes, sql` `)} else 'allowed' end`,
        reason: sql`case ${sql.join(reasons, sql` `)} else ${detail ?? null} end`,
        address: request.address,
        user_agent: request.user_agent,
        ...(isForToken() && { token_id: token.id, token: token.name, project: token.projectName }),
        child,
        ...(action === 'secret.read' && { via: request.via }),
        secret_id:
          target?.secretId ?? (target?.joins?.some(({ table }) => table === targetSecret) ? targetSecret.id : null),
      }),
    )
    .from(instance)
    .where(
      and(
        eq(instance.key_id, request.key_id),
        isNotNull(instance.sealed_at),
        ready,
        isBroken || refusalsOnly ? undefined : isCostly ? isAsChecked(relied) : isRefusedOrChecked(usual, relied),
        refusalsOnly ? or(...applied.map(({ when }) => when)) : undefined,
        isForToken() ? isWorthAnEvent : undefined,
      ),
    )
    .$dynamic();
  // Drizzle's builder changes in place.
  for (const { table, on } of all) void judged.leftJoin(table, on);
  if (order) void judged.orderBy(order);
  const isByName = joins.length === 1 && !isForToken();
  const grounds = { action, isByName, slots, needsTarget: target?.found !== undefined && !isCostly };
  const made = query
    .insert(auditEvents)
    .select(judged)
    .returning({
      ...verdictColumns,
      ...(isForToken() && tokenColumns),
      ...(isTelling && { sealed: textColumn('sealed', toldSealsOfPrincipal()) }),
    }) as unknown as Query<VerdictRow>;
  const surveyOf = (text: SQL, by: readonly Join[], condition?: SQL) => {
    const survey = query
      .select({ sealed: textColumn('sealed', text) })
      .from(instance)
      .where(and(eq(instance.key_id, request.key_id), isNotNull(instance.sealed_at), condition))
      .$dynamic();
    for (const { table, on } of by) void survey.leftJoin(table, on);
    return survey as unknown as Query<{ sealed: string }>;
  };
  return relying(made, {
    survey: () => surveyOf(relied, all, ready),
    surveyOfPrincipal: () => surveyOf(reliedText(ofPrincipal), joins),
    foresight: isCostly || watched || reliesOn.length > 0 || (touched && !foresee) ? null : { ...grounds, foresee },
    grounds,
    telling: () => judge({ ...judgement, isTelling: true }),
    isPrincipalAll: isCostly || (found.length === 0 && reliesOn.length === 0),
    broken: () => judge({ ...judgement, isBroken: true }),
  });
};

/** The last rule where a seal does not hold. */
const sealRule: Rule = { when: sql`true`, outcome: 'denied', reason: 'seal_broken' };

/** What is refused by a rule needs no seal. Of many targets, all wait until all are checked. */
const isRefusedOrChecked = (rules: readonly Rule[], relied: SQL) =>
  byGuard(sql`true`, () => sql`(${anyOf(rules)} or ${isAsChecked(relied)})`);

/** Of many targets, what has changed since it was checked refuses all. */
const staleRule = (relied: SQL): Rule => ({
  when: sql`not ${isAsChecked(relied)}`,
  outcome: 'conflict',
  reason: 'changed_meanwhile',
});

const anyOf = (rules: readonly Rule[]): SQL => or(...rules.map(({ when }) => when)) ?? sql`false`;

const { target, outcome, reason, actor_id, actor_name, actor_role, token_id, token: tokenName, project } = auditEvents;
const verdictColumns = { target, outcome, reason, actor_id, actor_name, actor_role };
const tokenColumns = { token_id, token: tokenName, project };

type EventRow = typeof auditEvents.$inferSelect;

/**
 * The row that a verdict returns. `reason` details the outcome where there is more to say. Tokens have three columns more. `sealed` has the
 * rows that the principal hangs on, in verdicts that tell them; it is empty if there is none.
 */
export type VerdictRow = Pick<EventRow, keyof typeof verdictColumns> &
  Partial<Pick<EventRow, keyof typeof tokenColumns>> & { sealed?: string };

/**
 * Whether a request with a token is logged: not if the vault does not know the token, nor if it is refused and was refused often
 * enough from this address (`maxTokenRefusals`).
 */
const isWorthAnEvent = sql`${token.id} is not null and (${token.refused} is null or not exists ${query
  .select({ id: auditEvents.id })
  .from(auditEvents)
  .where(
    and(
      eq(auditEvents.token_id, token.id),
      eq(auditEvents.outcome, 'unauthenticated'),
      eq(auditEvents.address, request.address),
      sql`${auditEvents.at} > ${request.now} - ${tokenRefusalsMs}`,
    ),
  )
  .limit(1)
  .offset(maxTokenRefusals - 1)})`;

/** The verdict on a signed-in caller's action. */
export const verdictOn = (
  { action, target, rules = [], detail, ready, order, touched, foresee, watched, reliesOn, isOfMany }: Intent,
  refusalsOnly = false,
) =>
  judge({
    detail,
    action,
    principal: principalByCredential(),
    child: byForm(childOfSession, () => token.child),
    target,
    ready,
    order,
    touched,
    foresee,
    watched,
    reliesOn,
    refusalsOnly,
    rules: [
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
      ...rules,
    ],
  });

/**
 * The verdicts on many targets, an event for each, in the order of `key`. They follow a verdict on the request as a whole that
 * writes refusals only, and are not written if it has refused.
 *
 * @param source lists what is asked for, for the joins of the target.
 */
export const verdictsOn = (intent: Intent & { target: Target }, source: SQL, key: SQL) =>
  verdictsIf(not(isJudged), intent, source, key);

/** The same under a condition. @param refusalsOnly writes no event for a target that is allowed. */
export const verdictsIf = (
  condition: SQL,
  { target, ready, ...intent }: Intent & { target: Target },
  source: SQL,
  key: SQL,
  refusalsOnly = false,
) =>
  verdictOn(
    {
      ...intent,
      target: { ...target, joins: [{ table: source, on: sql`true` }, ...(target.joins ?? [])] },
      ready: and(ready, condition),
      order: key,
      isOfMany: true,
    },
    refusalsOnly,
  );

/** The verdict on a request that is invalid, whoever sends it. Only callers who may do the action at all are told so. */
export const verdictOnInvalid = (action: GovernedAction, name: Param, because: Param) =>
  verdictOn({ action, target: { name }, rules: [{ when: sql`true`, outcome: 'invalid', reason: because }] });

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

const { id: _, ...recorded } = getTableColumns(auditEvents);

/** A second event, for an action that was allowed and then failed; `reason` says why. */
export const failure = statement(['reason', 'actor_id', 'request.id'], (given) =>
  query.insert(auditEvents).select(
    query
      .select(rowFor(auditEvents, { ...recorded, outcome: 'failed', reason: given.reason }))
      .from(auditEvents)
      .where(and(eq(auditEvents.actor_id, given.actor_id), eq(auditEvents.request_id, given['request.id'])))
      .orderBy(desc(auditEvents.id))
      .limit(1),
  ),
);

/** The same for many events of a request: `faults` is a JSON list of `[id of the event, reason]`. */
export const failures = statement(['faults'], ({ faults }) =>
  query.insert(auditEvents).select(
    query
      .select(rowFor(auditEvents, { ...recorded, outcome: 'failed', reason: sql`json_each.value ->> 1` }))
      .from(sql`json_each(${faults})`)
      .innerJoin(auditEvents, eq(auditEvents.id, sql`json_each.value ->> 0`))
      .orderBy(sql`json_each.key`),
  ),
);
