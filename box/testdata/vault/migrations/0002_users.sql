CREATE TABLE users (name TEXT NOT NULL);
CREATE TABLE audit_events (at INTEGER, actor_id INTEGER, actor_name TEXT, target TEXT, reason TEXT, address TEXT);
