/**
 * The first step of an import: it finds out what each entry would do, and stores nothing. A value is compared only under an event that
 * says that the caller reads it. In a dry run every entry has an event, for it tells whether the name is free.
 */
import { and, eq, exists, gt, isNull, ne, not, or, type SQL, sql } from 'drizzle-orm';
import { maxEntriesPerImport, maxReadBytes } from '../../core/limits.ts';
import { byForm, byKey, type Form, formsWithKey } from '../store/form.ts';
import { isJudged, verdict, verdictId } from '../store/granted.ts';
import { isKeyUsed, keptRows } from '../store/kept-answers.ts';
import { principal } from '../store/principal.ts';
import { reliedOf } from '../store/relied.ts';
import { request } from '../store/request.ts';
import { judgedRules, type Rule } from '../store/rules.ts';
import { auditEvents, instance, secrets, secretVersions } from '../store/schema.ts';
import { sealedAnswer } from '../store/sealed.ts';
import {
  atFirstUse,
  compile,
  integer,
  param,
  type Query,
  query,
  type Statement,
  textColumn,
} from '../store/statement.ts';
import { isPersonal, reachesOwn, secretNamed, targetSecret } from '../store/targets.ts';
import { ofTokenPrincipal } from '../store/token-principal.ts';
import { verdictOn, verdictsIf } from '../store/verdict.ts';
import { likenessesAreFilled } from './likenesses.ts';
import { namedLike } from './naming.ts';
import { placeJoins, placeRules } from './place.ts';
import { conflictsOf, tooManyConflicts } from './quota.ts';
import { sameValueNames } from './same-values.ts';

/**
 * A JSON list of `[name, likeness, place, likeness of the place, has bad segment, kind, version, bytes, number]`, of entries in this order.
 * The number is that of a new key, or of the one that comes out of the trash.
 */
const entries = param('entries');
export const key = sql`json_each.key`;
export const source = sql`json_each(${entries})`;
const field = (index: number) => sql`json_each.value ->> ${sql.raw(String(index))}`;

/** What the statements read of the entry that they are at. */
export const entry = {
  name: field(0),
  likeness: field(1),
  place: field(2),
  place_likeness: field(3),
  has_bad_segment: field(4),
  kind: field(5),
  version: field(6),
  bytes: field(7),
  number: field(8),
};

export const read = secretNamed('secret.read', { name: entry.name, padded: sql`null` });
const { isOwn, isAllowed } = read.found as { isOwn: SQL; isAllowed: SQL };
const isThere = sql`${targetSecret.id} is not null`;
/** Whether the key of this name is there and the caller may read it. */
export const mayRead = sql`(${isThere} and (not ${reachesOwn('secret.read')} or ${isOwn} and ${isAllowed}))`;

const isForeign = and(isPersonal, ne(secrets.owner_id, principal.id));

/** What stops an entry because of its name, whatever its value is. */
export const nameRefusals: Rule[] = [
  {
    when: sql`${reachesOwn('secret.create')} and not ${mayRead} and ${exists(namedLike(entry, isForeign))}`,
    outcome: 'conflict',
    reason: 'name_held',
  },
  { when: sql`not ${isThere} and ${exists(namedLike(entry))}`, outcome: 'conflict', reason: 'name_taken' },
];
const refusals: Rule[] = [...placeRules(entry), ...nameRefusals];
const isRefused = () => sql`(${or(...judgedRules(refusals).map(({ when }) => when))})`;

/** This step's events, which are among the newest. `since` is the newest before it, where the request has others. */
const isNew = and(
  gt(verdict.id, sql`max(${verdictId} - ${2 * maxEntriesPerImport + 1}, ${param('since')})`),
  eq(verdict.request_id, request.id),
);

const isOnWhole = sql`${verdict.outcome} in ('not_found', 'denied', 'unauthenticated')`;

/** Also if its Idempotency-Key has been used. Such a refusal is the only conflict that is on the whole. */
export const isPlaceRefused = exists(
  query
    .select({ id: verdict.id })
    .from(verdict)
    .where(
      and(
        isNew,
        byKey(isOnWhole, () => sql`(${isOnWhole} or ${isKeyUsed})`),
      ),
    ),
);

const step = <Row>(write: () => Query<Row>, forms?: readonly Form[]): ((form?: Form) => Statement<Row>) =>
  atFirstUse(() => compile(write()), forms);

/** The whole request is refused. */
const refused = step(
  () => verdictOn({ action: 'secret.create', rules: [tooManyConflicts], ready: likenessesAreFilled }, true),
  formsWithKey,
);

export const target = { name: entry.name, joins: [...placeJoins(entry), ...(read.joins ?? [])] };

/** An event for each entry that is stopped. */
const stopped = step(
  () =>
    verdictsIf(
      not(isPlaceRefused),
      { action: 'secret.create', target, rules: refusals, ready: likenessesAreFilled },
      source,
      key,
      true,
    ),
  formsWithKey,
);

/** An event for each value that is compared; in a dry run also for each name that is free. */
const compared = step(
  () =>
    verdictsIf(
      sql`not ${isPlaceRefused} and (${mayRead} or ${param('is_dry_run')} and not ${isRefused()})`,
      {
        action: 'secret.read',
        target: { ...read, joins: [...placeJoins(entry), ...(read.joins ?? [])] },
        ready: likenessesAreFilled,
      },
      source,
      key,
    ),
  formsWithKey,
);

const isCompared = and(isNew, eq(verdict.action, 'secret.read'), eq(verdict.outcome, 'allowed'));
const isCurrent = and(eq(secretVersions.secret_id, secrets.id), eq(secretVersions.number, secrets.current_version));
const { token, binding, key_id } = secretVersions;

/** The values to compare with. */
const stored = step(() => {
  const bytes = query
    .select({ bytes: sql`coalesce(sum(length(${token})), 0)`.as('bytes') })
    .from(verdict)
    .innerJoin(secrets, and(eq(secrets.name, verdict.target), isNull(secrets.deleted_at)))
    .innerJoin(secretVersions, isCurrent)
    .where(isCompared);
  return query
    .select({
      name: secrets.name,
      current_version: secrets.current_version,
      ...{ token, binding, key_id },
      sealed: textColumn('sealed', sealedAnswer()),
    })
    .from(verdict)
    .innerJoin(secrets, and(eq(secrets.name, verdict.target), isNull(secrets.deleted_at)))
    .innerJoin(secretVersions, isCurrent)
    .where(and(isCompared, sql`${bytes} <= ${maxReadBytes}`));
});

/** One row if the vault is open: how many names of others the caller has hit upon, the newest event, and whether the caller is anybody. */
const facts = step(() =>
  query
    .select({
      held: integer('held', conflictsOf(actorOfRequest)),
      newest: integer('newest', verdictId),
      is_known: isKnown,
    })
    .from(instance)
    .where(eq(instance.key_id, request.key_id)),
);

/** Of a token that the vault does not know, or that was refused often enough, there is no event. A session always has one. */
const isKnown = integer(
  'is_known',
  byForm(sql`1`, () => sql`${ofTokenPrincipal('id')} is not null`),
);

const actorOfRequest = query
  .select({ actor_id: auditEvents.actor_id })
  .from(auditEvents)
  .where(and(eq(auditEvents.id, verdictId), eq(auditEvents.request_id, request.id)));

/** The sealed rows that the caller hangs on. */
const survey = step(() => reliedOf(verdictOn({ action: 'secret.create' })).surveyOfPrincipal());

/** The statements of the step, in their order. */
export const comparison = { refused, stopped, compared, stored, facts, survey };

/**
 * For a dry run, after the others: the names of other keys that have the value of an entry. `imprints` is a JSON list of
 * `[name, imprints]`. The actor is that of the newest event, which may be about a name that is free.
 */
export const sameValues = step(() => {
  const names = sameValueNames(sql`chosen.value -> 1`, sql`chosen.value ->> 0`, isJudged);
  return query
    .select({ name: textColumn('name', sql`chosen.value ->> 0`), same: textColumn('same', names) })
    .from(sql`json_each(${param('imprints')}) chosen`)
    .where(isJudged);
});
/** What was answered to an import that is sent again. */
export const keptImport = step(keptRows, formsWithKey);
