-- A log that stays quick however long it gets, and what each account has stored.

-- How many requests a row stands for; null means one. Requests over a limit are counted in one row, not logged one by one.
ALTER TABLE audit_events ADD COLUMN requests INTEGER;

-- The events of each hour, counted as they happen: for each account, and for all of them as account 0. `hour` is its start.
CREATE TABLE activity (
  actor_id INTEGER NOT NULL,
  hour INTEGER NOT NULL,
  allowed INTEGER NOT NULL,
  refused INTEGER NOT NULL,
  PRIMARY KEY (actor_id, hour)
) STRICT, WITHOUT ROWID;

INSERT INTO activity (actor_id, hour, allowed, refused)
  SELECT 0, at - at % 3600000, sum(outcome = 'allowed'), sum(outcome <> 'allowed') FROM audit_events GROUP BY 2;

INSERT INTO activity (actor_id, hour, allowed, refused)
  SELECT actor_id, at - at % 3600000, sum(outcome = 'allowed'), sum(outcome <> 'allowed')
  FROM audit_events WHERE actor_id IS NOT NULL GROUP BY 1, 2;

-- Which texts occur in each 1,000 rows of the log (id / 1000), in lower case: a search skips the blocks that cannot match.
-- Null means unknown, so that the block must be read: the newest one, which grows, and one with too much text.
CREATE TABLE log_blocks (
  block INTEGER PRIMARY KEY,
  newest_at INTEGER,
  kinds TEXT,
  actors TEXT,
  addresses TEXT,
  targets TEXT
) STRICT;

INSERT INTO log_blocks (block)
  WITH RECURSIVE known (block) AS (
    SELECT min(id) / 1000 FROM audit_events
    UNION ALL
    SELECT (SELECT min(id) / 1000 FROM audit_events WHERE id >= (known.block + 1) * 1000) FROM known WHERE known.block IS NOT NULL
  )
  SELECT block FROM known WHERE block IS NOT NULL;

UPDATE log_blocks SET (newest_at, kinds, actors, addresses, targets) = (
  SELECT newest_at, kinds, iif(length(actors) > 16000, NULL, actors), iif(length(addresses) > 16000, NULL, addresses),
    iif(length(targets) > 16000, NULL, targets)
  FROM (
    SELECT max(at) AS newest_at,
      group_concat(DISTINCT action || iif(outcome = 'allowed', ':1', ':0')) AS kinds,
      coalesce(group_concat(DISTINCT lower(actor_name)), '') AS actors,
      group_concat(DISTINCT lower(address)) AS addresses,
      coalesce(group_concat(DISTINCT lower(target)), '') AS targets
    FROM audit_events WHERE id >= log_blocks.block * 1000 AND id < log_blocks.block * 1000 + 1000
  )
) WHERE block < (SELECT max(block) FROM log_blocks);

CREATE TRIGGER audit_events_are_counted AFTER INSERT ON audit_events
BEGIN
  INSERT INTO activity (actor_id, hour, allowed, refused)
    SELECT 0, new.at - new.at % 3600000,
      iif(new.outcome = 'allowed', coalesce(new.requests, 1), 0), iif(new.outcome = 'allowed', 0, coalesce(new.requests, 1))
    WHERE true
    ON CONFLICT DO UPDATE SET allowed = allowed + excluded.allowed, refused = refused + excluded.refused;
  INSERT INTO activity (actor_id, hour, allowed, refused)
    SELECT new.actor_id, new.at - new.at % 3600000,
      iif(new.outcome = 'allowed', coalesce(new.requests, 1), 0), iif(new.outcome = 'allowed', 0, coalesce(new.requests, 1))
    WHERE new.actor_id IS NOT NULL
    ON CONFLICT DO UPDATE SET allowed = allowed + excluded.allowed, refused = refused + excluded.refused;
  -- A row that comes late, by hand or from another vault, makes what is known of its block incomplete.
  INSERT INTO log_blocks (block) VALUES (new.id / 1000)
    ON CONFLICT DO UPDATE SET newest_at = NULL, kinds = NULL, actors = NULL, addresses = NULL, targets = NULL
    WHERE newest_at IS NOT NULL;
END;

-- When a block begins, the one before it is complete.
CREATE TRIGGER log_blocks_are_summarised AFTER INSERT ON log_blocks
BEGIN
  UPDATE log_blocks SET (newest_at, kinds, actors, addresses, targets) = (
    SELECT newest_at, kinds, iif(length(actors) > 16000, NULL, actors), iif(length(addresses) > 16000, NULL, addresses),
      iif(length(targets) > 16000, NULL, targets)
    FROM (
      SELECT max(at) AS newest_at,
        group_concat(DISTINCT action || iif(outcome = 'allowed', ':1', ':0')) AS kinds,
        coalesce(group_concat(DISTINCT lower(actor_name)), '') AS actors,
        group_concat(DISTINCT lower(address)) AS addresses,
        coalesce(group_concat(DISTINCT lower(target)), '') AS targets
      FROM audit_events WHERE id >= log_blocks.block * 1000 AND id < log_blocks.block * 1000 + 1000
    )
  ) WHERE block = (SELECT max(block) FROM log_blocks WHERE block < new.block) AND newest_at IS NULL;
END;

-- Only the chart used it.
DROP INDEX audit_events_by_time;

-- Refused because another account holds the name: counted, since each one tells that a name is in use. Partial: other events
-- pay nothing.
CREATE INDEX foreign_conflicts_by_actor ON audit_events (actor_id, at) WHERE reason = 'name_held';

-- What each account has stored: keys, and the bytes of all their sealed versions.
CREATE TABLE usage (
  owner_id INTEGER PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
  secrets INTEGER NOT NULL,
  bytes INTEGER NOT NULL
) STRICT;

INSERT INTO usage (owner_id, secrets, bytes)
  SELECT secrets.owner_id, count(DISTINCT secrets.id), coalesce(sum(length(secret_versions.token)), 0)
  FROM secrets LEFT JOIN secret_versions ON secret_versions.secret_id = secrets.id GROUP BY 1;

CREATE TRIGGER secrets_are_counted AFTER INSERT ON secrets
BEGIN
  INSERT INTO usage (owner_id, secrets, bytes) VALUES (new.owner_id, 1, 0)
    ON CONFLICT DO UPDATE SET secrets = secrets + 1;
END;

-- Before: the versions are still there.
CREATE TRIGGER deleted_secrets_are_counted BEFORE DELETE ON secrets
BEGIN
  UPDATE usage SET secrets = secrets - 1,
    bytes = bytes - (SELECT coalesce(sum(length(token)), 0) FROM secret_versions WHERE secret_id = old.id)
    WHERE owner_id = old.owner_id;
END;

CREATE TRIGGER versions_are_counted AFTER INSERT ON secret_versions
BEGIN
  UPDATE usage SET bytes = bytes + length(new.token)
    WHERE owner_id = (SELECT owner_id FROM secrets WHERE id = new.secret_id);
END;

-- A version that goes with its secret finds no secret any more: the trigger above has subtracted it.
CREATE TRIGGER deleted_versions_are_counted AFTER DELETE ON secret_versions
BEGIN
  UPDATE usage SET bytes = bytes - length(old.token)
    WHERE owner_id = (SELECT owner_id FROM secrets WHERE id = old.secret_id);
END;
