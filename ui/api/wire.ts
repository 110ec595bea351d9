/**
 * The JSON of the API, as the UI reads and writes it. `wire.contract.ts` compares these types with the worker's, in the
 * worker's program, so that they cannot drift apart; the UI's program contains no worker code.
 */

export type Role = 'user' | 'admin';

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

export interface NewKey extends Key {
  description: string;
}

export interface KeyChange {
  api_key?: string | undefined;
  description?: string | undefined;
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
  user_agent: string;
  /** How many requests the entry stands for, if it is more than one. */
  count?: number | undefined;
}

export interface LogList {
  logs: LogEntry[];
  /** What to ask for with `before` to search on, if there are older entries. */
  next?: number | undefined;
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
