/**
 * What was answered to requests with an Idempotency-Key. The transaction that carries out a request keeps the rows of which its answer is
 * made; the verdict on a request with the same key finds them, and then nothing is carried out. So there is no moment at which a request
 * is done and its answer is not kept, and of two that come at once one is carried out and the other finds its answer. A refusal is not
 * kept: nothing was changed, so the request may come again.
 */
import { and, asc, desc, eq, exists, gt, isNotNull, lte, type SQL, sql } from 'drizzle-orm';
import { keptAnswersMs, maxDroppedAnswers, maxKeptAnswers } from '../../core/limits.ts';
import { byForm, isWithKey } from './form.ts';
import { actorId, actorTokenId, granted, insertIfAllowed, isOwn, verdict } from './granted.ts';
import { ofPrincipal, principal } from './principal.ts';
import { request } from './request.ts';
import { instance, keptAnswers } from './schema.ts';
import { columnsOf, insertFrom, type Query, query } from './statement.ts';
import { ofTokenPrincipal, token } from './token-principal.ts';

const { actor_id, token_id, key, fingerprint, at } = keptAnswers;

/** The reason of the event of a request that is sent again, and of one whose key another request had. */
const repeated = 'repeated';
const otherRequest = 'key_of_other_request';

/** Whether an event is about the Idempotency-Key. */
export const isAboutKey = (reason: string | null): boolean => reason === repeated || reason === otherRequest;

const isOver = lte(at, sql`${request.now} - ${keptAnswersMs}`);

/** The answer to the request of the principal that had this key. */
const keptFor = (...conditions: SQL[]) =>
  exists(
    query
      .select({ at })
      .from(keptAnswers)
      .where(
        and(
          eq(actor_id, principal.id),
          eq(
            token_id,
            byForm(sql`0`, () => token.id),
          ),
          eq(key, request.idempotency_key),
          gt(at, sql`${request.now} - ${keptAnswersMs}`),
          ...conditions,
        ),
      ),
  );

/** Judged once it is clear that the credential is good and may do this at all, and before anything that the first request has changed. */
export const keyRules = (): { when: SQL; outcome: 'conflict'; reason: string }[] =>
  isWithKey()
    ? [
        {
          when: keptFor(sql`${fingerprint} not in (select value from json_each(${request.fingerprints}))`),
          outcome: 'conflict',
          reason: otherRequest,
        },
        { when: keptFor(), outcome: 'conflict', reason: repeated },
      ]
    : [];

const ofVerdict = sql`coalesce(${verdict.token_id}, 0)`;

/** True of an event that says that the key has been used. */
export const isKeyUsed = sql`${verdict.reason} in (${repeated}, ${otherRequest})`;

/** The kept rows, if the verdict has found that the request is sent again. */
export const keptRows = (): Query<{ result: string }> =>
  query
    .select({ result: keptAnswers.result })
    .from(verdict)
    .innerJoin(
      keptAnswers,
      and(eq(actor_id, verdict.actor_id), eq(token_id, ofVerdict), eq(key, request.idempotency_key)),
    )
    .where(and(isOwn, eq(verdict.outcome, 'conflict'), eq(verdict.reason, repeated)));

/** Whose answers they are. */
interface Owner {
  id: SQL;
  tokenId: SQL;
}

/** By the event of the request. */
const actor: Owner = { id: actorId, tokenId: sql`coalesce(${actorTokenId}, 0)` };

/** By the credential, where a request has many events, or none. */
const caller: Owner = {
  id: ofPrincipal('id'),
  tokenId: byForm(sql`0`, () => ofTokenPrincipal('token_id')),
};

/** Makes room: removes an answer with this key that is over, others that are, and the owner's oldest beyond what is kept. */
const dropOldAnswers = ({ id, tokenId }: Owner, condition: SQL | undefined): Query[] => {
  const isOwners = and(eq(actor_id, id), eq(token_id, tokenId));
  const named = { actor_id, token_id, key };
  const over = query.select(named).from(keptAnswers).where(isOver).orderBy(asc(at)).limit(maxDroppedAnswers);
  const beyond = query
    .select(named)
    .from(keptAnswers)
    .where(isOwners)
    .orderBy(desc(at))
    .limit(maxDroppedAnswers)
    .offset(maxKeptAnswers - 1);
  const drop = (which: SQL | undefined) => query.delete(keptAnswers).where(and(which, condition));
  const isAmong = (found: typeof over | typeof beyond) => sql`(${actor_id}, ${token_id}, ${key}) in ${found}`;
  return [drop(and(isOwners, eq(key, request.idempotency_key), isOver)), drop(isAmong(over)), drop(isAmong(beyond))];
};

const kept = { key: request.idempotency_key, fingerprint: sql`${request.fingerprints} ->> 0`, at: request.now };

/** Keeps the rows that a query returns; without one, none. */
export const keepRows = (rows?: Query): Query[] => [
  ...dropOldAnswers(actor, granted),
  insertIfAllowed(keptAnswers, {
    ...kept,
    actor_id: sql`${verdict.actor_id}`,
    token_id: ofVerdict,
    result: rows === undefined ? '[]' : asJson(rows),
  }),
];

const asJson = (rows: Query): SQL => {
  const columns = columnsOf(rows).map((name) => sql.raw(`'${name}', ${name}`));
  return sql`(select json_group_array(json_object(${sql.join(columns, sql`, `)})) from (${rows.getSQL()}))`;
};

/** Keeps what the worker gives, for a request that has many events, or none. @param condition says that none of them is a refusal. */
export const keepGiven = (result: SQL, condition: SQL | undefined): Query[] => [
  ...dropOldAnswers(caller, condition),
  insertFrom(
    keptAnswers,
    { ...kept, actor_id: caller.id, token_id: caller.tokenId, result },
    instance,
    and(eq(instance.key_id, request.key_id), isNotNull(caller.id), condition),
  ),
];
