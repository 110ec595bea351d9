-- What clients of the Vault API need beside keys: what they say of a path that is no key, and keys in the trash by their names.

-- Of a folder, or of a key whose value is yet to come: clients write the one before the other. A key has its own description and labels.
CREATE TABLE path_entries (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  name TEXT NOT NULL,
  -- Like a key it belongs to a person, or to the project that its name begins with.
  owner_id INTEGER REFERENCES users (id) ON DELETE CASCADE,
  project_id INTEGER REFERENCES projects (id) ON DELETE CASCADE,
  description TEXT NOT NULL DEFAULT '',
  -- A JSON object of texts by their names; null for none.
  labels TEXT,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  CHECK ((owner_id IS NULL) <> (project_id IS NULL))
) STRICT;

CREATE UNIQUE INDEX path_entries_by_owner ON path_entries (owner_id, name) WHERE owner_id IS NOT NULL;
CREATE UNIQUE INDEX path_entries_by_project ON path_entries (project_id, name) WHERE project_id IS NOT NULL;

-- A key in the trash has no name of its own: several may have had the same one.
CREATE INDEX trashed_secrets_by_name ON secrets (name, deleted_at) WHERE deleted_at IS NOT NULL;
