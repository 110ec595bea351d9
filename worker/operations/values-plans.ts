/**
 * The statements that read many values at once. Each value has an event of its own, and leaves only by it.
 */
import { and, eq, gt, gte, lt, type SQL, sql } from 'drizzle-orm';
import { alias, unionAll } from 'drizzle-orm/sqlite-core';
import { maxReadBytes, maxSecretsPerRead } from '../../core/limits.ts';
import { isForToken } from '../store/form.ts';
import { eventIdHere, foundSecretId, granted, verdict, verdictId } from '../store/granted.ts';
import { plan } from '../store/plan.ts';
import { ofPrincipal } from '../store/principal.ts';
import { memberMay, reach } from '../store/reach.ts';
import { request } from '../store/request.ts';
import { instance, members, secrets, secretVersions, tokenScopes } from '../store/schema.ts';
import { sealedAnswer } from '../store/sealed.ts';
import { type Given, integer, query, textColumn } from '../store/statement.ts';
import { type GivenName, inUse, secretNamed } from '../store/targets.ts';
import { ofTokenPrincipal, seat, seats } from '../store/token-principal.ts';
import { verdictOn, verdictsOn } from '../store/verdict.ts';

export const action = 'secret.read';
const { token, binding, key_id } = secretVersions;

const isCurrent = and(eq(secretVersions.secret_id, secrets.id), eq(secretVersions.number, secrets.current_version));

/** The values that an event of this request lets out. `position` counts the names; `events` joins the events to `source`. */
const letOut = (source: SQL, position: SQL, isEventOf: SQL) => {
  const stored = (condition?: SQL) =>
    and(
      isEventOf,
      // With the +, SQLite reads the events by their ids, and does not go through the whole log to make an index of it.
      sql`+${verdict.request_id} = ${request.id}`,
      sql`+${verdict.outcome} = 'allowed'`,
      condition,
    );
  const bytes = query
    .select({ bytes: sql`coalesce(sum(length(${token})), 0)`.as('bytes') })
    .from(source)
    .crossJoin(verdict)
    .innerJoin(secrets, and(eq(secrets.name, verdict.target), inUse))
    .innerJoin(secretVersions, isCurrent)
    .where(stored());
  return query
    .select({
      position: integer('position', position),
      event_id: integer('event_id', verdict.id),
      name: secrets.name,
      token,
      binding,
      key_id,
      sealed: textColumn('sealed', sealedAnswer()),
    })
    .from(source)
    .crossJoin(verdict)
    .innerJoin(secrets, and(eq(secrets.name, verdict.target), inUse))
    .innerJoin(secretVersions, isCurrent)
    .where(stored(sql`${bytes} <= ${maxReadBytes}`));
};

/** `names` is a JSON list, of which `given` reads each. Their events are the newest, in this order. */
const namesPlan = (given: GivenName) =>
  plan(['names'], ({ names }) => {
    const source = sql`json_each(${names})`;
    const key = sql`json_each.key`;
    return {
      verdict: verdictOn({ action }, true),
      each: verdictsOn({ action, target: secretNamed(action, given) }, source, key),
      isAnswerSealed: true,
      answer: letOut(source, key, eq(verdict.id, sql`${verdictId} - (json_array_length(${names}) - 1 - ${key})`)),
    };
  });

/** A list of names, so few that their values are not too much together: each comes with its event, unless it is longer than `longest`. */
export const byFewNames = plan(['names', 'longest'], ({ names, longest }) => ({
  verdict: verdictOn({ action }, true),
  each: verdictsOn(
    { action, target: secretNamed(action, { name: sql`json_each.value`, padded: sql`null` }) },
    sql`json_each(${names})`,
    sql`json_each.key`,
  ),
  isAnswerSealed: true,
  isAnsweredAtOnce: true,
  answer: query
    .select({
      event_id: integer('event_id', eventIdHere),
      name: secrets.name,
      token,
      binding,
      key_id,
      sealed: textColumn('sealed', sealedAnswer()),
    })
    .from(secrets)
    .innerJoin(secretVersions, isCurrent)
    .where(and(eq(secrets.id, foundSecretId), sql`length(${token}) <= ${longest}`, granted)),
}));

/** A list of names. */
export const byNames = namesPlan({ name: sql`json_each.value`, padded: sql`null` });

/** A list of `[name, padded]`: reading those takes SQLite longer, and few requests have such names. */
export const byPaddedNames = namesPlan({ name: sql`json_each.value ->> 0`, padded: sql`json_each.value ->> 1` });

const scope = alias(tokenScopes, 'scope');

/** The same for a token: what its scopes leave of that. */
const readableByToken = ({ prefix, prefix_end }: Given<'prefix' | 'prefix_end'>) => {
  const within = and(
    eq(scope.token_id, ofTokenPrincipal('token_id')),
    gt(secrets.name, prefix),
    gte(secrets.name, sql`max(${prefix}, ${scope.low})`),
    lt(secrets.name, sql`min(${prefix_end}, ${scope.high})`),
    inUse,
  );
  const reaches = sql`${reach(action, ofPrincipal('role'))}`;
  const me = ofPrincipal('id');
  const named = () => query.select({ name: secrets.name }).from(scope).crossJoin(secrets);
  return unionAll(
    named().where(and(sql`${reaches} = 'any'`, within)),
    named().where(and(sql`${reaches} = 'own'`, eq(secrets.owner_id, me), within)),
    query
      .select({ name: secrets.name })
      .from(seats(me, ofTokenPrincipal('token_id')))
      .crossJoin(scope)
      .crossJoin(secrets)
      .where(
        and(sql`${reaches} = 'own'`, memberMay(action, seat.role), eq(secrets.project_id, seat.projectId), within),
      ),
  );
};

/** The names in use between two texts that the principal may read, by an index for each way to reach them. */
const readableByUser = ({ prefix, prefix_end }: Given<'prefix' | 'prefix_end'>) => {
  const within = and(gt(secrets.name, prefix), lt(secrets.name, prefix_end), inUse);
  const reaches = sql`${reach(action, ofPrincipal('role'))}`;
  const me = ofPrincipal('id');
  const named = { name: secrets.name };
  return unionAll(
    query
      .select(named)
      .from(secrets)
      .where(and(sql`${reaches} = 'any'`, within)),
    query
      .select(named)
      .from(secrets)
      .where(and(sql`${reaches} = 'own'`, eq(secrets.owner_id, me), within)),
    query
      .select(named)
      .from(members)
      .crossJoin(secrets)
      .where(
        and(
          sql`${reaches} = 'own'`,
          eq(members.user_id, me),
          memberMay(action, members.role),
          eq(secrets.project_id, members.project_id),
          within,
        ),
      ),
  );
};

export const below = plan(['prefix', 'prefix_end'], (given) => {
  const readable = isForToken() ? readableByToken(given) : readableByUser(given);
  const source = sql`(${readable.getSQL()}) as readable`;
  const found = sql`below.keys`;
  const target = secretNamed(action, { name: sql`readable.name`, padded: sql`null` });
  return {
    verdict: verdictOn(
      {
        action,
        target: {
          name: given.prefix,
          joins: [{ table: sql`(select count(*) as keys from ${source}) as below`, on: sql`true` }],
        },
        rules: [
          {
            when: sql`${found} > ${maxSecretsPerRead}`,
            outcome: 'invalid',
            reason: sql`${found} || ${tooManyBelow}`,
          },
          // The event of a request that finds nothing.
          { when: sql`${found} = 0`, outcome: 'not_found', reason: 'empty_prefix' },
        ],
      },
      true,
    ),
    each: verdictsOn({ action, target }, source, sql`readable.name`),
    isAnswerSealed: true,
    answer: letOut(sql`${instance}`, sql`0`, sql`${verdict.id} > ${verdictId} - ${maxSecretsPerRead}`),
  };
});

const tooManyBelow = ` keys begin with this prefix, and one request reads at most ${maxSecretsPerRead}. Send a longer prefix, or names.`;
