/** What requests for tokens may say, and what is wrong with one that says more than is served. */
import { maxChildSeconds } from '../../core/limits.ts';
import { type Access, tokenAccesses } from '../../core/policy/policy.ts';
import { jsonOf } from '../http/body.ts';
import type { AppContext } from '../http/context.ts';
import type { NewChild } from '../operations/new-child.ts';
import type { Renewal } from '../operations/own-credential.ts';
import type { ErrorStatus } from '../wire/reply.ts';
import type { Asked } from './answer.ts';
import { lifetimeOf } from './lifetime.ts';

export type Fields = Readonly<Record<string, unknown>>;

/** The fields of a JSON body, whatever type it says that it has; none if there is no body. */
export const fieldsOf = async (c: AppContext): Promise<{ fields: Fields } | { status: ErrorStatus; error: string }> => {
  const body = await jsonOf(c.req.raw, true);
  if ('error' in body) return body;
  const { json } = body;
  if (json === null) return { fields: {} };
  if (typeof json !== 'object' || Array.isArray(json)) return { status: 400, error: 'Send the body as a JSON object.' };
  return { fields: json as Fields };
};

const wrong = (error: string, status: ErrorStatus = 400) => ({ status, error, target: null });

const notLifetime = (name: string) => `${name} must be a number of seconds, or a duration such as "20m" or "1h".`;

/** For how long a login is asked for; null for as long as it may be. */
export const lifetimeAsked = ({ ttl }: Fields): { lifetimeMs: number | null } | { error: string } => {
  const lifetimeMs = lifetimeOf(ttl);
  return lifetimeMs === undefined ? { error: notLifetime('ttl') } : { lifetimeMs };
};

/** The child that a login makes, of the token with this number. */
export const childOfLogin = (lifetimeMs: number | null, tokenId: number): NewChild => ({
  lifetimeMs: Math.min(lifetimeMs ?? Number.POSITIVE_INFINITY, maxChildSeconds * 1_000),
  maxLifetimeMs: null,
  isRenewable: true,
  access: null,
  tokenId,
});

/** A new child, and what to tell the caller about it. */
export type AskedToken = NewChild & { warnings: string[] };

/** What changes what the token is; to leave it out without a word would make one that is more than was asked for. */
const unserved: readonly [name: string, isUnserved: (value: unknown) => boolean, error: string][] = [
  [
    'num_uses',
    (value) => value !== 0,
    'num_uses must be 0: tokens that end after some uses are not served. Send a ttl.',
  ],
  ['no_parent', (value) => value !== false, 'no_parent is not served: a token always ends with the one that made it.'],
  ['id', (value) => value !== '', 'id is not served: the vault chooses the token.'],
  ['entity_alias', (value) => value !== '', 'entity_alias is not served: there are no entities.'],
  ['type', (value) => !['', 'default', 'service'].includes(String(value)), 'type must be "service".'],
];

const unservedIn = (fields: Fields): string | undefined =>
  unserved.find(([name, is]) => fields[name] !== undefined && fields[name] !== null && is(fields[name]))?.[2];

const lifetimeNames = ['ttl', 'lease', 'period', 'explicit_max_ttl'] as const;

/** What `POST auth/token/create` asks for. */
export const readNewToken = async (c: AppContext): Promise<Asked<AskedToken>> => {
  const body = await fieldsOf(c);
  if ('error' in body) return wrong(body.error, body.status);
  const { fields } = body;
  const problem = unservedIn(fields);
  if (problem) return wrong(problem);
  const lifetimes = lifetimeNames.map((name) => lifetimeOf(fields[name]));
  const bad = lifetimes.indexOf(undefined);
  if (bad >= 0) return wrong(notLifetime(String(lifetimeNames[bad])));
  const [ttl, lease, period, maxLifetimeMs = null] = lifetimes;
  const policies = fields.policies ?? [];
  if (!isTexts(policies)) return wrong('policies must be a list of texts.');
  const { renewable = true } = fields;
  if (typeof renewable !== 'boolean') return wrong('renewable must be true or false.');
  const mostMs = maxChildSeconds * 1_000;
  const askedMs = ttl ?? lease ?? period ?? mostMs;
  const { access, unknown } = accessIn(policies);
  const warnings = [
    ...(askedMs > mostMs
      ? [`A child token lives for at most ${maxChildSeconds} seconds. Renew it to use it for longer.`]
      : []),
    ...(unknown.length > 0 && access === null ? [noSuchPolicies] : []),
  ];
  return {
    input: {
      lifetimeMs: Math.min(askedMs, mostMs),
      maxLifetimeMs,
      isRenewable: renewable,
      access,
      tokenId: null,
      warnings,
    },
  };
};

const noSuchPolicies =
  'There are no policies of these names here. The token reaches what the one that made it reaches; "read", "write" or "manage" would make it reach less.';

const isTexts = (given: unknown): given is string[] =>
  Array.isArray(given) && given.every((each) => typeof each === 'string');

/** The names of accesses among policies: several add up, as policies do. `default` is in every token. */
const accessIn = (policies: readonly string[]): { access: Access | null; unknown: string[] } => ({
  access: tokenAccesses.findLast((name) => policies.includes(name)) ?? null,
  unknown: policies.filter((name) => name !== 'default' && !(tokenAccesses as readonly string[]).includes(name)),
});

/** What `POST auth/token/renew-self` asks for. */
export const readRenewal = async (c: AppContext): Promise<Asked<Renewal>> => {
  const body = await fieldsOf(c);
  if ('error' in body) return wrong(body.error, body.status);
  const increment = lifetimeOf(body.fields.increment);
  if (increment === undefined) return wrong(notLifetime('increment'));
  return { input: { incrementMs: increment && Math.min(increment, maxChildSeconds * 1_000) } };
};
