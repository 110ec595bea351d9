/** Who has seen a key, and what somebody has seen, as clients read it; and what they may ask. */
import * as v from 'valibot';
import type * as answers from '../answers/exposure.ts';
import { marks, type readExposure } from '../operations/exposure.ts';
import type { listReaders } from '../operations/key-readers.ts';
import type { ResultOf } from '../operations/operation.ts';
import { id, object, text } from './requests.ts';

const time = (ms: number) => new Date(ms).toISOString();
const timeOrNull = (ms: number) => (ms === 0 ? null : time(ms));
const textOrNull = (given: string) => (given === '' ? null : given);

export const keyReaders = ({
  name,
  changedAt,
  seen,
  able,
  hasMore,
}: ResultOf<typeof listReaders>): v.InferOutput<typeof answers.keyReaders> => ({
  key_name: name,
  value_changed_at: time(changedAt),
  seen: seen.map(({ who, token, token_id, first_at, last_at, stored, ...row }) => ({
    user_name: who,
    token: textOrNull(token),
    token_id: token_id || null,
    first_at: time(first_at),
    last_at: time(last_at),
    ...{ reveal: row.reveal, copy: row.copy, api: row.api, bulk: row.bulk, unknown: row.unknown },
    stored: stored === 1,
    has_read_current: last_at >= changedAt && row.reveal + row.copy + row.api + row.bulk + row.unknown > 0,
  })),
  able: able.map(({ who, why, token, token_id, access }) => ({
    user_name: who,
    why,
    token: textOrNull(token),
    token_id: token_id || null,
    access: textOrNull(access),
  })),
  ...(hasMore && { more: true }),
});

type Exposure = ResultOf<typeof readExposure>;
type Listed = v.InferOutput<typeof answers.exposure>['keys'][number];

const stateOf = (key: Exposure['keys'][number], now: number): Listed['state'] => {
  if (key.gone === 2) return 'destroyed';
  if (key.gone === 1) return 'trash';
  if (key.last_at < key.value_changed_at && key.stored === 0) return 'changed';
  return key.expires_at > 0 && key.expires_at <= now ? 'expired' : 'open';
};

const markOf = (text: string): Listed['mark'] => {
  if (text === '') return null;
  const [reason, at, by] = JSON.parse(text) as [reason: string, at: number, by: string | null];
  const as = reason.slice(0, reason.indexOf(':'));
  return as === 'rotated' || as === 'not_needed' ? { as, at: time(at), by } : null;
};

export const exposure = (found: Exposure): v.InferOutput<typeof answers.exposure> => ({
  user_id: found.id,
  user_name: found.name,
  account: (['inactive', 'active', 'deleted'] as const)[found.account] ?? 'deleted',
  keys: found.keys.map((key) => ({
    id: key.id,
    key_name: key.name,
    state: stateOf(key, found.now),
    read_first_at: timeOrNull(key.first_at),
    read_last_at: timeOrNull(key.last_at),
    count: key.times,
    tokens: key.tokens === '' ? [] : key.tokens.split(','),
    stored: key.stored === 1,
    value_changed_at: timeOrNull(key.value_changed_at),
    expires_at: timeOrNull(key.expires_at),
    mark: markOf(key.mark),
  })),
  project_tokens: found.projectTokens.map(({ id: token, name, tokens: project, last_at, value_changed_at }) => ({
    id: token,
    name,
    project,
    secret_made_at: time(last_at || value_changed_at),
  })),
  ...(found.hasMore && { more: true }),
});

export const exposedPath = v.pipe(
  v.object({ id }),
  v.transform((path) => ({ ...path, user_name: null })),
);

export const exposedQuery = v.pipe(
  object({ user_name: v.pipe(text('user_name'), v.nonEmpty('user_name must not be empty.')) }),
  v.transform(({ user_name }) => ({ id: null, user_name })),
);

export const exposureMark = object({
  key_id: v.pipe(
    v.number('key_id must be the id of a key in the list.'),
    v.safeInteger('key_id must be the id of a key in the list.'),
    v.minValue(1, 'key_id must be the id of a key in the list.'),
  ),
  mark: v.picklist(marks, 'mark must be "rotated", "not_needed" or "open".'),
});
