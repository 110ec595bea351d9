/** From the vault's words to those of v0.6: the JSON that a client reads. Times are ISO 8601 in UTC with `Z`. */
import type { Outcome, ProjectRole, Role } from '../../core/policy/policy.ts';
import type { countEvents, listEvents } from '../operations/events.ts';
import type { listLastUses } from '../operations/last-uses.ts';
import type { ResultOf } from '../operations/operation.ts';
import type { listSecrets } from '../operations/secret-list.ts';
import type { listSessions, readSession } from '../operations/sessions.ts';
import type { SignedIn } from '../operations/sign-in.ts';
import type { listUsers } from '../operations/users.ts';
import type { ListText } from './list-text.ts';

const time = (ms: number) => new Date(ms).toISOString();
const timeOrNull = (ms: number | null) => (ms === null ? null : time(ms));

/** Where the next list begins, if this one does not hold everything. */
const more = <Next>(next: Next | null) => (next === null ? {} : { next });

export interface KeyList {
  keys: {
    key_name: string;
    description: string;
    created_at: string;
    updated_at: string;
    created_by: string;
    /** Null for a personal key. */
    project: string | null;
    /** What one is to the key: its owner, a member of its project, or an admin who is neither. */
    role: 'owner' | ProjectRole | 'admin';
    version: number;
    /** Counts all changes; the ETag of the key. */
    revision: number;
    expires_at: string | null;
    rotate_every_days: number | null;
    /** So many days after the value was last changed. */
    rotation_due_at: string | null;
    labels: Record<string, string>;
  }[];
  /** The last name of this list, if more keys follow. */
  next?: string;
}

export const keyList = ({ secrets, hasMore, list }: ResultOf<typeof listSecrets>): ListText => ({
  name: 'keys' satisfies keyof KeyList,
  parts: secrets,
  list,
  ...(hasMore && { next: (JSON.parse(`[${secrets.at(-1)}]`) as KeyList['keys']).at(-1)?.key_name ?? '' }),
});

export interface LogList {
  logs: {
    id: number;
    timestamp: string;
    user_name: string | null;
    key_name: string | null;
    action: string;
    ip_address: string;
    success: boolean;
    target: string | null;
    outcome: Outcome;
    reason: string | null;
    /** Null for a token of a project. */
    role: Role | null;
    /** The project whose token it was; `user_name` is its name then. */
    project: string | null;
    /** The service token that the request came with; null for a session. */
    token: string | null;
    token_id: number | null;
    user_agent: string;
    /** For all other rows it would always be 1. */
    count?: number;
  }[];
  /** What to ask for with `before` to read on, if there are older entries. */
  next?: number;
}

export const logList = ({ events, next }: ResultOf<typeof listEvents>): ListText => ({
  name: 'logs' satisfies keyof LogList,
  parts: events,
  ...more(next),
});

export const activity = ({ counts, coveredFrom }: ResultOf<typeof countEvents>) => ({
  activity: counts.map(({ at, allowed, refused }) => ({ time: time(at), allowed, refused })),
  ...(coveredFrom !== null && { complete_from: time(coveredFrom) }),
});

export const lastUses = ({ uses, coveredFrom }: ResultOf<typeof listLastUses>) => ({
  uses: uses.map(({ name, at, by }) => ({ key_name: name, timestamp: time(at), user_name: by })),
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
