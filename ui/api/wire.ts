/**
 * The JSON of the API, as the UI reads and writes it. Answers have the types of the worker's schemas, which vanish from the
 * bundle. What the UI asks `wire.contract.ts` compares with the worker's schemas of requests, in the worker's program.
 */
import type { InferOutput } from 'valibot';
import type * as seen from '../../worker/answers/exposure.ts';
import type * as health from '../../worker/answers/health.ts';
import type * as keys from '../../worker/answers/keys.ts';
import type * as log from '../../worker/answers/log.ts';
import type * as parts from '../../worker/answers/parts.ts';
import type * as people from '../../worker/answers/people.ts';
import type * as projects from '../../worker/answers/projects.ts';
import type * as tokens from '../../worker/answers/tokens.ts';

export type Role = InferOutput<typeof parts.role>;

/** What one is in a project. */
export type ProjectRole = InferOutput<typeof parts.projectRole>;

/** A role in a project, and how else one reaches something: as its owner, or as an admin. */
export type OwnRole = ListedKey['role'];

/** What the UI needs of a session; signing in answers as much. */
export type Session = Pick<
  InferOutput<typeof people.session>,
  'user' | 'role' | 'must_change_password' | 'likely_proxies'
>;

export type ListedKey = InferOutput<typeof keys.listedKey>;

export type KeyList = InferOutput<typeof keys.keyList>;

export type Key = InferOutput<typeof keys.key>;

export interface NewKey extends Pick<Key, 'key_name' | 'api_key'>, KeyDetails {
  description: string;
}

/** What may be set beside the value and the description. */
export interface KeyDetails {
  expires_at?: string | null | undefined;
  rotate_every_days?: number | null | undefined;
  labels?: Record<string, string> | undefined;
}

export interface KeyChange extends KeyDetails {
  api_key?: string | undefined;
  description?: string | undefined;
  /** Renames it, or moves it. */
  key_name?: string | undefined;
  /** Gives it to another user. For admins. */
  owner?: string | undefined;
}

export type CareList = InferOutput<typeof keys.careList>;

/** A key that needs care. */
export type CareKey = CareList['keys'][number];

export type CareReason = CareKey['reasons'][number];

/** What a key is answered with that was added or changed. */
export type Stored = InferOutput<typeof keys.stored>;

export type Version = InferOutput<typeof keys.version>;

export type VersionList = InferOutput<typeof keys.versionList>;

export type TrashedKey = InferOutput<typeof keys.trashedKey>;

export type Trash = InferOutput<typeof keys.trash>;

export type ImportState = ImportedEntry['state'];

export interface ImportRequest {
  /** Empty, or ends with `/`. The names of the entries are relative to it. */
  prefix: string;
  entries: { key_name: string; api_key: string; description?: string | undefined }[];
  on_conflict: 'fail' | 'skip' | 'update';
  dry_run: boolean;
}

export type ImportedEntry = InferOutput<typeof keys.importedEntry>;

export type ImportAnswer = InferOutput<typeof keys.imported>;

export type ManyValues = InferOutput<typeof keys.manyValues>;

export type Project = InferOutput<typeof projects.project>;

export type ProjectList = InferOutput<typeof projects.projectList>;

export interface NewProject {
  name: string;
  description: string;
  /** For admins: keys of others, whose names begin with that of the project, move in. */
  adopt?: boolean | undefined;
}

export type Member = InferOutput<typeof projects.member>;

export type ProjectWithMembers = InferOutput<typeof projects.projectWithMembers>;

export type TokenAccess = Token['access'];

export type Token = InferOutput<typeof tokens.token>;

export type TokenList = InferOutput<typeof tokens.tokenList>;

/** The only answer that has the token itself. */
export type MadeToken = InferOutput<typeof tokens.madeToken>;

export interface NewToken {
  name: string;
  project: string | null;
  access: TokenAccess;
  scopes: string[];
  expires_in_days: number | null;
  allowed_addresses: string[];
}

export type LogEntry = InferOutput<typeof log.logEntry>;

export type LogList = InferOutput<typeof log.logList>;

/** Who read each key last, and when. */
export type LastUses = InferOutput<typeof log.lastUses>;

export type LastUse = LastUses['uses'][number];

export type Activity = InferOutput<typeof log.activity>;

/** One part of the vault's own check of its log. */
export interface LogVerification {
  size: number;
  root: string;
  checked_to: number;
  next: number | null;
  /** `id` is null if it is no event, but the tree or its signature. */
  wrong: { id: number | null; kind: string } | null;
}

/** Who has seen a key, and what somebody has seen. */
export type KeyReaders = InferOutput<typeof seen.keyReaders>;
export type Exposure = InferOutput<typeof seen.exposure>;
export type ExposureMark = 'rotated' | 'not_needed' | 'open';

export type ListedUser = InferOutput<typeof people.user>;

export type UserList = InferOutput<typeof people.userList>;

export interface NewUser {
  username: string;
  password: string;
  role: Role;
  must_change_password: boolean;
}

export type UserChange = Partial<Omit<NewUser, 'username'> & Pick<ListedUser, 'is_active'>>;

export type ListedSession = InferOutput<typeof people.listedSession>;

export type SessionList = InferOutput<typeof people.sessionList>;

/** Of a vault that serves, and of one that does not. */
export type Health = Omit<Healthy, 'status' | 'version'> &
  Partial<Pick<Healthy, 'version'> & Pick<Unhealthy, 'error'>> &
  Pick<Healthy | Unhealthy, 'status'>;

type Healthy = InferOutput<typeof health.healthy>;
type Unhealthy = InferOutput<typeof health.unhealthy>;
