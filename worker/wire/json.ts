/** From the vault's words to those of v0.6: the JSON that a client reads. Times are ISO 8601 in UTC with `Z`. */
import { wireAction } from '../../core/vocabulary.ts';
import type { countEvents, listEvents } from '../operations/events.ts';
import type { ResultOf } from '../operations/operation.ts';
import type { listSecrets } from '../operations/secrets.ts';
import type { listSessions, readSession } from '../operations/sessions.ts';
import type { SignedIn } from '../operations/sign-in.ts';
import type { listUsers } from '../operations/users.ts';

const time = (ms: number) => new Date(ms).toISOString();
const timeOrNull = (ms: number | null) => (ms === null ? null : time(ms));

/** Where the next list begins, if this one does not hold everything. */
const more = <Next>(next: Next | null) => (next === null ? {} : { next });

export const keyList = ({ secrets, next }: ResultOf<typeof listSecrets>) => ({
  keys: secrets.map(({ name, description, created_at, updated_at, created_by }) => ({
    key_name: name,
    description,
    created_at: time(created_at),
    updated_at: time(updated_at),
    created_by,
  })),
  ...more(next),
});

export const logList = ({ events, next }: ResultOf<typeof listEvents>) => ({
  logs: events.map(logEntry),
  ...more(next),
});

/** An action without a dot was moved in from v0.6, where the target was always a key. */
const isAboutKey = (action: string) => /^(?:secret|version)\./.test(action) || !action.includes('.');

const logEntry = (event: ResultOf<typeof listEvents>['events'][number]) => {
  const isAllowed = event.outcome === 'allowed';
  return {
    id: event.id,
    timestamp: time(event.at),
    user_name: event.actor_name,
    key_name: isAboutKey(event.action) ? event.target : null,
    action: wireAction(event.action, isAllowed),
    ip_address: event.address,
    success: isAllowed,
    target: event.target,
    outcome: event.outcome,
    reason: event.reason,
    role: event.actor_role,
    user_agent: event.user_agent,
    // For all other rows it would always be 1.
    ...(event.requests !== null && { count: event.requests }),
  };
};

export const activity = ({ counts, coveredFrom }: ResultOf<typeof countEvents>) => ({
  activity: counts.map(({ at, allowed, refused }) => ({ time: time(at), allowed, refused })),
  ...(coveredFrom !== null && { complete_from: time(coveredFrom) }),
});

export const userList = ({ users, next }: ResultOf<typeof listUsers>) => ({
  users: users.map((user) => ({
    id: user.id,
    username: user.name,
    role: user.role,
    created_at: time(user.created_at),
    last_login: timeOrNull(user.last_login_at),
    is_active: user.is_active === 1,
    must_change_password: user.must_change_password === 1,
    key_count: user.secrets,
  })),
  ...more(next),
});

export const newUser = (id: number | null) => ({ message: 'User added successfully', id });

export const signedIn = ({ token, name: user, role, must_change_password }: SignedIn) => ({
  token,
  user,
  role,
  must_change_password,
});

export const session = (live: ResultOf<typeof readSession>) =>
  live && {
    user: live.name,
    user_id: live.id,
    role: live.role,
    must_change_password: live.must_change_password === 1,
    expires_at: time(live.expires_at),
    ...(live.likelyProxies.length > 0 && { likely_proxies: live.likelyProxies }),
  };

export const sessionList = (sessions: ResultOf<typeof listSessions>) => ({
  sessions: sessions.map(({ id, created_at, expires_at, address, user_agent, is_current }) => ({
    id,
    created_at: time(created_at),
    expires_at: time(expires_at),
    ip_address: address,
    user_agent,
    is_current: is_current === 1,
  })),
});
