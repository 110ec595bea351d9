-- The vault's first schema. Times are milliseconds since 1970, UTC. Booleans are 0 or 1.

-- One row: which key seals this database. The canary is a constant sealed with it, so a wrong key is told at once.
CREATE TABLE instance (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  created_at INTEGER NOT NULL,
  key_id TEXT NOT NULL,
  canary TEXT NOT NULL
) STRICT;

CREATE TABLE users (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  name TEXT NOT NULL UNIQUE,
  -- The name as the eye reads it: two accounts may not look alike.
  likeness TEXT NOT NULL UNIQUE,
  verifier TEXT NOT NULL,
  role TEXT NOT NULL CHECK (role IN ('user', 'admin')),
  is_active INTEGER NOT NULL DEFAULT 1 CHECK (is_active IN (0, 1)),
  must_change_password INTEGER NOT NULL DEFAULT 0 CHECK (must_change_password IN (0, 1)),
  created_at INTEGER NOT NULL,
  last_login_at INTEGER,
  -- Failed passwords before this moment are forgiven: set by a good sign-in and by an admin's reset.
  failures_forgiven_at INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE sessions (
  id TEXT PRIMARY KEY,
  user_id INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  created_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  revoked_at INTEGER,
  address TEXT NOT NULL,
  user_agent TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX sessions_by_user ON sessions (user_id, created_at);

CREATE TABLE secrets (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  name TEXT NOT NULL UNIQUE,
  description TEXT NOT NULL DEFAULT '',
  owner_id INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  -- The creator's name at the time: it outlives a change of owner.
  created_by TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  current_version INTEGER NOT NULL
) STRICT;

CREATE INDEX secrets_by_owner ON secrets (owner_id, name);

-- Append-only: a new value is a new row, and secrets.current_version points to the one that is served.
CREATE TABLE secret_versions (
  secret_id INTEGER NOT NULL REFERENCES secrets (id) ON DELETE CASCADE,
  number INTEGER NOT NULL,
  token TEXT NOT NULL,
  binding TEXT NOT NULL,
  key_id TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  created_by TEXT NOT NULL,
  PRIMARY KEY (secret_id, number)
) STRICT;

CREATE INDEX secret_versions_by_key ON secret_versions (key_id);

-- Each row is a decision: what it allows happens in the same transaction, or not at all. Actor and target are names, not
-- foreign keys: the history of a deleted account or secret stays.
CREATE TABLE audit_events (
  id INTEGER PRIMARY KEY,
  at INTEGER NOT NULL,
  request_id TEXT NOT NULL,
  actor_id INTEGER,
  actor_name TEXT,
  actor_role TEXT,
  action TEXT NOT NULL,
  target TEXT,
  outcome TEXT NOT NULL CHECK (
    outcome IN ('allowed', 'denied', 'not_found', 'conflict', 'invalid', 'unauthenticated', 'failed')
  ),
  reason TEXT,
  address TEXT NOT NULL,
  user_agent TEXT NOT NULL
) STRICT;

CREATE INDEX audit_events_by_actor ON audit_events (actor_id, id);

-- For the chart of activity.
CREATE INDEX audit_events_by_time ON audit_events (at);

-- Failed passwords are counted in the log itself, so a restart forgets nothing. Partial: other events pay nothing.
CREATE INDEX failed_passwords_by_account ON audit_events (actor_name, at)
  WHERE reason IN ('wrong_password', 'inactive_account');
CREATE INDEX failed_passwords_by_address ON audit_events (address, at)
  WHERE reason IN ('wrong_password', 'inactive_account');

CREATE TRIGGER audit_events_are_never_changed BEFORE UPDATE ON audit_events
BEGIN
  SELECT RAISE(ABORT, 'audit events are append-only');
END;

CREATE TRIGGER audit_events_are_never_deleted BEFORE DELETE ON audit_events
BEGIN
  SELECT RAISE(ABORT, 'audit events are append-only');
END;
