-- What was answered to requests with the header Idempotency-Key, so that a request that is sent again gets the same answer and is not
-- carried out again. A row is written in the transaction that carries out the request.

CREATE TABLE kept_answers (
  -- Whose request it was: the actor of its audit event, and the service token that it came with; 0 for a session.
  actor_id INTEGER NOT NULL,
  token_id INTEGER NOT NULL,
  -- The header of the client.
  key TEXT NOT NULL,
  -- Which request it was: an HMAC under a key that is derived from ENCRYPTION_KEY.
  fingerprint TEXT NOT NULL,
  at INTEGER NOT NULL,
  -- The rows that the answer was made of, as JSON. Never a value, a password or a token.
  result TEXT NOT NULL,
  PRIMARY KEY (actor_id, token_id, key)
) STRICT, WITHOUT ROWID;

-- The oldest go: of all, those that are over; of one actor, those beyond the number that is kept.
CREATE INDEX kept_answers_by_time ON kept_answers (at);
CREATE INDEX kept_answers_by_actor ON kept_answers (actor_id, token_id, at);
