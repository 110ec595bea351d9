/**
 * The verdict: one INSERT into the audit log that resolves the principal, finds the target, applies the policy and writes
 * the outcome. Every effect of the same batch carries `granted`, so it takes effect only if the outcome is `allowed`.
 * Outcomes are computed and never thrown, because an error would roll back the log entry as well.
 */
import { and, eq, is, isNotNull, not, or, SQL, type SQLWrapper, sql } from 'drizzle-orm';
import { maxTokenRefusals, tokenRefusalsMs } from '../../core/limits.ts';
import type { Action, GovernedAction } from '../../core/policy/policy.ts';
import { byForm, byGuard, isForToken } from './form.ts';
import { isAllowedHere, isJudged } from './granted.ts';
import {
  childOfSession,
  type Join,
  principal,
  principalByCredential,
  sealsOfPrincipal,
  toldSealsOfPrincipal,
} from './principal.ts';
import { type Foresee, relying } from './relied.ts';
import { request } from './request.ts';
import { judgedRules, type Rule, usualRules } from './rules.ts';
import { auditEvents, instance } from './schema.ts';
import { isAsChecked, reliedText, sealedRow, slotsIn } from './sealed.ts';
import { type Param, type Query, query, rowFor, textColumn } from './statement.ts';
import { type Target, targetSecret } from './targets.ts';
import { token } from './token-principal.ts';

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
  isOfMany?: boolean | undefined;
}

interface Judgement
  extends Pick<
    Intent,
    'target' | 'detail' | 'ready' | 'order' | 'touched' | 'foresee' | 'watched' | 'reliesOn' | 'isOfMany'
  > {
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
  /** JSON in SQL that it returns as well, if it allows the request. */
  answer?: SQL | undefined;
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
    isOfMany = false,
    answer,
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
      ...(isOfMany && answer ? answeredColumns : verdictColumns),
      ...(isForToken() && tokenColumns),
      ...(isTelling && { sealed: textColumn('sealed', toldSealsOfPrincipal()) }),
      ...(answer && { answer: textColumn('answer', sql`iif(${isAllowedHere}, ${answer}, null)`) }),
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
    survey: (condition) => surveyOf(relied, all, and(ready, condition)),
    surveyOfPrincipal: () => surveyOf(reliedText(ofPrincipal), joins),
    foresight: isCostly || watched || reliesOn.length > 0 || (touched && !foresee) ? null : { ...grounds, foresee },
    grounds,
    telling: (told) => judge({ ...judgement, ...told }),
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
/** Where each of many verdicts returns an answer, nobody asks for more, and each column takes time for each of them. */
const answeredColumns = { outcome, actor_id, actor_name, actor_role };
const tokenColumns = { token_id, token: tokenName, project };

type EventRow = typeof auditEvents.$inferSelect;

/**
 * The row that a verdict returns. `reason` details the outcome where there is more to say. Tokens have three columns more. `sealed` has the
 * rows that the principal hangs on, in verdicts that tell them; it is empty if there is none. `answer` is the row of
 * the answer as a JSON list, in verdicts that return it; it is empty under a refusal, and where the answer has no row. Where many verdicts
 * return answers, they leave out `target` and `reason`.
 */
export type VerdictRow = Pick<EventRow, keyof typeof verdictColumns> &
  Partial<Pick<EventRow, keyof typeof tokenColumns>> & { sealed?: string; answer?: string };

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
    isOfMany,
    refusalsOnly,
    rules: [...usualRules(action, target, isOfMany), ...rules],
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
