-- What can be submitted and when it runs: jobs after jobs, schedules, the pause of the queue.

-- The ids of the jobs that a job comes after, 16 bytes each, in the order in which it named them: what
-- it shows even when they are deleted.
ALTER TABLE jobs ADD COLUMN parents BLOB;
-- How many of them have not succeeded. It falls in the transaction in which one succeeds, whatever
-- became of the job itself, so that a job that waits costs nothing until then.
ALTER TABLE jobs ADD COLUMN parents_left INTEGER NOT NULL DEFAULT 0;

-- A parent must not be deleted while `parents_left > 0` of a child, or while a child has still to read
-- its result: that is, while any child is unfinished.
CREATE TABLE job_parents (
    child  INTEGER NOT NULL REFERENCES jobs (seq) ON DELETE CASCADE,
    parent INTEGER NOT NULL REFERENCES jobs (seq) ON DELETE CASCADE,
    PRIMARY KEY (child, parent)
) STRICT, WITHOUT ROWID;
CREATE INDEX job_parents_by_parent ON job_parents (parent, child);

CREATE TABLE schedules (
    name       TEXT PRIMARY KEY,
    id         BLOB NOT NULL CHECK (length(id) = 16),
    upstream   TEXT NOT NULL,
    cron       TEXT NOT NULL,
    time_zone  TEXT NOT NULL,
    missed     TEXT NOT NULL,
    job        TEXT NOT NULL,          -- JSON: what its jobs are made of
    enabled    INTEGER NOT NULL,
    next_at    INTEGER,                -- moved in the transaction that takes in the job of this time
    blocked    TEXT,
    created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX schedules_due ON schedules (upstream, next_at) WHERE enabled = 1 AND next_at IS NOT NULL;
-- The name of the schedule that made a job.
ALTER TABLE jobs ADD COLUMN schedule TEXT;
CREATE INDEX jobs_by_schedule ON jobs (schedule, seq) WHERE schedule IS NOT NULL;

-- One row while a person has paused the queue.
CREATE TABLE queue_pause (
    one    INTEGER PRIMARY KEY CHECK (one = 1),
    reason TEXT NOT NULL,
    who    TEXT NOT NULL,
    since  INTEGER NOT NULL
) STRICT;
