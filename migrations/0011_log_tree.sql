-- The Merkle tree over the log: see core/audit/tree.ts. Nothing of it is written by the transaction of an event; sealing adds the new events later.

-- One row, made when the log is first sealed.
CREATE TABLE log_tree (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  -- `keystore/` and 16 hexadecimal digits: the name of this log and of its key.
  origin TEXT NOT NULL,
  -- Ed25519: the 32 bytes of the public key, in base64.
  public_key TEXT NOT NULL,
  -- The private key (32 bytes, in base64), sealed under the keyring and bound to origin and public key, and the fingerprint of the key that
  -- seals it.
  private_key TEXT NOT NULL,
  binding TEXT NOT NULL,
  key_id TEXT NOT NULL,
  -- How many events are sealed: those with the ids 1 to `size`.
  size INTEGER NOT NULL,
  -- The newest checkpoint, a signed note, and when it was made.
  checkpoint TEXT NOT NULL,
  sealed_at INTEGER NOT NULL,
  -- The events with the ids 1 to `archived` have been moved to archive files. Their hashes stay in the tiles.
  archived INTEGER NOT NULL DEFAULT 0,
  CHECK (archived BETWEEN 0 AND size)
) STRICT;

-- The stored hashes, up to 256 of 32 bytes each, in base64: those of the leaves at level 0, and at each level above one hash for each full tile.
CREATE TABLE log_tiles (
  level INTEGER NOT NULL,
  number INTEGER NOT NULL,
  hashes TEXT NOT NULL,
  PRIMARY KEY (level, number)
) STRICT, WITHOUT ROWID;

-- What an archive file holds may go. The newest event stays in any case, since the next one gets the number after it.
DROP TRIGGER audit_events_are_never_deleted;
CREATE TRIGGER audit_events_are_never_deleted BEFORE DELETE ON audit_events
  WHEN old.id > coalesce((SELECT archived FROM log_tree), 0) OR old.id = (SELECT max(id) FROM audit_events)
BEGIN
  SELECT RAISE(ABORT, 'audit events are append-only');
END;

-- A log that moved in from v0.6 may have gaps in its numbers, or begin elsewhere than at 1. Then it is numbered anew, in its order, and the
-- blocks for searching are made anew. In two steps, so that no number is taken twice on the way. A log without gaps stays as it is.
DELETE FROM log_blocks WHERE (SELECT min(id) <> 1 OR max(id) <> count(*) FROM audit_events);

DROP TRIGGER audit_events_are_never_changed;

UPDATE audit_events SET id = -4611686018427387904 - numbered.number
  FROM (
    SELECT id AS old, row_number() OVER (ORDER BY id) AS number FROM audit_events WHERE NOT EXISTS (SELECT 1 FROM log_blocks)
  ) AS numbered
  WHERE audit_events.id = numbered.old;

UPDATE audit_events SET id = -4611686018427387904 - id WHERE id < -4611686018427387904 AND NOT EXISTS (SELECT 1 FROM log_blocks);

CREATE TRIGGER audit_events_are_never_changed BEFORE UPDATE ON audit_events
BEGIN
  SELECT RAISE(ABORT, 'audit events are append-only');
END;

-- Each one summarises the one before it.
INSERT INTO log_blocks (block)
  SELECT DISTINCT id / 1000 FROM audit_events WHERE NOT EXISTS (SELECT 1 FROM log_blocks) ORDER BY 1;
