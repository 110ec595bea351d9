-- Projects with members; versions that can be erased; a trash; expiry, rotation and labels. `secrets` and `secret_versions` are
-- made anew, since SQLite cannot drop a UNIQUE or a NOT NULL. The versions go first: dropping `secrets` would delete them.

-- A key whose name begins with the name of a project and `/` belongs to the project.
CREATE TABLE projects (
  -- Never used again: a new project of an old name inherits nothing.
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  name TEXT NOT NULL UNIQUE,
  -- The name as the eye reads it: two projects may not look alike.
  likeness TEXT NOT NULL UNIQUE,
  -- The likeness that the name has at the beginning of a key's name: a key of nobody may look as if it were in the project.
  key_likeness TEXT NOT NULL UNIQUE,
  description TEXT NOT NULL DEFAULT '',
  -- Who made it, for the bound on projects of one account; it gives no right.
  creator_id INTEGER REFERENCES users (id) ON DELETE SET NULL,
  created_by TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  -- Kept by triggers: keys in use, keys in the trash, and the bytes of all their sealed versions.
  secrets INTEGER NOT NULL DEFAULT 0,
  trashed INTEGER NOT NULL DEFAULT 0,
  bytes INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE INDEX projects_by_creator ON projects (creator_id);

CREATE TABLE members (
  project_id INTEGER NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
  user_id INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  role TEXT NOT NULL CHECK (role IN ('viewer', 'editor', 'manager')),
  added_at INTEGER NOT NULL,
  added_by TEXT NOT NULL,
  PRIMARY KEY (project_id, user_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX members_by_user ON members (user_id, project_id, role);

CREATE TABLE new_secrets (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  name TEXT NOT NULL,
  description TEXT NOT NULL DEFAULT '',
  -- Of a personal key. A key in the trash whose owner is deleted has none.
  owner_id INTEGER REFERENCES users (id) ON DELETE SET NULL,
  -- Of a project's key. Such a key has no owner.
  project_id INTEGER REFERENCES projects (id),
  -- The creator's name at the time: it outlives a change of owner.
  created_by TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  current_version INTEGER NOT NULL,
  likeness TEXT,
  -- Counts the changes of the key, of whatever kind.
  revision INTEGER NOT NULL DEFAULT 1,
  -- When the current version was appended: rotation is due so many days later.
  value_changed_at INTEGER NOT NULL DEFAULT 0,
  expires_at INTEGER,
  rotate_every_days INTEGER CHECK (rotate_every_days BETWEEN 1 AND 3650),
  -- A JSON object of texts by their names; null for none.
  labels TEXT,
  -- In the trash since then. The name is free; the owner or the project stays.
  deleted_at INTEGER,
  deleted_by TEXT,
  CHECK ((deleted_at IS NULL) = (deleted_by IS NULL)),
  CHECK (iif(deleted_at IS NULL, (owner_id IS NULL) <> (project_id IS NULL), owner_id IS NULL OR project_id IS NULL))
) STRICT;

INSERT INTO new_secrets (id, name, description, owner_id, created_by, created_at, updated_at, current_version, likeness, value_changed_at)
  SELECT id, name, description, owner_id, created_by, created_at, updated_at, current_version, likeness,
    coalesce((SELECT created_at FROM secret_versions WHERE secret_id = secrets.id AND number = current_version), updated_at)
  FROM secrets ORDER BY id;

-- Ids that were used go on counting as used.
INSERT INTO new_secrets (id, name, created_by, created_at, updated_at, current_version, deleted_at, deleted_by)
  SELECT seq, '', '', 0, 0, 0, 0, '' FROM sqlite_sequence WHERE name = 'secrets' AND seq > (SELECT coalesce(max(id), 0) FROM secrets);
DELETE FROM new_secrets WHERE deleted_at IS NOT NULL;

-- Append-only: a new value is a new row, and secrets.current_version points to the one that is served. An erased version keeps its
-- row without token, binding and key.
CREATE TABLE new_versions (
  secret_id INTEGER NOT NULL REFERENCES new_secrets (id) ON DELETE CASCADE,
  number INTEGER NOT NULL,
  token TEXT,
  binding TEXT,
  key_id TEXT,
  created_at INTEGER NOT NULL,
  created_by TEXT NOT NULL,
  destroyed_at INTEGER,
  PRIMARY KEY (secret_id, number),
  CHECK (iif(destroyed_at IS NULL, token IS NOT NULL AND binding IS NOT NULL AND key_id IS NOT NULL,
    token IS NULL AND binding IS NULL AND key_id IS NULL))
) STRICT;

INSERT INTO new_versions (secret_id, number, token, binding, key_id, created_at, created_by)
  SELECT secret_id, number, token, binding, key_id, created_at, created_by FROM secret_versions ORDER BY secret_id, number;

DROP TABLE secret_versions;
DROP TABLE secrets;
ALTER TABLE new_secrets RENAME TO secrets;
ALTER TABLE new_versions RENAME TO secret_versions;

CREATE INDEX secret_versions_by_key ON secret_versions (key_id);

-- Only keys in use have a name. A query that forgets to ask for those cannot use this index.
CREATE UNIQUE INDEX secrets_by_name ON secrets (name) WHERE deleted_at IS NULL;
CREATE INDEX secrets_by_likeness ON secrets (likeness);
-- In use (deleted_at is null) by name, or in the trash by time.
CREATE INDEX secrets_by_owner ON secrets (owner_id, deleted_at, name);
CREATE INDEX secrets_by_project ON secrets (project_id, deleted_at, name);
CREATE INDEX secrets_in_trash ON secrets (deleted_at) WHERE deleted_at IS NOT NULL;

-- When a key is due: it expires, or its value gets too old. 8640000000000000 is the last time that JavaScript knows.
CREATE INDEX secrets_by_due_time ON secrets (
  min(coalesce(expires_at, 8640000000000000), coalesce(value_changed_at + rotate_every_days * 86400000, 8640000000000000))
) WHERE deleted_at IS NULL AND (expires_at IS NOT NULL OR rotate_every_days IS NOT NULL);

-- The labels of each key as `name:value`, for finding keys by them. Kept by triggers.
CREATE TABLE secret_labels (
  secret_id INTEGER NOT NULL REFERENCES secrets (id) ON DELETE CASCADE,
  label TEXT NOT NULL,
  PRIMARY KEY (secret_id, label)
) STRICT, WITHOUT ROWID;

CREATE INDEX secret_labels_by_label ON secret_labels (label);

CREATE TRIGGER labels_are_indexed AFTER INSERT ON secrets WHEN new.labels IS NOT NULL
BEGIN
  INSERT OR IGNORE INTO secret_labels (secret_id, label) SELECT new.id, key || ':' || value FROM json_each(new.labels);
END;

CREATE TRIGGER changed_labels_are_indexed AFTER UPDATE OF labels ON secrets WHEN new.labels IS NOT old.labels
BEGIN
  DELETE FROM secret_labels WHERE secret_id = new.id;
  INSERT OR IGNORE INTO secret_labels (secret_id, label) SELECT new.id, key || ':' || value FROM json_each(new.labels);
END;

-- What each account has stored: its personal keys in use, those in the trash, and the bytes of all their sealed versions. What a
-- project has stored is in `projects`.
ALTER TABLE usage ADD COLUMN trashed INTEGER NOT NULL DEFAULT 0;

CREATE TRIGGER secrets_are_counted AFTER INSERT ON secrets
BEGIN
  INSERT INTO usage (owner_id, secrets, bytes, trashed)
    SELECT new.owner_id, new.deleted_at IS NULL, 0, new.deleted_at IS NOT NULL WHERE new.owner_id IS NOT NULL
    ON CONFLICT DO UPDATE SET secrets = secrets + excluded.secrets, trashed = trashed + excluded.trashed;
  UPDATE projects SET secrets = secrets + (new.deleted_at IS NULL), trashed = trashed + (new.deleted_at IS NOT NULL)
    WHERE id = new.project_id;
END;

-- Into the trash and back, to another owner, into a project and out of it.
CREATE TRIGGER moved_secrets_are_counted AFTER UPDATE OF owner_id, project_id, deleted_at ON secrets
  WHEN old.owner_id IS NOT new.owner_id OR old.project_id IS NOT new.project_id
    OR (old.deleted_at IS NULL) <> (new.deleted_at IS NULL)
BEGIN
  UPDATE usage SET secrets = secrets - (old.deleted_at IS NULL), trashed = trashed - (old.deleted_at IS NOT NULL),
    bytes = bytes - iif(old.owner_id IS new.owner_id, 0, (SELECT coalesce(sum(length(token)), 0) FROM secret_versions WHERE secret_id = old.id))
    WHERE owner_id = old.owner_id;
  INSERT INTO usage (owner_id, secrets, bytes, trashed)
    SELECT new.owner_id, new.deleted_at IS NULL,
      iif(old.owner_id IS new.owner_id, 0, (SELECT coalesce(sum(length(token)), 0) FROM secret_versions WHERE secret_id = new.id)),
      new.deleted_at IS NOT NULL
    WHERE new.owner_id IS NOT NULL
    ON CONFLICT DO UPDATE SET secrets = secrets + excluded.secrets, bytes = bytes + excluded.bytes, trashed = trashed + excluded.trashed;
  UPDATE projects SET secrets = secrets - (old.deleted_at IS NULL), trashed = trashed - (old.deleted_at IS NOT NULL),
    bytes = bytes - iif(old.project_id IS new.project_id, 0, (SELECT coalesce(sum(length(token)), 0) FROM secret_versions WHERE secret_id = old.id))
    WHERE id = old.project_id;
  UPDATE projects SET secrets = secrets + (new.deleted_at IS NULL), trashed = trashed + (new.deleted_at IS NOT NULL),
    bytes = bytes + iif(old.project_id IS new.project_id, 0, (SELECT coalesce(sum(length(token)), 0) FROM secret_versions WHERE secret_id = new.id))
    WHERE id = new.project_id;
END;

-- Before: the versions are still there.
CREATE TRIGGER deleted_secrets_are_counted BEFORE DELETE ON secrets
BEGIN
  UPDATE usage SET secrets = secrets - (old.deleted_at IS NULL), trashed = trashed - (old.deleted_at IS NOT NULL),
    bytes = bytes - (SELECT coalesce(sum(length(token)), 0) FROM secret_versions WHERE secret_id = old.id)
    WHERE owner_id = old.owner_id;
  UPDATE projects SET secrets = secrets - (old.deleted_at IS NULL), trashed = trashed - (old.deleted_at IS NOT NULL),
    bytes = bytes - (SELECT coalesce(sum(length(token)), 0) FROM secret_versions WHERE secret_id = old.id)
    WHERE id = old.project_id;
END;

CREATE TRIGGER versions_are_counted AFTER INSERT ON secret_versions
BEGIN
  UPDATE usage SET bytes = bytes + coalesce(length(new.token), 0)
    WHERE owner_id = (SELECT owner_id FROM secrets WHERE id = new.secret_id);
  UPDATE projects SET bytes = bytes + coalesce(length(new.token), 0)
    WHERE id = (SELECT project_id FROM secrets WHERE id = new.secret_id);
END;

CREATE TRIGGER changed_versions_are_counted AFTER UPDATE OF token ON secret_versions
BEGIN
  UPDATE usage SET bytes = bytes + coalesce(length(new.token), 0) - coalesce(length(old.token), 0)
    WHERE owner_id = (SELECT owner_id FROM secrets WHERE id = new.secret_id);
  UPDATE projects SET bytes = bytes + coalesce(length(new.token), 0) - coalesce(length(old.token), 0)
    WHERE id = (SELECT project_id FROM secrets WHERE id = new.secret_id);
END;

-- A version that goes with its secret finds no secret any more: the trigger above has subtracted it.
CREATE TRIGGER deleted_versions_are_counted AFTER DELETE ON secret_versions
BEGIN
  UPDATE usage SET bytes = bytes - coalesce(length(old.token), 0)
    WHERE owner_id = (SELECT owner_id FROM secrets WHERE id = old.secret_id);
  UPDATE projects SET bytes = bytes - coalesce(length(old.token), 0)
    WHERE id = (SELECT project_id FROM secrets WHERE id = old.secret_id);
END;
