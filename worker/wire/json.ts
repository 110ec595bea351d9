/** From the vault's words to those of v0.6: the JSON that a client reads. Times are ISO 8601 in UTC with `Z`. */
import type { InferOutput } from 'valibot';
import type * as keyAnswers from '../answers/keys.ts';
import type * as logAnswers from '../answers/log.ts';
import type * as people from '../answers/people.ts';
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

export type KeyList = InferOutput<typeof keyAnswers.keyList>;

export const keyList = ({ secrets, hasMore, list }: ResultOf<typeof listSecrets>): ListText => ({
  name: 'keys' satisfies keyof KeyList,
  parts: secrets,
  list,
  ...(hasMore && { next: (JSON.parse(`[${secrets.at(-1)}]`) as KeyList['keys']).at(-1)?.key_name ?? '' }),
});

export type LogList = InferOutput<typeof logAnswers.logList>;

export const logList = ({ events, next }: ResultOf<typeof listEvents>): ListText => ({
  name: 'logs' satisfies keyof LogList,
  parts: events,
  ...more(next),
});

export const activity = ({
  counts,
  stepMs,
  coveredFrom,
}: ResultOf<typeof countEvents>): InferOutput<typeof logAnswers.activity> => ({
  activity: counts.map(({ at, allowed, refused }) => ({ time: time(at), allowed, refused })),
  step: stepMs / 1000,
  ...(coveredFrom !== null && { complete_from: time(coveredFrom) }),
});

export const lastUses = ({
  uses,
  coveredFrom,
}: ResultOf<typeof listLastUses>): InferOutput<typeof logAnswers.lastUses> => ({
  uses: uses.map(({ name, at, by }) => ({ key_name: name, timestamp: time(at), user_name: by })),
  ...(coveredFrom !== null && { complete_from: time(coveredFrom) }),
});

export const userList = ({ users, next }: ResultOf<typeof listUsers>): InferOutput<typeof people.userList> => ({
  users: users.map((user) => ({
    id: user.id,
    username: user.name,
    role: user.role,
    created_at: time(user.created_at),
    last_login: timeOrNull(user.last_login_at),
    last_seen: timeOrNull(user.last_seen_at || null),
    is_active: user.is_active === 1,
    must_change_password: user.must_change_password === 1,
    key_count: user.secrets,
  })),
  ...more(next),
});

export const newUser = (id: number | null) => ({ message: 'User added successfully', id });

export const signedIn = ({
  token,
  name: user,
  role,
  must_change_password,
}: SignedIn): InferOutput<typeof people.signedIn> => ({
  token,
  user,
  role,
  must_change_password,
});

export const session = (live: ResultOf<typeof readSession>): InferOutput<typeof people.session> | null =>
  live && {
    user: live.name,
    user_id: live.id,
    role: live.role,
    must_change_password: live.must_change_password === 1,
    expires_at: time(live.expires_at),
    ...(live.likelyProxies.length > 0 && { likely_proxies: live.likelyProxies }),
  };

export const sessionList = (sessions: ResultOf<typeof listSessions>): InferOutput<typeof people.sessionList> => ({
  sessions: sessions.map(({ id, created_at, expires_at, address, user_agent, is_current }) => ({
    id,
    created_at: time(created_at),
    expires_at: time(expires_at),
    ip_address: address,
    user_agent,
    is_current: is_current === 1,
  })),
});
