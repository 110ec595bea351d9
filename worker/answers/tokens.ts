/** Answers about service tokens. */
import * as v from 'valibot';
import { tokenAccesses } from '../../core/policy/policy.ts';
import { longNumber, time } from './parts.ts';

const timeOrNull = v.nullable(time);

export const token = v.strictObject({
  id: longNumber,
  name: v.string(),
  owner: v.pipe(v.nullable(v.string()), v.description('Whose it is; null for a token of a project.')),
  project: v.pipe(v.nullable(v.string()), v.description('Whose it is; null for a token of a person.')),
  scopes: v.pipe(v.array(v.string()), v.description('The names that it reaches, such as stripe, shop/prod/* or *.')),
  access: v.picklist(tokenAccesses),
  allowed_addresses: v.pipe(v.array(v.string()), v.description('From where it may be used; from anywhere if empty.')),
  created_at: time,
  created_by: v.string(),
  expires_at: timeOrNull,
  last_used_at: timeOrNull,
  last_used_address: v.nullable(v.string()),
  rotated_at: v.pipe(timeOrNull, v.description('When it got its present secret; null if it is still the first.')),
  grace_ends_at: v.pipe(timeOrNull, v.description('Until when the secret before works as well.')),
  revoked_at: timeOrNull,
});

export const tokenList = v.strictObject({
  tokens: v.array(token),
  next: v.optional(v.pipe(longNumber, v.description('What to ask for with before, if there are older ones.'))),
});

export const madeToken = v.strictObject({
  ...token.entries,
  token: v.pipe(v.string(), v.description('The secret itself, for the header Authorization: Bearer. Shown only here.')),
});
