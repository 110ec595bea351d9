-- The Merkle tree over the log: see core/audit/tree.ts. Nothing of it is written by the transaction of an event; sealing adds the new events later.

-- One row, made when the log is first sealed.
CREATE TABLE log_tree (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  -- `keystore/` and 16 hexadecimal digits: the name of this log and of its key.
  origin TEXT NOT NULL,
  -- Ed25519: the 32 bytes of the public key, in base64.
  public_key TEXT NOT NULL,
  -- The private key, sealed under the keyring, and the fingerprint of the key that seals it.
  private_key TEXT NOT NULL,
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

-- What an archive file holds may go.
DROP TRIGGER audit_events_are_never_deleted;
CREATE TRIGGER audit_events_are_never_deleted BEFORE DELETE ON audit_events
  WHEN old.id > coalesce((SELECT archived FROM log_tree), 0)
BEGIN
  SELECT RAISE(ABORT, 'audit events are append-only');
END;
