/**
 * The JSON of the API, as the UI reads and writes it. `wire.contract.ts` compares these types with the worker's, in the
 * worker's program, so that they cannot drift apart; the UI's program contains no worker code.
 */

export type Role = 'user' | 'admin';

/** What one is in a project. */
export type ProjectRole = 'viewer' | 'editor' | 'manager';

/** The same, and how else one reaches something: as its owner, or as an admin. */
export type OwnRole = ProjectRole | 'owner' | 'admin';

export interface Session {
  user: string;
  role: string;
  must_change_password: boolean;
  /** For admins: private addresses from which many accounts fail to sign in. Probably proxies. */
  likely_proxies?: string[] | undefined;
}

export interface ListedKey {
  key_name: string;
  description: string;
  created_at: string;
  updated_at: string;
  created_by: string;
  /** The project that it belongs to; null for a personal key. */
  project: string | null;
  /** Why one reaches it. */
  role: OwnRole;
  version: number;
  /** Counts all changes; with it, a change says which state it is about. */
  revision: number;
  expires_at: string | null;
  rotate_every_days: number | null;
  rotation_due_at: string | null;
  labels: Record<string, string>;
}

export interface KeyList {
  keys: ListedKey[];
  /** The last name of this answer, if more keys follow. */
  next?: string | undefined;
}

export interface Key {
  key_name: string;
  api_key: string;
}

export interface NewKey extends Key, KeyDetails {
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

export type CareReason = 'rotation_overdue' | 'expiring' | 'owner_inactive' | 'same_value' | 'unchanged' | 'unused';

/** A key that needs care. */
export interface CareKey {
  key_name: string;
  project: string | null;
  /** Of a personal key. */
  owner: string | null;
  reasons: CareReason[];
  expires_at: string | null;
  rotation_due_at: string | null;
  value_changed_at: string;
  /** Some of the other keys with its value. */
  same_value_as: string[];
}

export interface CareList {
  keys: CareKey[];
  /** Whether there are more than these. */
  more: boolean;
}

/** What a key is answered with that was added or changed. */
export interface Stored {
  message: string;
  /** Other keys that have the value. */
  same_value_as?: string[] | undefined;
}

export interface Version {
  version: number;
  created_at: string;
  created_by: string;
  is_current: boolean;
  destroyed: boolean;
}

export interface VersionList {
  versions: Version[];
  next?: number | string | undefined;
}

export interface TrashedKey {
  id: number;
  key_name: string;
  project: string | null;
  deleted_at: string;
  /** Null if the log does not say. */
  deleted_by: string | null;
  purged_at: string;
}

export interface Trash {
  keys: TrashedKey[];
  next?: number | string | undefined;
}

export type ImportState = 'new' | 'changed' | 'same' | 'conflict' | 'invalid';

export interface ImportRequest {
  /** Empty, or ends with `/`. The names of the entries are relative to it. */
  prefix: string;
  entries: { key_name: string; api_key: string; description?: string | undefined }[];
  on_conflict: 'fail' | 'skip' | 'update';
  dry_run: boolean;
}

export interface ImportedEntry {
  key_name: string;
  state: ImportState;
  reason?: string | undefined;
  /** In a dry run: other keys that have the value. */
  same_value_as?: string[] | undefined;
}

export interface ImportAnswer {
  applied: boolean;
  entries: ImportedEntry[];
}

export interface ManyValues {
  values: Record<string, string>;
  missing: string[];
}

export interface Project {
  name: string;
  description: string;
  role: OwnRole;
  key_count: number;
  member_count: number;
  created_at: string;
}

export interface ProjectList {
  projects: Project[];
  next?: string | undefined;
}

export interface NewProject {
  name: string;
  description: string;
  /** For admins: keys of others, whose names begin with that of the project, move in. */
  adopt?: boolean | undefined;
}

export interface Member {
  user_name: string;
  role: ProjectRole;
  added_at: string;
  added_by: string;
}

export interface ProjectWithMembers extends Project {
  members: Member[];
  /** The last member of this answer, if more follow. */
  next?: string | undefined;
}

export type TokenAccess = 'read' | 'write' | 'manage';

export interface Token {
  id: number;
  name: string;
  /** Null for a token of a project. */
  owner: string | null;
  project: string | null;
  scopes: string[];
  access: TokenAccess;
  allowed_addresses: string[];
  created_at: string;
  created_by: string;
  expires_at: string | null;
  last_used_at: string | null;
  last_used_address: string | null;
  rotated_at: string | null;
  grace_ends_at: string | null;
  revoked_at: string | null;
}

export interface TokenList {
  tokens: Token[];
  /** What to ask for with `before` to read on, if there are older ones. */
  next?: number | undefined;
}

/** The only answer that has the token itself. */
export interface MadeToken extends Token {
  token: string;
}

export interface NewToken {
  name: string;
  project: string | null;
  access: TokenAccess;
  scopes: string[];
  expires_in_days: number | null;
  allowed_addresses: string[];
}

export interface LogEntry {
  id: number;
  timestamp: string;
  user_name: string | null;
  key_name: string | null;
  action: string;
  ip_address: string;
  success: boolean;
  target: string | null;
  outcome: string;
  reason: string | null;
  /** The service token that it was done with. */
  token: string | null;
  user_agent: string;
  /** How many requests the entry stands for, if it is more than one. */
  count?: number | undefined;
}

export interface LogList {
  logs: LogEntry[];
  /** What to ask for with `before` to search on, if there are older entries. */
  next?: number | undefined;
}

/** Who read a key last, and when. */
export interface LastUse {
  key_name: string;
  timestamp: string;
  user_name: string;
}

export interface LastUses {
  uses: LastUse[];
  /** How far back it goes, if that is not the whole log. */
  complete_from?: string | undefined;
}

export interface Activity {
  activity: { time: string; allowed: number; refused: number }[];
  /** If set, only the events since this time were counted. */
  complete_from?: string | undefined;
}

export interface ListedUser {
  id: number;
  username: string;
  role: Role;
  created_at: string;
  last_login: string | null;
  is_active: boolean;
  must_change_password: boolean;
  key_count: number;
}

export interface UserList {
  users: ListedUser[];
  next?: number | undefined;
}

export interface NewUser {
  username: string;
  password: string;
  role: Role;
  must_change_password: boolean;
}

export type UserChange = Partial<Omit<NewUser, 'username'> & Pick<ListedUser, 'is_active'>>;

export interface ListedSession {
  id: string;
  created_at: string;
  expires_at: string;
  ip_address: string;
  user_agent: string;
  is_current: boolean;
}

export interface SessionList {
  sessions: ListedSession[];
}

export interface Health {
  status: string;
  service: string;
  timestamp: string;
  version?: string;
  error?: string;
  /** What the operator should do, though the vault serves. */
  warning?: string;
}
