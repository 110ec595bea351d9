-- What tells that a key needs care: when it was last read, and whether another one has the same value.

-- When the key was last read, to within a day. Kept by a trigger; null if it never was.
ALTER TABLE secrets ADD COLUMN last_used_at INTEGER;

-- A keyed hash of the current value, with the fingerprint of the key before it; null if the value was stored by an earlier version.
-- See core/crypto/keyring.ts.
ALTER TABLE secrets ADD COLUMN value_imprint TEXT;

UPDATE secrets SET last_used_at = used.at
  FROM (
    SELECT target, max(at) AS at FROM audit_events
    WHERE action = 'secret.read' AND outcome = 'allowed' AND target IS NOT NULL GROUP BY target
  ) AS used
  WHERE secrets.name = used.target AND secrets.deleted_at IS NULL AND used.at >= secrets.created_at;

CREATE INDEX secrets_by_value_age ON secrets (value_changed_at) WHERE deleted_at IS NULL;
CREATE INDEX secrets_by_last_use ON secrets (coalesce(last_used_at, created_at)) WHERE deleted_at IS NULL;
-- Finds equal values among those of one owner, of one project, and of all.
CREATE INDEX secrets_by_imprint ON secrets (value_imprint, owner_id, project_id) WHERE deleted_at IS NULL;

-- A read within a day of the last one that was noted costs one look into the index of names, and writes nothing.
CREATE TRIGGER uses_are_noted AFTER INSERT ON audit_events WHEN new.action = 'secret.read' AND new.outcome = 'allowed'
BEGIN
  UPDATE secrets SET last_used_at = new.at
    WHERE name = new.target AND deleted_at IS NULL AND new.at > coalesce(last_used_at, 0) + 86400000;
END;
