-- What people ask the log for: more to search by, how each value was read, and who has read what.

-- How a value was asked for: `reveal` and `copy` as the vault's own page says, `bulk` with others in one request, else `api`. Only on
-- reads, and null on those of before.
ALTER TABLE audit_events ADD COLUMN via TEXT;

-- The key that an event is about, whatever its name is by now. Null for a new one, and on the events of before.
ALTER TABLE audit_events ADD COLUMN secret_id INTEGER;

-- Who has read each key, or stored a value of it (`via` is `stored` then), as far as the blocks of the log are complete: what the newest
-- one has is read from the log. It outlives the key, the account, and events that are moved to an archive.
CREATE TABLE key_readers (
  secret_id INTEGER NOT NULL,
  -- As in the event; 0 for null. Of a token of a project it is negative.
  actor_id INTEGER NOT NULL,
  actor_name TEXT NOT NULL,
  token_id INTEGER NOT NULL,
  -- The empty text for reads of before.
  via TEXT NOT NULL,
  token TEXT,
  -- The name that the key had.
  name TEXT NOT NULL,
  first_at INTEGER NOT NULL,
  last_at INTEGER NOT NULL,
  times INTEGER NOT NULL,
  PRIMARY KEY (secret_id, actor_id, actor_name, token_id, via)
) STRICT, WITHOUT ROWID;

CREATE INDEX key_readers_by_actor ON key_readers (actor_id, secret_id);
CREATE INDEX key_readers_by_name ON key_readers (actor_name, actor_id);

INSERT INTO key_readers (secret_id, actor_id, actor_name, token_id, via, token, name, first_at, last_at, times)
  SELECT secrets.id, coalesce(actor_id, 0), coalesce(actor_name, ''), coalesce(token_id, 0), iif(action = 'secret.read', '', 'stored'),
    max(token), target, min(at), max(at), count(*)
  FROM audit_events JOIN secrets ON secrets.name = target AND secrets.deleted_at IS NULL AND secrets.created_at <= at
  WHERE audit_events.id < (SELECT max(block) FROM log_blocks) * 1000
    AND action IN ('secret.read', 'secret.create', 'secret.update') AND outcome = 'allowed'
  GROUP BY 1, 2, 3, 4, 5;

-- Whoever makes a token of a project has seen its secret.
CREATE INDEX service_tokens_by_creator ON service_tokens (created_by);

-- What was ticked off of what somebody has read. Partial: other events pay nothing.
CREATE INDEX exposure_marks ON audit_events (secret_id, id) WHERE action = 'event.mark';

-- The blocks of the log also tell their oldest time, the tokens as `#ID NAME`, and the projects whose tokens were used.
ALTER TABLE log_blocks ADD COLUMN oldest_at INTEGER;
ALTER TABLE log_blocks ADD COLUMN tokens TEXT;
ALTER TABLE log_blocks ADD COLUMN projects TEXT;

UPDATE log_blocks SET (oldest_at, tokens, projects) = (
  SELECT oldest_at, iif(length(tokens) > 16000, NULL, tokens), iif(length(projects) > 16000, NULL, projects)
  FROM (
    SELECT min(at) AS oldest_at,
      coalesce(group_concat(DISTINCT '#' || token_id || ' ' || lower(token)), '') AS tokens,
      coalesce(group_concat(DISTINCT lower(project)), '') AS projects
    FROM audit_events WHERE id >= log_blocks.block * 1000 AND id < log_blocks.block * 1000 + 1000
  )
) WHERE newest_at IS NOT NULL;

-- A span of time begins and ends at a block.
CREATE INDEX log_blocks_by_newest ON log_blocks (newest_at);
CREATE INDEX log_blocks_by_oldest ON log_blocks (oldest_at);

DROP TRIGGER audit_events_are_counted;
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
    ON CONFLICT DO UPDATE SET newest_at = NULL, oldest_at = NULL, kinds = NULL, actors = NULL, addresses = NULL, targets = NULL,
      tokens = NULL, projects = NULL
    WHERE newest_at IS NOT NULL;
END;

-- When a block begins, the one before it is complete.
DROP TRIGGER log_blocks_are_summarised;
CREATE TRIGGER log_blocks_are_summarised AFTER INSERT ON log_blocks
BEGIN
  UPDATE log_blocks SET (newest_at, oldest_at, kinds, actors, addresses, targets, tokens, projects) = (
    SELECT newest_at, oldest_at, kinds, iif(length(actors) > 16000, NULL, actors), iif(length(addresses) > 16000, NULL, addresses),
      iif(length(targets) > 16000, NULL, targets), iif(length(tokens) > 16000, NULL, tokens), iif(length(projects) > 16000, NULL, projects)
    FROM (
      SELECT max(at) AS newest_at, min(at) AS oldest_at,
        group_concat(DISTINCT action || iif(outcome = 'allowed', ':1', ':0')) AS kinds,
        coalesce(group_concat(DISTINCT lower(actor_name)), '') AS actors,
        group_concat(DISTINCT lower(address)) AS addresses,
        coalesce(group_concat(DISTINCT lower(target)), '') AS targets,
        coalesce(group_concat(DISTINCT '#' || token_id || ' ' || lower(token)), '') AS tokens,
        coalesce(group_concat(DISTINCT lower(project)), '') AS projects
      FROM audit_events WHERE id >= log_blocks.block * 1000 AND id < log_blocks.block * 1000 + 1000
    )
  ) WHERE block = (SELECT max(block) FROM log_blocks WHERE block < new.block) AND newest_at IS NULL;
  INSERT INTO key_readers (secret_id, actor_id, actor_name, token_id, via, token, name, first_at, last_at, times)
    SELECT secret, coalesce(actor_id, 0), coalesce(actor_name, ''), coalesce(token_id, 0), way, max(token), max(target), min(at), max(at), count(*)
    FROM (
      SELECT *, iif(action = 'secret.read', coalesce(via, ''), 'stored') AS way,
        coalesce(secret_id, (SELECT id FROM secrets WHERE name = target AND deleted_at IS NULL AND created_at <= at)) AS secret
      FROM audit_events
      WHERE id >= (SELECT max(block) FROM log_blocks WHERE block < new.block) * 1000
        AND id < (SELECT max(block) FROM log_blocks WHERE block < new.block) * 1000 + 1000
        AND action IN ('secret.read', 'secret.create', 'secret.update') AND outcome = 'allowed'
    )
    -- Only the newest block completes another one.
    WHERE secret IS NOT NULL AND NOT EXISTS (SELECT 1 FROM log_blocks WHERE block > new.block)
    GROUP BY secret, 2, 3, 4, way
    ON CONFLICT DO UPDATE SET first_at = min(first_at, excluded.first_at), last_at = max(last_at, excluded.last_at),
      times = times + excluded.times, token = excluded.token, name = excluded.name;
END;
