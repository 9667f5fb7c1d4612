-- What bounds a job, and what sets one aside without touching others.

-- How often in a row the host could not go on with a job, by no fault of the job.
ALTER TABLE jobs ADD COLUMN troubles INTEGER NOT NULL DEFAULT 0;
CREATE INDEX jobs_troubled ON jobs (upstream) WHERE troubles > 0 AND finished_at IS NULL;
-- Whether its call waits for pace or money: a crash of the host meanwhile says nothing about the job.
ALTER TABLE jobs ADD COLUMN asks INTEGER NOT NULL DEFAULT 0;
-- Jobs that were there in so many crashes that they run alone until they are known to be harmless.
CREATE INDEX jobs_suspect ON jobs (upstream, state, ready_at) WHERE crashes >= 3;
-- Bytes of files that the attempt has written, those of files that were replaced too.
ALTER TABLE jobs ADD COLUMN written INTEGER NOT NULL DEFAULT 0;
-- The version that a job ran on before a person ran it again, until it begins on the one in force.
ALTER TABLE jobs ADD COLUMN ran_on TEXT;

-- Questions that were asked at once: a retry asks all of them anew.
CREATE TABLE journal_batches (
    job   INTEGER NOT NULL REFERENCES jobs (seq) ON DELETE CASCADE,
    first INTEGER NOT NULL,
    last  INTEGER NOT NULL,
    PRIMARY KEY (job, first)
) STRICT, WITHOUT ROWID;

-- Whether a time of a schedule makes a job while one of an earlier time is unfinished.
ALTER TABLE schedules ADD COLUMN overlap TEXT NOT NULL DEFAULT 'allow';
-- Up to when the schedule's times have come while the host was there: each of them is owed its job.
ALTER TABLE schedules ADD COLUMN owed_to INTEGER;
CREATE INDEX jobs_open_of_schedule ON jobs (upstream, schedule) WHERE schedule IS NOT NULL AND finished_at IS NULL;
