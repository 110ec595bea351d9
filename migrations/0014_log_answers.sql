-- What people ask the log for: more to search by, how each value was read, and who has read what.

-- How a value was asked for: `reveal` and `copy` as the vault's own page says, `bulk` with others in one request, else `api`. Only on
-- reads, and null on those of before.
ALTER TABLE audit_events ADD COLUMN via TEXT;

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
END;
