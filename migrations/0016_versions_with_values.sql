-- The values of each key that are not erased. A new value asks which of them are too many: without this index, it would look at all that
-- were erased before.
CREATE INDEX secret_versions_with_value ON secret_versions (secret_id, number) WHERE token IS NOT NULL;
