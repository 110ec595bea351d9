/** Answers about who has seen a key, and what somebody has seen. */
import * as v from 'valibot';
import { longNumber, time, whole } from './parts.ts';

const changed = v.pipe(time, v.description('When the current value was stored.'));

export const keyReaders = v.strictObject({
  key_name: v.string(),
  value_changed_at: changed,
  seen: v.array(
    v.strictObject({
      user_name: v.pipe(v.string(), v.description('A person, or the project whose token it was.')),
      token: v.pipe(
        v.nullable(v.string()),
        v.description('The service token that it was done with; null for a session.'),
      ),
      token_id: v.nullable(longNumber),
      first_at: time,
      last_at: time,
      reveal: v.pipe(whole, v.description('How often it was revealed in the browser.')),
      copy: v.pipe(whole, v.description('How often it was copied in the browser.')),
      api: v.pipe(whole, v.description('How often it was read by itself, through the API.')),
      bulk: v.pipe(whole, v.description('How often it was read with others in one request.')),
      unknown: v.pipe(whole, v.description('How often it was read before the log said how.')),
      stored: v.pipe(v.boolean(), v.description('Whether they stored a value or changed the key.')),
      has_read_current: v.pipe(v.boolean(), v.description('Whether they have read it since it last changed.')),
    }),
  ),
  able: v.array(
    v.strictObject({
      user_name: v.string(),
      why: v.pipe(
        v.picklist(['owner', 'admin', 'viewer', 'editor', 'manager', 'token', 'project_token']),
        v.description('By which right: as its owner, as an admin, by a role in its project, or with a service token.'),
      ),
      token: v.nullable(v.string()),
      token_id: v.nullable(longNumber),
      access: v.pipe(v.nullable(v.string()), v.description('Of the token.')),
    }),
  ),
  more: v.optional(v.pipe(v.boolean(), v.description('Whether there are more who have seen it.'))),
});

export const exposure = v.strictObject({
  user_id: longNumber,
  user_name: v.string(),
  account: v.picklist(['active', 'inactive', 'deleted']),
  keys: v.array(
    v.strictObject({
      id: longNumber,
      key_name: v.string(),
      state: v.pipe(
        v.picklist(['open', 'expired', 'changed', 'trash', 'destroyed']),
        v.description(
          'open: they know the current value. expired: they do, and it has expired. changed: it was replaced since. trash and destroyed: the key was deleted.',
        ),
      ),
      read_first_at: v.nullable(time),
      read_last_at: v.nullable(time),
      count: v.pipe(whole, v.description('How often they or their tokens read it.')),
      tokens: v.pipe(v.array(v.string()), v.description('The service tokens that it was read with.')),
      stored: v.pipe(v.boolean(), v.description('Whether they stored the current value.')),
      value_changed_at: v.nullable(time),
      expires_at: v.nullable(time),
      mark: v.nullable(
        v.strictObject({ as: v.picklist(['rotated', 'not_needed']), at: time, by: v.nullable(v.string()) }),
      ),
    }),
  ),
  project_tokens: v.pipe(
    v.array(v.strictObject({ id: longNumber, name: v.string(), project: v.string(), secret_made_at: time })),
    v.description('Tokens of projects that they made, whose secret they have seen.'),
  ),
  more: v.optional(v.pipe(v.boolean(), v.description('Whether they have read more keys.'))),
});
