-- Tells whether the keys, or who reaches which of them, have changed: a random text, which is another one after each change. A list of keys
-- that was made before is made anew only then. It is random and no number, so that it never says the same of two states, not even after
-- an older database was put back.
ALTER TABLE instance ADD COLUMN keys_state TEXT;
UPDATE instance SET keys_state = hex(randomblob(16));

CREATE TRIGGER added_keys_change_the_state AFTER INSERT ON secrets
BEGIN
  UPDATE instance SET keys_state = hex(randomblob(16));
END;

-- Of all that a list shows, and no more: when a key was last read is not in it.
CREATE TRIGGER changed_keys_change_the_state AFTER UPDATE OF id, name, description, owner_id, project_id, created_by, created_at,
  updated_at, current_version, revision, value_changed_at, expires_at, rotate_every_days, labels, deleted_at ON secrets
BEGIN
  UPDATE instance SET keys_state = hex(randomblob(16));
END;

CREATE TRIGGER deleted_keys_change_the_state AFTER DELETE ON secrets
BEGIN
  UPDATE instance SET keys_state = hex(randomblob(16));
END;

-- A list has the names of owners, and is as long as the role of its reader makes it.
CREATE TRIGGER changed_users_change_the_state AFTER UPDATE OF id, name, role ON users
BEGIN
  UPDATE instance SET keys_state = hex(randomblob(16));
END;

CREATE TRIGGER deleted_users_change_the_state AFTER DELETE ON users
BEGIN
  UPDATE instance SET keys_state = hex(randomblob(16));
END;

CREATE TRIGGER added_members_change_the_state AFTER INSERT ON members
BEGIN
  UPDATE instance SET keys_state = hex(randomblob(16));
END;

CREATE TRIGGER changed_members_change_the_state AFTER UPDATE OF project_id, user_id, role ON members
BEGIN
  UPDATE instance SET keys_state = hex(randomblob(16));
END;

CREATE TRIGGER deleted_members_change_the_state AFTER DELETE ON members
BEGIN
  UPDATE instance SET keys_state = hex(randomblob(16));
END;

CREATE TRIGGER changed_tokens_change_the_state AFTER UPDATE OF id, user_id, project_id, access ON service_tokens
BEGIN
  UPDATE instance SET keys_state = hex(randomblob(16));
END;

CREATE TRIGGER added_scopes_change_the_state AFTER INSERT ON token_scopes
BEGIN
  UPDATE instance SET keys_state = hex(randomblob(16));
END;

CREATE TRIGGER changed_scopes_change_the_state AFTER UPDATE ON token_scopes
BEGIN
  UPDATE instance SET keys_state = hex(randomblob(16));
END;

CREATE TRIGGER deleted_scopes_change_the_state AFTER DELETE ON token_scopes
BEGIN
  UPDATE instance SET keys_state = hex(randomblob(16));
END;
