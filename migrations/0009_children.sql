-- Children: short-lived tokens that logins of programs make, of a service token or of a sign-in. A child never outlives what made it.

-- A child of a service token is one more secret of it, with an end. What made it is another secret of the same token.
ALTER TABLE token_secrets ADD COLUMN parent TEXT REFERENCES token_secrets (hash) ON DELETE CASCADE;
-- 0 for what is no child, 1 for its children, 2 for theirs. Bounded, since whoever deletes one deletes all below it.
ALTER TABLE token_secrets ADD COLUMN generation INTEGER NOT NULL DEFAULT 0;
-- What it was made for, in milliseconds: a renewal gives as much again.
ALTER TABLE token_secrets ADD COLUMN lifetime INTEGER;
-- No renewal goes beyond this.
ALTER TABLE token_secrets ADD COLUMN latest_end INTEGER;
-- The same as that of the token, or less. Null for what is no child.
ALTER TABLE token_secrets ADD COLUMN access TEXT CHECK (
  iif(generation = 0, parent IS NULL AND access IS NULL,
    parent IS NOT NULL AND ends_at IS NOT NULL AND lifetime IS NOT NULL AND coalesce(access IN ('read', 'write', 'manage'), 0))
);

DROP INDEX token_secrets_by_token;
CREATE INDEX token_secrets_by_token ON token_secrets (token_id, generation, created_at);
CREATE INDEX token_secrets_by_parent ON token_secrets (parent) WHERE parent IS NOT NULL;

-- A child of a sign-in is a session that may do less: `access` says what, and is null for a person's own session. Where a program signs in
-- with a password, there is no parent.
ALTER TABLE sessions ADD COLUMN parent_id TEXT REFERENCES sessions (id) ON DELETE CASCADE;
ALTER TABLE sessions ADD COLUMN generation INTEGER NOT NULL DEFAULT 0;
ALTER TABLE sessions ADD COLUMN lifetime INTEGER;
ALTER TABLE sessions ADD COLUMN latest_end INTEGER;
ALTER TABLE sessions ADD COLUMN access TEXT CHECK (
  iif(generation = 0, parent_id IS NULL AND access IS NULL,
    latest_end IS NOT NULL AND lifetime IS NOT NULL AND coalesce(access IN ('read', 'write', 'manage'), 0))
);

CREATE INDEX sessions_by_parent ON sessions (parent_id) WHERE parent_id IS NOT NULL;
CREATE INDEX sessions_of_programs ON sessions (user_id, created_at) WHERE access IS NOT NULL;

-- Whatever ends a session ends its children, and the foreign key theirs.
CREATE TRIGGER children_end_with_their_session AFTER UPDATE OF revoked_at ON sessions
  WHEN old.revoked_at IS NULL AND new.revoked_at IS NOT NULL
BEGIN
  DELETE FROM sessions WHERE parent_id = new.id;
END;

-- Which child a request came with: the beginning of its hash or id. Null if the token or the session itself was sent.
ALTER TABLE audit_events ADD COLUMN child TEXT;
