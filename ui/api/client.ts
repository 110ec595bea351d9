import { signal } from '@preact/signals';
import type {
  Activity,
  Health,
  Key,
  KeyChange,
  KeyList,
  LogList,
  NewKey,
  NewUser,
  Session,
  SessionList,
  UserChange,
  UserList,
} from './wire.ts';

/** The only place that talks to the vault. The browser adds the session's cookie; no script ever holds a token. */

/** What went wrong, in words for the person in front of the screen. `status` is 0 where no answer came. */
export class Problem extends Error {
  override name = 'Problem';
  readonly status: number;
  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** Requests under way. */
export const pending = signal(0);

let whenSessionEnds = () => {};

/** Called whenever an answer says that the session is no longer good. */
export const onSessionEnd = (handler: () => void): void => {
  whenSessionEnds = handler;
};

interface Options {
  body?: unknown;
  /** A status that is an answer, not an error. */
  accepts?: number;
  /** For signing in: a 401 there says nothing about a session. */
  isSignIn?: boolean;
}

const call = async <Answer>(method: string, path: string, options: Options = {}): Promise<Answer> => {
  pending.value += 1;
  try {
    const response = await request(method, path, options.body);
    const answer: unknown = await response.json().catch(() => null);
    if (response.ok || response.status === options.accepts) return answer as Answer;
    if (response.status === 401 && !options.isSignIn) whenSessionEnds();
    throw new Problem(response.status, reasonOf(response, answer));
  } finally {
    pending.value -= 1;
  }
};

const request = async (method: string, path: string, body: unknown): Promise<Response> => {
  const init: RequestInit = { method, credentials: 'same-origin', cache: 'no-store' };
  if (body !== undefined) {
    init.headers = { 'Content-Type': 'application/json' };
    init.body = JSON.stringify(body);
  }
  try {
    return await fetch(path, init);
  } catch {
    throw new Problem(0, 'The vault does not answer. Check that it runs and that you are connected, then try again.');
  }
};

const reasonOf = (response: Response, answer: unknown): string => {
  const sentence = (answer as { error?: unknown } | null)?.error;
  if (typeof sentence !== 'string') return `The vault answered with status ${response.status}. Try again.`;
  const seconds = Number(response.headers.get('Retry-After'));
  return response.status === 429 && seconds > 0 ? `${sentence} That is in ${waitOf(seconds)}.` : sentence;
};

const waitOf = (seconds: number) =>
  seconds < 90 ? `${Math.ceil(seconds)} seconds` : `${Math.ceil(seconds / 60)} minutes`;

const get = <Answer>(path: string, query: Record<string, string> = {}) => {
  const text = new URLSearchParams(query).toString();
  return call<Answer>('GET', text ? `${path}?${text}` : path);
};

const keyPath = (name: string) => `/keys/${encodeURIComponent(name)}`;

interface Done {
  message: string;
}

export const api = {
  session: () => get<Session>('/auth/session'),
  signIn: (username: string, password: string) =>
    call<Session>('POST', '/auth/login', { body: { username, password }, isSignIn: true }),
  signOut: () => call<Done>('POST', '/auth/logout'),
  changePassword: (current_password: string, new_password: string) =>
    call<Done>('POST', '/auth/password', { body: { current_password, new_password } }),
  sessions: () => get<SessionList>('/auth/sessions'),
  revokeSession: (id: string) => call<Done>('DELETE', `/auth/sessions/${encodeURIComponent(id)}`),

  keys: (after: string) => get<KeyList>('/keys', after ? { after } : {}),
  key: (name: string) => get<Key>(keyPath(name)),
  addKey: (key: NewKey) => call<Done>('POST', '/keys', { body: key }),
  updateKey: (name: string, change: KeyChange) => call<Done>('PUT', keyPath(name), { body: change }),
  deleteKey: (name: string) => call<Done>('DELETE', keyPath(name)),

  logs: (query: Record<string, string>) => get<LogList>('/logs', query),
  activity: (per: string) => get<Activity>('/logs/activity', { per }),

  users: (after: number) => get<UserList>('/users', after ? { after: String(after) } : {}),
  addUser: (user: NewUser) => call<Done>('POST', '/users', { body: user }),
  updateUser: (id: number, change: UserChange) => call<Done>('PUT', `/users/${id}`, { body: change }),
  deleteUser: (id: number) => call<Done>('DELETE', `/users/${id}`),

  health: () => call<Health>('GET', '/health', { accepts: 503 }),
};
