-- What something that waits asks people, and how it was answered.
CREATE TABLE questions (
    seq          INTEGER PRIMARY KEY,
    id           BLOB NOT NULL UNIQUE CHECK (length(id) = 16),
    upstream     TEXT NOT NULL,
    -- What waits: its kind and its id; a job's row too, with which its questions go.
    subject_kind TEXT NOT NULL,
    subject      BLOB NOT NULL CHECK (length(subject) = 16),
    job          INTEGER REFERENCES jobs (seq) ON DELETE CASCADE,
    -- By what it is found again: what is asked, and the how manyth that is asked just so.
    request_hash BLOB NOT NULL CHECK (length(request_hash) = 32),
    occurrence   INTEGER NOT NULL,
    asker        TEXT NOT NULL,
    text         TEXT NOT NULL,
    state        TEXT NOT NULL CHECK (state IN ('open', 'answered', 'expired', 'withdrawn')),
    -- The alert that tells of it.
    alert        BLOB CHECK (length(alert) = 16),
    opened_at    INTEGER NOT NULL,
    expires_at   INTEGER,
    closed_at    INTEGER,
    answer       TEXT,
    answered_by  TEXT,
    UNIQUE (subject_kind, subject, request_hash, occurrence)
) STRICT;
CREATE INDEX questions_by_id ON questions (upstream, id);
CREATE INDEX questions_by_job ON questions (job, id) WHERE job IS NOT NULL;
CREATE INDEX questions_open ON questions (upstream, id) WHERE state = 'open';
CREATE INDEX questions_open_of_asker ON questions (upstream, asker) WHERE state = 'open';
CREATE INDEX questions_open_of_subject ON questions (subject) WHERE state = 'open';
CREATE INDEX questions_due ON questions (upstream, expires_at) WHERE state = 'open' AND expires_at IS NOT NULL;
CREATE INDEX questions_of_alert ON questions (alert) WHERE state = 'open';

-- Links that were sent, of which the host knows the hash alone: each is for one question and for the text that it had.
CREATE TABLE question_links (
    hash        BLOB NOT NULL PRIMARY KEY CHECK (length(hash) = 32),
    question    INTEGER NOT NULL REFERENCES questions (seq) ON DELETE CASCADE,
    text_digest BLOB NOT NULL CHECK (length(text_digest) = 32),
    -- The webhook that it was sent to.
    webhook     TEXT NOT NULL,
    expires_at  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX question_links_by_question ON question_links (question);

-- The alert that gathers the questions of who asks, and when the message goes out that tells of them.
CREATE TABLE question_rings (
    upstream TEXT NOT NULL,
    asker    TEXT NOT NULL,
    alert    BLOB NOT NULL CHECK (length(alert) = 16),
    rings_at INTEGER NOT NULL,
    PRIMARY KEY (upstream, asker)
) STRICT, WITHOUT ROWID;
