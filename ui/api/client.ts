/** The only module that talks to the vault. The browser adds the session cookie, so scripts never hold a token. */
import { signal } from '@preact/signals';
import { markPressed } from './pressed.ts';
import { tellOfChange } from './tabs.ts';
import { secondsFrom, withWait } from './wait.ts';
import type * as wire from './wire.ts';

/** What went wrong, worded for the user. `status` is the HTTP status, or 0 if no answer came. */
export class Problem extends Error {
  override name = 'Problem';
  readonly status: number;
  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
  /** Whether the vault does not know or does not trust the user. The UI shows that, and nothing else that fails, in red. */
  get isRefusal(): boolean {
    return this.status === 401 || this.status === 403;
  }
  /** Whether the same request may succeed later: nothing answered, or the vault is busy or in trouble. */
  get isPassing(): boolean {
    return this.status === 0 || this.status === 429 || this.status >= 500;
  }
}

/** How many requests are in progress. */
export const pending = signal(0);

/** The path under which the vault is served, '' for the root of its host: the vault puts BASE_PATH into the page. */
export const basePath: string =
  globalThis.document?.querySelector<HTMLMetaElement>('meta[name="base-path"]')?.content ?? '';

let whenSessionEnds = () => {};

/** Registers what to do when an answer says that the session is no longer valid. */
export const onSessionEnd = (handler: () => void): void => {
  whenSessionEnds = handler;
};

interface Options {
  body?: unknown;
  /** An error status that is accepted as an answer. */
  accepts?: number;
  /** Whether a good answer is text instead of JSON. */
  isText?: boolean;
  /** Set for sign-in, where a 401 does not mean that a session has ended. */
  isSignIn?: boolean;
  /** The revision that a change is about. If there is a newer one, the vault changes nothing (412). */
  revision?: number | null | undefined;
  /** What a value is read for. */
  via?: 'reveal' | 'copy';
  /** Reads the headers of a good answer. */
  onHeaders?: (headers: Headers) => void;
}

const call = async <Answer = unknown>(method: string, path: string, options: Options = {}): Promise<Answer> => {
  pending.value += 1;
  const unmark = markPressed();
  try {
    const response = await request(method, path, options);
    const isText = options.isText === true && response.ok;
    const answer: unknown = await (isText ? response.text() : response.json().catch(() => null));
    if (response.ok || response.status === options.accepts) {
      tellOfChange(method, path);
      options.onHeaders?.(response.headers);
      return answer as Answer;
    }
    if (response.status === 401 && !options.isSignIn) whenSessionEnds();
    throw new Problem(response.status, reasonOf(response, answer));
  } finally {
    pending.value -= 1;
    unmark();
  }
};

const request = async (method: string, path: string, { body, revision, via }: Options): Promise<Response> => {
  const headers = new Headers(revision == null ? {} : { 'If-Match': `"${revision}"` });
  if (via) headers.set('Keystore-Via', via);
  const init: RequestInit = { method, headers, credentials: 'same-origin', cache: 'no-store' };
  if (body !== undefined) {
    headers.set('Content-Type', 'application/json');
    init.body = JSON.stringify(body);
  }
  try {
    return await fetch(basePath + path, init);
  } catch {
    throw new Problem(
      0,
      'The vault is not responding. Check your connection and that the vault is running, then try again.',
    );
  }
};

const reasonOf = (response: Response, answer: unknown): string => {
  const { error, retry_after } = (answer ?? {}) as { error?: unknown; retry_after?: unknown };
  if (typeof error !== 'string') return `The vault reported an error (status ${response.status}). Try again.`;
  if (response.status !== 429) return error;
  return withWait(error, secondsFrom(response.headers.get('Retry-After') ?? String(retry_after ?? '')));
};

const get = <Answer>(path: string, query: Record<string, string> = {}) => {
  const text = new URLSearchParams(query).toString();
  return call<Answer>('GET', text ? `${path}?${text}` : path);
};

const getText = (path: string) => call<string>('GET', path, { isText: true });

const projectPath = (name: string) => `/projects/${encodeURIComponent(name)}`;
const memberPath = (name: string, user: string) => `${projectPath(name)}/members/${encodeURIComponent(user)}`;
const pageAfter = (after: string): Record<string, string> => (after ? { after } : {});

const numberIn = (text: string | null): number | null => {
  const digits = /\d+/.exec(text ?? '')?.[0];
  return digits === undefined ? null : Number(digits);
};

const keyPath = (name: string) => `/keys/${encodeURIComponent(name)}`;

export const api = {
  session: () => get<wire.Session>('/auth/session'),
  signIn: (username: string, password: string) =>
    call<wire.Session>('POST', '/auth/login', { body: { username, password }, isSignIn: true }),
  signOut: () => call('POST', '/auth/logout'),
  changePassword: (current_password: string, new_password: string) =>
    call('POST', '/auth/password', { body: { current_password, new_password } }),
  sessions: () => get<wire.SessionList>('/auth/sessions'),
  revokeSession: (id: string) => call('DELETE', `/auth/sessions/${encodeURIComponent(id)}`),

  keys: (after: string) => get<wire.KeyList>('/keys', pageAfter(after)),
  /** @param via what it is read for: the log notes it. */
  key: (name: string, via: 'reveal' | 'copy', version?: number) =>
    call<wire.Key>('GET', `${keyPath(name)}${version === undefined ? '' : `?version=${version}`}`, { via }),
  addKey: (key: wire.NewKey) => call<wire.Stored>('POST', '/keys', { body: key }),
  care: () => get<wire.CareList>('/care'),
  /** Returns the new revision. */
  updateKey: async (
    name: string,
    change: wire.KeyChange,
    revision?: number | null,
    onSameValue: (names: string[]) => void = () => {},
  ): Promise<number | null> => {
    let found: number | null = null;
    const onHeaders = (headers: Headers) => {
      found = numberIn(headers.get('ETag'));
    };
    const { same_value_as } = await call<wire.Stored>('PUT', keyPath(name), { body: change, revision, onHeaders });
    if (same_value_as) onSameValue(same_value_as);
    return found;
  },
  /** Returns its id in the trash. */
  deleteKey: async (name: string, revision?: number | null): Promise<number | null> => {
    let found: number | null = null;
    const onHeaders = (headers: Headers) => {
      found = numberIn(headers.get('Trash-Id'));
    };
    await call('DELETE', keyPath(name), { revision, onHeaders });
    return found;
  },
  keyReaders: (name: string) => get<wire.KeyReaders>(`${keyPath(name)}/access`),
  versions: (name: string, after: string) => get<wire.VersionList>(`${keyPath(name)}/versions`, pageAfter(after)),
  restoreVersion: (name: string, version: number) => call('POST', `${keyPath(name)}/restore`, { body: { version } }),
  destroyVersion: (name: string, version: number) => call('DELETE', `${keyPath(name)}/versions/${version}`),
  values: (names: readonly string[]) => call<wire.ManyValues>('POST', '/keys/values', { body: { names }, via: 'copy' }),

  importKeys: (asked: wire.ImportRequest) => call<wire.ImportAnswer>('POST', '/keys/import', { body: asked }),

  trash: (after: string) => get<wire.Trash>('/trash', pageAfter(after)),
  restoreKey: (id: number, key_name?: string) =>
    call('POST', `/trash/${id}/restore`, { body: key_name === undefined ? {} : { key_name } }),
  destroyKey: (id: number) => call('DELETE', `/trash/${id}`),

  projects: (after: string) => get<wire.ProjectList>('/projects', pageAfter(after)),
  project: (name: string, after: string) => get<wire.ProjectWithMembers>(projectPath(name), pageAfter(after)),
  addProject: (project: wire.NewProject) => call('POST', '/projects', { body: project }),
  updateProject: (name: string, description: string) => call('PUT', projectPath(name), { body: { description } }),
  deleteProject: (name: string) => call('DELETE', projectPath(name)),
  setMember: (name: string, user: string, role: wire.ProjectRole) =>
    call('PUT', memberPath(name, user), { body: { role } }),
  removeMember: (name: string, user: string) => call('DELETE', memberPath(name, user)),

  tokens: (before: string) => get<wire.TokenList>('/tokens', before ? { before } : {}),
  addToken: (token: wire.NewToken) => call<wire.MadeToken>('POST', '/tokens', { body: token }),
  rotateToken: (id: number, grace_minutes: number) =>
    call<wire.MadeToken>('POST', `/tokens/${id}/rotate`, { body: { grace_minutes } }),
  revokeToken: (id: number) => call('DELETE', `/tokens/${id}`),

  logs: (query: Record<string, string>) => get<wire.LogList>('/logs', query),
  lastUses: () => get<wire.LastUses>('/logs/uses'),
  activity: (query: Record<string, string>) => get<wire.Activity>('/logs/activity', query),
  logKey: () => getText('/logs/key'),
  logCheckpoint: () => getText('/logs/checkpoint'),
  sealLog: () => call('POST', '/logs/checkpoint'),
  logProof: (id: number) => getText(`/logs/proof/${id}`),
  verifyLog: (after: number) => get<wire.LogVerification>('/logs/verify', { after: String(after) }),

  users: (after: number) => get<wire.UserList>('/users', after ? { after: String(after) } : {}),
  addUser: (user: wire.NewUser) => call('POST', '/users', { body: user }),
  updateUser: (id: number, change: wire.UserChange) => call('PUT', `/users/${id}`, { body: change }),
  deleteUser: (id: number, transfer_to: string) =>
    call('DELETE', `/users/${id}${transfer_to ? `?${new URLSearchParams({ transfer_to })}` : ''}`),

  /** Of somebody by their id, or by the name that the log has. */
  exposure: (who: string) =>
    /^\d+$/.test(who)
      ? get<wire.Exposure>(`/users/${who}/exposure`)
      : get<wire.Exposure>('/users/exposure', { user_name: who }),
  markExposure: (user: number, key_id: number, mark: wire.ExposureMark) =>
    call('POST', `/users/${user}/exposure`, { body: { key_id, mark } }),

  userSessions: (id: number) => get<wire.SessionList>(`/users/${id}/sessions`),
  /** Ends one of them, or all. */
  endUserSessions: (id: number, session?: string) =>
    call('DELETE', `/users/${id}/sessions${session === undefined ? '' : `/${encodeURIComponent(session)}`}`),

  health: () => call<wire.Health>('GET', '/health', { accepts: 503 }),
};
