-- Batches of calls of jobs that are in no hurry.
CREATE TABLE batches (
    seq         INTEGER PRIMARY KEY,
    upstream    TEXT NOT NULL,
    state       TEXT NOT NULL CHECK (state IN ('sending', 'lost', 'doubtful', 'sent', 'ended')),
    upstream_id TEXT,                 -- its id there
    calls       INTEGER NOT NULL,     -- of how many it was made
    made_at     INTEGER NOT NULL,     -- before anything of it was sent
    expires_at  INTEGER,              -- when what is left of it comes back undone
    ended_at    INTEGER
) STRICT;
CREATE INDEX batches_open ON batches (upstream, seq) WHERE state <> 'ended';

-- Calls that wait for a batch, or are in one. What is held for them stands in the ledger.
CREATE TABLE batch_calls (
    seq          INTEGER PRIMARY KEY,
    upstream     TEXT NOT NULL,
    call         BLOB NOT NULL CHECK (length(call) = 16),
    job          BLOB NOT NULL CHECK (length(job) = 16),
    position     INTEGER NOT NULL,    -- of the answer in the job's journal
    request_hash BLOB NOT NULL,
    batch        INTEGER,             -- none: it waits
    at           INTEGER NOT NULL,    -- since when
    hold         INTEGER NOT NULL,
    bytes        INTEGER NOT NULL,    -- of the request
    terms        TEXT NOT NULL        -- what its answer is judged by, as JSON
) STRICT;
CREATE UNIQUE INDEX batch_calls_by_call ON batch_calls (upstream, call);
CREATE INDEX batch_calls_waiting ON batch_calls (upstream, seq, bytes, at) WHERE batch IS NULL;
CREATE INDEX batch_calls_of_batch ON batch_calls (batch, seq, hold) WHERE batch IS NOT NULL;
CREATE INDEX batch_calls_of_job ON batch_calls (job, position);

-- Their requests, as they are sent.
CREATE TABLE batch_bodies (
    seq      INTEGER PRIMARY KEY,
    upstream TEXT NOT NULL,
    body     BLOB NOT NULL
) STRICT;

-- 1: the call went, or waits to go, in a batch. 2: it came back undone, and is asked by itself.
ALTER TABLE calls ADD COLUMN batched INTEGER NOT NULL DEFAULT 0;
ALTER TABLE calls ADD COLUMN batch_saved INTEGER NOT NULL DEFAULT 0;
ALTER TABLE usage_hours ADD COLUMN batched INTEGER NOT NULL DEFAULT 0;
ALTER TABLE usage_hours ADD COLUMN batch_saved INTEGER NOT NULL DEFAULT 0;

-- Whether a job's calls go out in batches; none: as its agent's setting says.
ALTER TABLE jobs ADD COLUMN economy INTEGER;

-- One host sends the batches of all.
CREATE TABLE duties_now (
    upstream TEXT NOT NULL,
    duty     TEXT NOT NULL CHECK (duty IN ('deliveries', 'retention', 'batches')),
    host     BLOB NOT NULL CHECK (length(host) = 16),
    PRIMARY KEY (upstream, duty)
) STRICT, WITHOUT ROWID;
INSERT INTO duties_now SELECT * FROM duties;
DROP TABLE duties;
ALTER TABLE duties_now RENAME TO duties;
