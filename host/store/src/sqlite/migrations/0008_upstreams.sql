-- What was set, told, learnt and queued is kept apart for each upstream: nothing that was played with is in
-- force for real money.

-- What was set at run time has no upstream written beside it. It stays with the simulator. For live it is
-- `undecided` until the first start with live, which has the settings to judge it by.
ALTER TABLE limit_changes RENAME TO old;
CREATE TABLE limit_changes (
    upstream TEXT NOT NULL,
    name     TEXT NOT NULL,
    value    TEXT NOT NULL,
    who      TEXT NOT NULL,
    at       INTEGER NOT NULL,
    PRIMARY KEY (upstream, name)
) STRICT, WITHOUT ROWID;
INSERT INTO limit_changes SELECT column1, old.* FROM old, (VALUES ('simulated'), ('undecided'));
DROP TABLE old;

ALTER TABLE price_rows RENAME TO old;
CREATE TABLE price_rows (
    upstream TEXT NOT NULL,
    id       TEXT NOT NULL,
    body     TEXT NOT NULL,           -- JSON
    who      TEXT NOT NULL,
    at       INTEGER NOT NULL,
    PRIMARY KEY (upstream, id)
) STRICT, WITHOUT ROWID;
INSERT INTO price_rows SELECT column1, old.* FROM old, (VALUES ('simulated'), ('undecided'));
DROP TABLE old;

-- A limit of one agent or API key can only make things stricter.
ALTER TABLE scope_limits RENAME TO old;
CREATE TABLE scope_limits (
    upstream TEXT NOT NULL,
    scope    TEXT NOT NULL,
    window   TEXT NOT NULL,            -- hour, day or month
    amount   INTEGER NOT NULL CHECK (amount >= 0),
    who      TEXT NOT NULL,
    at       INTEGER NOT NULL,
    PRIMARY KEY (upstream, scope, window)
) STRICT, WITHOUT ROWID;
INSERT INTO scope_limits SELECT column1, old.* FROM old, (VALUES ('simulated'), ('live'));
DROP TABLE old;

-- What stops something stops it for both, as it did.
ALTER TABLE queue_pause RENAME TO old;
CREATE TABLE queue_pause (
    upstream TEXT PRIMARY KEY,
    reason   TEXT NOT NULL,
    who      TEXT NOT NULL,
    since    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO queue_pause SELECT column1, reason, who, since FROM old, (VALUES ('simulated'), ('live'));
DROP TABLE old;

ALTER TABLE agents_off RENAME TO old;
CREATE TABLE agents_off (
    upstream TEXT NOT NULL,
    name     TEXT NOT NULL,
    who      TEXT NOT NULL,
    at       INTEGER NOT NULL,
    PRIMARY KEY (upstream, name)
) STRICT, WITHOUT ROWID;
INSERT INTO agents_off SELECT column1, old.* FROM old, (VALUES ('simulated'), ('live'));
DROP TABLE old;

INSERT OR IGNORE INTO brake SELECT kind, column1, reason, since, until, who
    FROM brake, (VALUES ('simulated'), ('live')) WHERE upstream = '';
DELETE FROM brake WHERE upstream = '';

-- An alert's key is its upstream's own.
UPDATE alerts SET key = key || upstream WHERE state <> 'resolved' AND kind = 'brake' AND key LIKE 'brake:%:';
DROP INDEX alerts_open;
CREATE UNIQUE INDEX alerts_open ON alerts (upstream, key) WHERE state <> 'resolved';
DROP INDEX alerts_resolved;
CREATE INDEX alerts_resolved ON alerts (upstream, resolved_at) WHERE resolved_at IS NOT NULL;
-- What is still to be sent waits for a host of its alert's upstream.
ALTER TABLE deliveries ADD COLUMN upstream TEXT;
UPDATE deliveries SET upstream = (SELECT upstream FROM alerts WHERE alerts.id = alert);
DROP INDEX deliveries_due;
CREATE INDEX deliveries_due ON deliveries (webhook, upstream, next_at) WHERE state = 'pending';
-- Which upstream a person's change was made for; none of those before.
ALTER TABLE audit ADD COLUMN upstream TEXT;

-- The queue: keys, places, times.
DROP INDEX jobs_by_key;
CREATE UNIQUE INDEX jobs_by_key ON jobs (upstream, idempotency_key) WHERE idempotency_key IS NOT NULL;
DROP INDEX jobs_oldest;
CREATE INDEX jobs_oldest ON jobs (upstream, ready_at) WHERE state = 'queued';
DROP INDEX jobs_due;
CREATE INDEX jobs_due ON jobs (upstream, due_at) WHERE due_at IS NOT NULL;
DROP INDEX jobs_leased;
CREATE INDEX jobs_leased ON jobs (upstream, lease_until) WHERE state = 'running';
DROP INDEX jobs_parked;
CREATE INDEX jobs_parked ON jobs (upstream, wait_reason, agent) WHERE state = 'parked';
DROP INDEX jobs_finished;
CREATE INDEX jobs_finished ON jobs (upstream, finished_at) WHERE finished_at IS NOT NULL;
DROP INDEX jobs_by_schedule;
CREATE INDEX jobs_by_schedule ON jobs (upstream, schedule, seq) WHERE schedule IS NOT NULL;

DROP TRIGGER jobs_count_new;
DROP TRIGGER jobs_count_move;
DROP TRIGGER jobs_count_gone;
DROP TABLE job_counts;
CREATE TABLE job_counts (
    upstream TEXT NOT NULL,
    state    TEXT NOT NULL,
    jobs     INTEGER NOT NULL,
    PRIMARY KEY (upstream, state)
) STRICT, WITHOUT ROWID;
INSERT INTO job_counts SELECT one.column1, state.column1,
        (SELECT count(*) FROM jobs WHERE jobs.upstream = one.column1 AND jobs.state = state.column1)
    FROM (VALUES ('live'), ('simulated')) AS one,
        (VALUES ('scheduled'), ('queued'), ('running'), ('parked'), ('succeeded'), ('failed'), ('cancelled'))
        AS state;
CREATE TRIGGER jobs_count_new AFTER INSERT ON jobs BEGIN
    UPDATE job_counts SET jobs = jobs + 1 WHERE upstream = NEW.upstream AND state = NEW.state;
END;
CREATE TRIGGER jobs_count_move AFTER UPDATE OF state ON jobs WHEN OLD.state <> NEW.state BEGIN
    UPDATE job_counts SET jobs = jobs - 1 WHERE upstream = OLD.upstream AND state = OLD.state;
    UPDATE job_counts SET jobs = jobs + 1 WHERE upstream = NEW.upstream AND state = NEW.state;
END;
CREATE TRIGGER jobs_count_gone AFTER DELETE ON jobs BEGIN
    UPDATE job_counts SET jobs = jobs - 1 WHERE upstream = OLD.upstream AND state = OLD.state;
END;

-- A schedule's name is its upstream's own.
ALTER TABLE schedules RENAME TO old;
CREATE TABLE schedules (
    upstream   TEXT NOT NULL,
    name       TEXT NOT NULL,
    id         BLOB NOT NULL CHECK (length(id) = 16),
    cron       TEXT NOT NULL,
    time_zone  TEXT NOT NULL,
    missed     TEXT NOT NULL,
    job        TEXT NOT NULL,          -- JSON: what its jobs are made of
    enabled    INTEGER NOT NULL,
    next_at    INTEGER,                -- moved in the transaction that takes in the job of this time
    blocked    TEXT,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (upstream, name)
) STRICT, WITHOUT ROWID;
INSERT INTO schedules SELECT upstream, name, id, cron, time_zone, missed, job, enabled, next_at, blocked,
    created_at FROM old;
DROP TABLE old;
CREATE INDEX schedules_due ON schedules (upstream, next_at) WHERE enabled = 1 AND next_at IS NOT NULL;

-- Time: the simulator's is the latest of all, since it can be driven; live's floor is its ledger's own last
-- entry.
INSERT INTO meta SELECT 'ledger_time:simulated', max(
    coalesce((SELECT value FROM meta WHERE key = 'ledger_time'), 0),
    coalesce((SELECT at FROM events ORDER BY seq DESC LIMIT 1), 0));
INSERT INTO meta SELECT 'ledger_time:live', max(
    coalesce((SELECT max(max(held_at, coalesce(settled_at, 0))) FROM calls WHERE upstream = 'live'), 0),
    coalesce((SELECT max(at) FROM corrections WHERE upstream = 'live'), 0));
DELETE FROM meta WHERE key = 'ledger_time';
INSERT INTO meta SELECT 'last_limits:' || column1, value FROM meta, (VALUES ('simulated'), ('live'))
    WHERE key = 'last_limits';
DELETE FROM meta WHERE key = 'last_limits';
UPDATE meta SET key = 'note.live.' || substr(key, 6) WHERE key LIKE 'note.%.live';
UPDATE meta SET key = 'note.simulated.' || substr(key, 6) WHERE key LIKE 'note.%.simulated';
