-- Times are microseconds since 1970, money is nano-dollars, ids are the 16 bytes of a ULID.

CREATE TABLE meta (
    key   TEXT PRIMARY KEY,
    value ANY NOT NULL
) STRICT, WITHOUT ROWID;

-- The queue. A job's row is written at every call, so what is long (payload, result) stands apart.
CREATE TABLE jobs (
    seq             INTEGER PRIMARY KEY AUTOINCREMENT, -- the order of submission
    id              BLOB NOT NULL UNIQUE CHECK (length(id) = 16),
    agent           TEXT NOT NULL,
    action          TEXT NOT NULL,
    upstream        TEXT NOT NULL,
    state           TEXT NOT NULL,
    priority        INTEGER NOT NULL CHECK (priority BETWEEN 0 AND 3),
    ready_at        INTEGER NOT NULL,                  -- its place in the queue: waiting since
    due_at          INTEGER,                           -- when a scheduled or parked job wakes by itself
    wait_reason     TEXT,
    wait_detail     TEXT,
    lease           INTEGER NOT NULL DEFAULT 0,
    lease_until     INTEGER,
    host            BLOB,
    boot            BLOB,
    attempts        INTEGER NOT NULL DEFAULT 0,
    attempt_open    INTEGER NOT NULL DEFAULT 0,        -- a resume goes on with the attempt that is open
    max_attempts    INTEGER NOT NULL,
    crashes         INTEGER NOT NULL DEFAULT 0,        -- since the last new journal entry
    max_cost        INTEGER NOT NULL,
    cost            INTEGER NOT NULL DEFAULT 0,        -- settled and unknown
    unknown         INTEGER NOT NULL DEFAULT 0,
    held            INTEGER NOT NULL DEFAULT 0,
    calls           INTEGER NOT NULL DEFAULT 0,
    error_kind      TEXT,
    error_message   TEXT,
    progress        REAL,
    progress_line   TEXT,
    tags            TEXT NOT NULL,                     -- a JSON list
    idempotency_key TEXT,
    plugin_digest   TEXT,
    created_at      INTEGER NOT NULL,
    run_at          INTEGER,
    started_at      INTEGER,
    finished_at     INTEGER
) STRICT;

CREATE UNIQUE INDEX jobs_by_key ON jobs (idempotency_key) WHERE idempotency_key IS NOT NULL;
CREATE INDEX jobs_waiting ON jobs (upstream, agent, priority, ready_at) WHERE state = 'queued';
CREATE INDEX jobs_oldest ON jobs (ready_at) WHERE state = 'queued';
CREATE INDEX jobs_due ON jobs (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX jobs_leased ON jobs (lease_until) WHERE state = 'running';
CREATE INDEX jobs_parked ON jobs (wait_reason, agent) WHERE state = 'parked';
-- The lists: each combination of filters is a few probes of one of these.
CREATE INDEX jobs_by_state ON jobs (state, priority);
CREATE INDEX jobs_by_agent ON jobs (agent, state, priority);

CREATE TABLE job_bodies (
    seq     INTEGER PRIMARY KEY REFERENCES jobs (seq) ON DELETE CASCADE,
    payload TEXT NOT NULL,
    result  TEXT
) STRICT;

CREATE TABLE job_tags (
    tag TEXT NOT NULL,
    job INTEGER NOT NULL REFERENCES jobs (seq) ON DELETE CASCADE,
    PRIMARY KEY (tag, job)
) STRICT, WITHOUT ROWID;
CREATE INDEX job_tags_by_job ON job_tags (job);

-- Counting a million finished jobs takes too long to do at every look.
CREATE TABLE job_counts (
    state TEXT PRIMARY KEY,
    jobs  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO job_counts VALUES ('scheduled', 0), ('queued', 0), ('running', 0), ('parked', 0),
    ('succeeded', 0), ('failed', 0), ('cancelled', 0);
CREATE TRIGGER jobs_count_new AFTER INSERT ON jobs BEGIN
    UPDATE job_counts SET jobs = jobs + 1 WHERE state = NEW.state;
END;
CREATE TRIGGER jobs_count_move AFTER UPDATE OF state ON jobs WHEN OLD.state <> NEW.state BEGIN
    UPDATE job_counts SET jobs = jobs - 1 WHERE state = OLD.state;
    UPDATE job_counts SET jobs = jobs + 1 WHERE state = NEW.state;
END;
CREATE TRIGGER jobs_count_gone AFTER DELETE ON jobs BEGIN
    UPDATE job_counts SET jobs = jobs - 1 WHERE state = OLD.state;
END;

CREATE TABLE attempts (
    job           INTEGER NOT NULL REFERENCES jobs (seq) ON DELETE CASCADE,
    number        INTEGER NOT NULL,
    started_at    INTEGER NOT NULL,
    ended_at      INTEGER,
    error_kind    TEXT,
    error_message TEXT,
    PRIMARY KEY (job, number)
) STRICT, WITHOUT ROWID;

CREATE TABLE journal (
    job          INTEGER NOT NULL REFERENCES jobs (seq) ON DELETE CASCADE,
    position     INTEGER NOT NULL,
    kind         TEXT NOT NULL,
    request_hash BLOB NOT NULL CHECK (length(request_hash) = 32),
    answer       TEXT NOT NULL,
    at           INTEGER NOT NULL,
    PRIMARY KEY (job, position)
) STRICT;

-- Answers that were paid for and that the job no longer follows.
CREATE TABLE journal_aside (
    seq          INTEGER PRIMARY KEY,
    job          INTEGER NOT NULL REFERENCES jobs (seq) ON DELETE CASCADE,
    position     INTEGER NOT NULL,
    kind         TEXT NOT NULL,
    request_hash BLOB NOT NULL,
    answer       TEXT NOT NULL,
    at           INTEGER NOT NULL,
    aside_at     INTEGER NOT NULL
) STRICT;
CREATE INDEX journal_aside_by_job ON journal_aside (job);

CREATE TABLE log (
    job     INTEGER NOT NULL REFERENCES jobs (seq) ON DELETE CASCADE,
    seq     INTEGER NOT NULL,
    at      INTEGER NOT NULL,
    attempt INTEGER NOT NULL,
    level   TEXT NOT NULL,
    source  TEXT NOT NULL,
    line    TEXT NOT NULL,
    PRIMARY KEY (job, seq)
) STRICT, WITHOUT ROWID;

CREATE TABLE artifacts (
    id         INTEGER PRIMARY KEY,
    job        INTEGER NOT NULL REFERENCES jobs (seq) ON DELETE CASCADE,
    name       TEXT NOT NULL,
    media_type TEXT NOT NULL,
    size       INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    UNIQUE (job, name)
) STRICT;

CREATE TABLE artifact_bytes (
    artifact INTEGER PRIMARY KEY REFERENCES artifacts (id) ON DELETE CASCADE,
    bytes    BLOB NOT NULL
) STRICT;

-- The ledger: a row is written when money is held and once more when the hold ends; never after that,
-- and it outlives its job. Ids sort by time, so the table stands in the order in which it is read.
CREATE TABLE calls (
    upstream              TEXT NOT NULL,
    id                    BLOB NOT NULL CHECK (length(id) = 16),
    state                 TEXT NOT NULL,
    held_at               INTEGER NOT NULL,
    settled_at            INTEGER,
    job                   BLOB,
    agent                 TEXT,
    attempt               INTEGER,
    position              INTEGER,
    api_key               TEXT,
    session               TEXT,
    tags                  TEXT,           -- a JSON list; nothing where there are none
    tier_asked            TEXT NOT NULL,
    tier_given            TEXT NOT NULL,
    model                 TEXT NOT NULL,
    model_answered        TEXT,           -- where it is another
    price_row             TEXT NOT NULL,
    hold                  INTEGER NOT NULL CHECK (hold >= 0),
    cost                  INTEGER NOT NULL DEFAULT 0 CHECK (cost >= 0),
    input_tokens          INTEGER NOT NULL DEFAULT 0,
    output_tokens         INTEGER NOT NULL DEFAULT 0,
    cache_read_tokens     INTEGER NOT NULL DEFAULT 0,
    cache_write_5m_tokens INTEGER NOT NULL DEFAULT 0,
    cache_write_1h_tokens INTEGER NOT NULL DEFAULT 0,
    service_tier          TEXT,           -- these three multiply the price
    inference_geo         TEXT,
    speed                 TEXT,
    detail                TEXT,
    lease                 INTEGER,
    host                  BLOB NOT NULL,
    boot                  BLOB NOT NULL,
    PRIMARY KEY (upstream, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX calls_by_job ON calls (job, id) WHERE job IS NOT NULL;
CREATE INDEX calls_open ON calls (boot) WHERE state = 'held';

-- Sums of the ledger by the time of the hold: minute, day, month, and all (`total`, start 0); for
-- everything (`all`) and each agent (`agent:NAME`).
CREATE TABLE spend (
    upstream TEXT NOT NULL,
    scope    TEXT NOT NULL,
    period   TEXT NOT NULL,
    start    INTEGER NOT NULL,
    settled  INTEGER NOT NULL,
    unknown  INTEGER NOT NULL,
    held     INTEGER NOT NULL,
    PRIMARY KEY (upstream, scope, period, start)
) STRICT, WITHOUT ROWID;

CREATE TABLE limit_changes (
    name  TEXT PRIMARY KEY,
    value TEXT NOT NULL,
    who   TEXT NOT NULL,
    at    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- A cause that the day raised belongs to the upstream whose day it is; the others to none.
CREATE TABLE brake (
    kind     TEXT NOT NULL,
    upstream TEXT NOT NULL,
    reason   TEXT NOT NULL,
    since    INTEGER NOT NULL,
    until    INTEGER,
    who      TEXT,
    PRIMARY KEY (kind, upstream)
) STRICT, WITHOUT ROWID;

CREATE TABLE brake_muted (
    upstream  TEXT PRIMARY KEY,
    day_start INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE brake_history (
    seq      INTEGER PRIMARY KEY,
    at       INTEGER NOT NULL,
    kind     TEXT NOT NULL,
    upstream TEXT NOT NULL,
    change   TEXT NOT NULL,
    reason   TEXT NOT NULL,
    who      TEXT
) STRICT;

CREATE TABLE agents_off (
    name TEXT PRIMARY KEY,
    who  TEXT NOT NULL,
    at   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE events (
    seq  INTEGER PRIMARY KEY,
    at   INTEGER NOT NULL,
    job  BLOB,
    kind TEXT NOT NULL
) STRICT;
CREATE INDEX events_by_job ON events (job, seq) WHERE job IS NOT NULL;

CREATE TABLE audit (
    seq    INTEGER PRIMARY KEY,
    at     INTEGER NOT NULL,
    who    TEXT NOT NULL,
    action TEXT NOT NULL,
    detail TEXT NOT NULL
) STRICT;

-- Hours of use: microseconds with any call in flight, by week.
CREATE TABLE week_use (
    upstream TEXT NOT NULL,
    start    INTEGER NOT NULL,
    micros   INTEGER NOT NULL,
    PRIMARY KEY (upstream, start)
) STRICT, WITHOUT ROWID;
