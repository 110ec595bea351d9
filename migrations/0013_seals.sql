-- Seals on the rows that grant authority: `ID.MAC`, the fingerprint of a key and a keyed hash over what the row grants. See
-- core/sealed-rows.ts. SQL cannot make them: the worker seals the rows of an older vault once, before it serves the first request.
ALTER TABLE users ADD COLUMN seal TEXT;
ALTER TABLE projects ADD COLUMN seal TEXT;
ALTER TABLE members ADD COLUMN seal TEXT;
ALTER TABLE secrets ADD COLUMN seal TEXT;
ALTER TABLE secret_versions ADD COLUMN seal TEXT;
ALTER TABLE service_tokens ADD COLUMN seal TEXT;
ALTER TABLE token_secrets ADD COLUMN seal TEXT;

-- Set once the rows are sealed: until then no verdict is written. Whether they are is in the text of the canary, which nobody can make
-- without the key.
ALTER TABLE instance ADD COLUMN sealed_at INTEGER;

-- The rows whose seal did not hold when a request relied on them. `locator` is a JSON list of what finds the row in its table.
CREATE TABLE broken_seals (
  kind TEXT NOT NULL,
  locator TEXT NOT NULL,
  -- What the log calls it.
  name TEXT NOT NULL,
  first_at INTEGER NOT NULL,
  last_at INTEGER NOT NULL,
  PRIMARY KEY (kind, locator)
) STRICT, WITHOUT ROWID;

CREATE INDEX broken_seals_by_time ON broken_seals (last_at);
