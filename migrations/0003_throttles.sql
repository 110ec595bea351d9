-- Throttles on passwords have a table of their own: delays that grow, for strangers, known browsers and known addresses apart.

-- Failed passwords are no longer counted in the log, but an address from which many accounts fail is looked for there.
DROP INDEX failed_passwords_by_account;
DROP INDEX failed_passwords_by_address;
CREATE INDEX failed_passwords_by_time ON audit_events (at)
  WHERE reason IN ('wrong_password', 'inactive_account', 'unknown_name');

-- Counts the passwords that the account has had. Browsers and addresses are known by the password that they signed in with.
ALTER TABLE users ADD COLUMN password_number INTEGER NOT NULL DEFAULT 0;

-- Whether the password is one of the well-known ones of a new vault. A sign-in, which sees the password, corrects it.
ALTER TABLE users ADD COLUMN has_default_password INTEGER NOT NULL DEFAULT 0 CHECK (has_default_password IN (0, 1));
UPDATE users SET has_default_password = 1 WHERE must_change_password = 1 AND name IN ('admin', 'user');

-- Addresses, or IPv6 /64 networks, from which an account has signed in. Browsers prove themselves by a cookie and need no row.
CREATE TABLE known_addresses (
  user_id INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  network TEXT NOT NULL,
  -- The password that was right: after a new one, the address is unknown again.
  password_number INTEGER NOT NULL,
  seen_at INTEGER NOT NULL,
  -- Failed passwords from here before this moment are forgiven.
  forgiven_at INTEGER NOT NULL,
  PRIMARY KEY (user_id, network)
) STRICT, WITHOUT ROWID;
INSERT INTO known_addresses (user_id, network, password_number, seen_at, forgiven_at)
  SELECT user_id, address, 0, max(created_at), 0 FROM sessions
  WHERE address = '::1' OR instr(address, ':') = 0
  GROUP BY user_id, address;

-- One row for each subject whose attempts are counted: an account and strangers, an account and an address, a browser, a
-- session, an address. Rows are deleted once everything that they count is forgotten.
CREATE TABLE throttles (
  subject TEXT PRIMARY KEY,
  -- Everything is forgotten by then; each attempt moves it on.
  clear_at INTEGER NOT NULL,
  -- No attempt is accepted before.
  retry_at INTEGER NOT NULL,
  counted_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX throttles_by_end ON throttles (clear_at);
