-- Service tokens: how programs sign in. A token belongs to a person or to a project and reaches the keys in its scopes.

CREATE TABLE service_tokens (
  -- Never used again, since the log names tokens by it.
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  name TEXT NOT NULL,
  -- Whose it is: a person's or a project's. It goes with them, so a new account or project of an old name inherits none.
  user_id INTEGER REFERENCES users (id) ON DELETE CASCADE,
  project_id INTEGER REFERENCES projects (id) ON DELETE CASCADE,
  access TEXT NOT NULL CHECK (access IN ('read', 'write', 'manage', 'audit')),
  -- A JSON list of names and of prefixes that end in `/*`, as it was sent. `token_scopes` is made of it.
  scopes TEXT NOT NULL,
  -- A JSON list of `[range, first address, last address]`; null for anywhere. See core/network/allowed.ts.
  allowed_addresses TEXT,
  created_at INTEGER NOT NULL,
  created_by TEXT NOT NULL,
  expires_at INTEGER,
  revoked_at INTEGER,
  CHECK ((user_id IS NULL) <> (project_id IS NULL))
) STRICT;

CREATE INDEX service_tokens_by_user ON service_tokens (user_id, id);
CREATE INDEX service_tokens_by_project ON service_tokens (project_id, id);

-- What programs send, as a hash. A token that is rotated has another secret; the one before it works until `ends_at`.
CREATE TABLE token_secrets (
  hash TEXT PRIMARY KEY,
  token_id INTEGER NOT NULL REFERENCES service_tokens (id) ON DELETE CASCADE,
  created_at INTEGER NOT NULL,
  ends_at INTEGER
) STRICT, WITHOUT ROWID;

CREATE INDEX token_secrets_by_token ON token_secrets (token_id, created_at);

-- The names that a token reaches, as ranges that do not overlap: from `low` on, and before `high`.
CREATE TABLE token_scopes (
  token_id INTEGER NOT NULL REFERENCES service_tokens (id) ON DELETE CASCADE,
  low TEXT NOT NULL,
  high TEXT NOT NULL,
  PRIMARY KEY (token_id, low)
) STRICT, WITHOUT ROWID;

-- Which token a request came with, its name at the time, and the project that it belongs to; all null for a session. The actor of
-- a project's token is the project: `actor_id` is its id, negative.
ALTER TABLE audit_events ADD COLUMN token_id INTEGER;
ALTER TABLE audit_events ADD COLUMN token TEXT;
ALTER TABLE audit_events ADD COLUMN project TEXT;

-- When a token was last used, and its own log. Partial: other events pay nothing.
CREATE INDEX audit_events_by_token ON audit_events (token_id, id)
  WHERE token_id IS NOT NULL AND outcome <> 'unauthenticated';
-- Counts what is refused, so that a token that no longer works does not fill the log.
CREATE INDEX refused_tokens ON audit_events (token_id, address, at)
  WHERE token_id IS NOT NULL AND outcome = 'unauthenticated';
