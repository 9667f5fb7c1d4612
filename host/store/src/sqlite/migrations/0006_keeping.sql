-- Finding, acting on and keeping jobs.

-- What the search index has yet to take in: it follows these numbers in a file of its own. The newest row
-- stays, so that numbers only rise.
CREATE TABLE job_changes (
    change INTEGER PRIMARY KEY,
    job    INTEGER NOT NULL
) STRICT;
CREATE TRIGGER jobs_changed_new AFTER INSERT ON jobs BEGIN
    INSERT INTO job_changes (job) VALUES (NEW.seq);
END;
-- The index knows final states, and all others as one.
CREATE TRIGGER jobs_changed_state AFTER UPDATE OF state ON jobs
    WHEN (OLD.finished_at IS NULL) <> (NEW.finished_at IS NULL) BEGIN
    INSERT INTO job_changes (job) VALUES (NEW.seq);
END;
CREATE TRIGGER jobs_changed_words AFTER UPDATE OF agent, priority, tags ON jobs BEGIN
    INSERT INTO job_changes (job) VALUES (NEW.seq);
END;
CREATE TRIGGER jobs_changed_gone AFTER DELETE ON jobs BEGIN
    INSERT INTO job_changes (job) VALUES (OLD.seq);
END;
CREATE TRIGGER job_bodies_changed AFTER UPDATE OF payload ON job_bodies BEGIN
    INSERT INTO job_changes (job) VALUES (NEW.seq);
END;

-- Retention goes by when a job finished.
CREATE INDEX jobs_finished ON jobs (finished_at) WHERE finished_at IS NOT NULL;
CREATE INDEX alerts_resolved ON alerts (resolved_at) WHERE resolved_at IS NOT NULL;

-- Actions on all jobs that match a filter: from the newest that there was at the start, down.
CREATE TABLE job_actions (
    id         BLOB PRIMARY KEY CHECK (length(id) = 16),
    action     TEXT NOT NULL,
    priority   INTEGER,
    filter     TEXT NOT NULL,             -- JSON
    who        TEXT NOT NULL,
    state      TEXT NOT NULL,
    before     INTEGER NOT NULL,          -- the jobs from this place on are done with
    since      INTEGER NOT NULL,          -- the newest of job_changes at the start: words are found up to it
    planned    INTEGER NOT NULL,
    touched    INTEGER NOT NULL DEFAULT 0,
    left_as_is TEXT NOT NULL DEFAULT '{}', -- counts by reason, JSON
    waits      TEXT,
    started_at INTEGER NOT NULL,
    ended_at   INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX job_actions_running ON job_actions (id) WHERE state = 'running';
