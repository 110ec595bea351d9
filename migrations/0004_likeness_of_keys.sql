-- The name of a key as the eye reads it: a new key may not look like an existing one. Null until the worker has filled it in,
-- since SQL cannot fold Unicode. Not unique: keys of earlier versions that look alike stay as they are.
ALTER TABLE secrets ADD COLUMN likeness TEXT;

CREATE INDEX secrets_by_likeness ON secrets (likeness);
