-- Which events have left the log, and why: what says so is found at once. Partial: other events pay nothing.
CREATE INDEX log_removals ON audit_events (id) WHERE action IN ('log.archive', 'log.expire');
