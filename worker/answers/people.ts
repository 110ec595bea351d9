/** Answers about users, and about one's own sign-in and sessions. */
import * as v from 'valibot';
import { longNumber, role, time, whole } from './parts.ts';

export const signedIn = v.strictObject({
  token: v.pipe(v.string(), v.description('For the header Authorization: Bearer.')),
  user: v.string(),
  role,
  must_change_password: v.boolean(),
});

export const session = v.strictObject({
  user: v.string(),
  user_id: longNumber,
  role,
  must_change_password: v.boolean(),
  expires_at: time,
  broken_seals: v.optional(
    v.pipe(
      v.array(v.string()),
      v.description('For admins: records that something other than the vault has changed, such as `user alice`.'),
    ),
  ),
  likely_proxies: v.optional(
    v.pipe(
      v.array(v.string()),
      v.description(
        'For admins: private addresses from which many accounts fail to sign in. Probably proxies that TRUSTED_PROXIES does not name.',
      ),
    ),
  ),
});

export const listedSession = v.strictObject({
  id: v.string(),
  created_at: time,
  expires_at: time,
  ip_address: v.string(),
  user_agent: v.string(),
  is_current: v.boolean(),
});

export const sessionList = v.strictObject({ sessions: v.array(listedSession) });

export const user = v.strictObject({
  id: longNumber,
  username: v.string(),
  role,
  created_at: time,
  last_login: v.nullable(time),
  last_seen: v.pipe(
    v.nullable(time),
    v.description('The last request of this person that the log has; what their service tokens do does not count.'),
  ),
  is_active: v.boolean(),
  must_change_password: v.boolean(),
  key_count: whole,
});

export const userList = v.strictObject({
  users: v.array(user),
  next: v.optional(v.pipe(longNumber, v.description('The last id of this answer, if more users follow.'))),
});

export const newUser = v.strictObject({ message: v.string(), id: longNumber });
