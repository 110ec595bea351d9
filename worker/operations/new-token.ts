/** Making a service token, and giving one another secret. The secret itself is in the answer and nowhere else. */
import { and, eq, gt, inArray, isNotNull, isNull, lte, notInArray, type SQL, sql } from 'drizzle-orm';
import { alias } from 'drizzle-orm/sqlite-core';
import { newServiceToken, serviceTokenHash } from '../../core/crypto/service-token.ts';
import { maxEndedTokensPerOwner, maxScopesTextCharacters, maxTokensPerOwner } from '../../core/limits.ts';
import type { AllowedRange } from '../../core/network/allowed.ts';
import { newNumber } from '../../core/new-number.ts';
import type { Access } from '../../core/policy/policy.ts';
import { rangesOf } from '../../core/policy/scopes.ts';
import { actorId, granted, insertIfAllowed, verdict } from '../store/granted.ts';
import { principal } from '../store/principal.ts';
import { memberMay } from '../store/reach.ts';
import { request } from '../store/request.ts';
import type { Rule } from '../store/rules.ts';
import { serviceTokens, tokenScopes, tokenSecrets } from '../store/schema.ts';
import { type Param, type Params, query, rowFor } from '../store/statement.ts';
import { membership, membershipIn, reachesOwn, targetProject } from '../store/targets.ts';
import { operation } from './operation.ts';
import { foreseenToken, futureSecret, futureToken, projectOf } from './sealed-tokens.ts';
import { isLive, targetToken, tokenColumns, tokenNumbered } from './tokens.ts';

export interface NewToken {
  name: string;
  /** The project that it belongs to; null if it is one's own. */
  project: string | null;
  access: Access;
  /** No two alike. */
  scopes: string[];
  /** Null for anywhere. */
  addresses: AllowedRange[] | null;
  /** Milliseconds since 1970; null for never. */
  expires_at: number | null;
}

const { id, user_id, project_id } = serviceTokens;

/** An account that must change its password makes nothing that outlives this. */
const mustChangePassword: Rule = {
  when: sql`${principal.must_change_password}`,
  outcome: 'denied',
  reason: 'must_change_password',
};

/** What everybody did is for admins, and a project has no log of its own. */
const auditing = ({ access, project }: Params<'access' | 'project'>): Rule[] => [
  { when: sql`${access} = 'audit' and ${principal.role} <> 'admin'`, outcome: 'denied', reason: 'role' },
  { when: sql`${access} = 'audit' and ${isNotNull(project)}`, outcome: 'invalid', reason: 'audit_of_project' },
];

const tokensOfOwner = sql`(select count(*) from ${serviceTokens}
  where (${user_id} = iif(${targetProject.id} is null, ${principal.id}, null) or ${project_id} = ${targetProject.id}) and ${isLive(serviceTokens)})`;

const placing = (project: Param): Rule[] => {
  const isOfProject = isNotNull(project);
  const own = reachesOwn('token.create');
  return [
    { when: sql`${isOfProject} and ${targetProject.id} is null`, outcome: 'not_found', reason: 'no_project' },
    { when: sql`${isOfProject} and ${own} and ${membership.role} is null`, outcome: 'denied', reason: 'not_owner' },
    {
      when: sql`${isOfProject} and ${own} and not ${memberMay('token.create', membership.role)}`,
      outcome: 'denied',
      reason: 'project_role',
    },
  ];
};

const ended = alias(serviceTokens, 'ended');

/** Of the owner's tokens that have ended, the oldest go. */
const dropEnded = (project: Param) => {
  const newest = query
    .select({ id: ended.id })
    .from(ended)
    .where(
      and(
        sql`(${ended.user_id} = iif(${project} is null, ${actorId}, null) or ${ended.project_id} = ${projectOf(project)})`,
        sql`not ${isLive(ended)}`,
      ),
    )
    .orderBy(sql`id desc`)
    .limit(maxEndedTokensPerOwner);
  return query
    .delete(serviceTokens)
    .where(
      and(
        sql`(${user_id} = iif(${project} is null, ${actorId}, null) or ${project_id} = ${projectOf(project)})`,
        sql`not ${isLive(serviceTokens)}`,
        notInArray(id, newest),
        granted,
      ),
    );
};

const insertSecret = (tokenId: SQL, hash: Param) =>
  insertIfAllowed(tokenSecrets, { hash, token_id: tokenId, created_at: request.now, generation: 0 });

const makeToken = operation({
  action: 'token.create',
  params: ['id', 'name', 'project', 'access', 'scopes', 'ranges', 'allowed_addresses', 'expires_at', 'hash', 'detail'],
  needsRoom: () => true,
  sql: (given) => ({
    target: {
      name: given.name,
      joins: [{ table: targetProject, on: eq(targetProject.name, given.project) }, membershipIn(targetProject.id)],
    },
    detail: sql`${given.detail}`,
    rules: [
      mustChangePassword,
      ...auditing(given),
      ...placing(given.project),
      { when: sql`${tokensOfOwner} >= ${maxTokensPerOwner}`, outcome: 'denied', reason: 'too_many_tokens' },
    ],
    touched: sql`json_array(${futureToken(given)}, ${futureSecret(given.hash, sql`cast(${given.id} as integer)`)})`,
    foresee: ({ principalId, rows: { target } }, given) => foreseenToken(principalId, target?.[2][0] ?? null, given),
    seals: ['service_tokens', 'token_secrets'],
    effects: [
      dropEnded(given.project),
      insertIfAllowed(serviceTokens, {
        id: given.id,
        name: given.name,
        user_id: sql`iif(${given.project} is null, ${verdict.actor_id}, null)`,
        project_id: projectOf(given.project),
        access: given.access,
        scopes: given.scopes,
        allowed_addresses: given.allowed_addresses,
        created_at: request.now,
        created_by: verdict.actor_name,
        expires_at: given.expires_at,
      }),
      insertSecret(sql`${given.id}`, given.hash),
      query.insert(tokenScopes).select(
        query
          .select(
            rowFor(tokenScopes, {
              token_id: given.id,
              low: sql`json_each.value ->> 0`,
              high: sql`json_each.value ->> 1`,
            }),
          )
          .from(sql`json_each(${given.ranges})`)
          .where(granted),
      ),
    ],
    answer: query
      .select(tokenColumns)
      .from(serviceTokens)
      .where(and(eq(id, given.id), granted)),
  }),
  values: ({ hash, ...asked }: NewToken & { hash: string }, { caller }) => ({
    id: newNumber(caller.now),
    name: asked.name,
    project: asked.project,
    access: asked.access,
    scopes: JSON.stringify(asked.scopes),
    ranges: JSON.stringify(rangesOf(asked.scopes, asked.project)),
    allowed_addresses: asked.addresses === null ? null : JSON.stringify(asked.addresses),
    expires_at: asked.expires_at,
    hash,
    detail: describe(asked),
  }),
  result: ([made]) => made ?? null,
});

/** What the log says of a new token. */
const describe = ({ project, access, scopes }: NewToken): string =>
  [
    ...`${project === null ? '' : `of the project ${project}, `}${access}: ${access === 'audit' ? 'the log' : scopes.join(', ')}`,
  ]
    .slice(0, maxScopesTextCharacters)
    .join('');

type Made = Awaited<ReturnType<typeof makeToken.perform>>;

/** The secret with what is shown of its token. */
const withSecret = (made: Made, secret: string) =>
  made.outcome === 'allowed' ? { ...made, result: made.result && { ...made.result, secret } } : made;

export const newSecret = () => {
  const secret = newServiceToken();
  const hash = serviceTokenHash(secret);
  if (hash === null) throw new TypeError('A new token is not in the form of tokens');
  return { secret, hash };
};

/** Makes a token. The result is the only place where its secret is. */
export const createToken = {
  ...makeToken,
  async perform(context: Parameters<typeof makeToken.perform>[0], asked: NewToken) {
    const { secret, hash } = newSecret();
    return withSecret(await makeToken.perform(context, { ...asked, hash }), secret);
  },
};

export interface TokenRotation {
  id: number;
  /** How long the secret before goes on working. */
  grace_minutes: number;
}

const old = alias(tokenSecrets, 'old');
const isSecret = eq(tokenSecrets.generation, 0);

const replaceSecret = operation({
  action: 'token.rotate',
  params: ['id', 'hash', 'grace_ends_at', 'grace_minutes'],
  sql: (given) => {
    const ofToken = eq(tokenSecrets.token_id, given.id);
    const inGrace = query
      .select({ hash: old.hash })
      .from(old)
      .where(and(eq(old.token_id, given.id), eq(old.generation, 0), gt(old.ends_at, request.now)));
    return {
      target: tokenNumbered('token.rotate', given.id),
      detail: sql`iif(${given.grace_minutes} > 0, 'the secret before works for ' || cast(${given.grace_minutes} as integer) || ' minutes more', null)`,
      rules: [
        mustChangePassword,
        { when: sql`${targetToken.user_id} <> ${principal.id}`, outcome: 'denied', reason: 'token_of_other' },
        { when: sql`not ${isLive(targetToken)}`, outcome: 'conflict', reason: 'token_ended' },
      ],
      touched: sql`json_array(${futureSecret(given.hash, sql`${targetToken.id}`)})`,
      seals: ['token_secrets'],
      effects: [
        query.delete(tokenSecrets).where(and(ofToken, lte(tokenSecrets.ends_at, request.now), granted)),
        // A grace that has not ended ends now, for good: a clock that is set back does not bring it back. So do the children of that secret.
        query.delete(tokenSecrets).where(and(inArray(tokenSecrets.parent, inGrace), granted)),
        query
          .update(tokenSecrets)
          .set({ ends_at: 0 })
          .where(and(ofToken, isSecret, gt(tokenSecrets.ends_at, request.now), granted)),
        // Whoever has a leaked secret may have made children with it, so they end with its grace.
        query
          .update(tokenSecrets)
          .set({
            ends_at: sql`min(${tokenSecrets.ends_at}, ${given.grace_ends_at})`,
            latest_end: sql`min(${tokenSecrets.latest_end}, ${given.grace_ends_at})`,
          })
          .where(and(ofToken, gt(tokenSecrets.generation, 0), granted)),
        query
          .update(tokenSecrets)
          .set({ ends_at: given.grace_ends_at })
          .where(and(ofToken, isNull(tokenSecrets.ends_at), granted)),
        insertSecret(sql`${given.id}`, given.hash),
      ],
      answer: query
        .select(tokenColumns)
        .from(serviceTokens)
        .where(and(eq(id, given.id), granted)),
    };
  },
  values: ({ id, grace_minutes, hash }: TokenRotation & { hash: string }, { caller }) => ({
    id,
    hash,
    grace_minutes,
    grace_ends_at: grace_minutes === 0 ? 0 : caller.now + grace_minutes * 60_000,
  }),
  result: ([rotated]) => rotated ?? null,
});

/** Gives a token another secret, under the same id. */
export const rotateToken = {
  ...replaceSecret,
  async perform(context: Parameters<typeof replaceSecret.perform>[0], asked: TokenRotation) {
    const { secret, hash } = newSecret();
    return withSecret(await replaceSecret.perform(context, { ...asked, hash }), secret);
  },
};
