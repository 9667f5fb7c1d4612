-- Whose turn it is, as far as no job's own row says it: known to every host and after every start.
CREATE TABLE queue_turns (
    upstream  TEXT NOT NULL PRIMARY KEY,
    overtakes INTEGER NOT NULL         -- critical jobs in a row that have overtaken others
) STRICT, WITHOUT ROWID;

-- When something came that jobs wait for, so that none is put aside for what has come already.
CREATE TABLE queue_news (
    upstream TEXT NOT NULL,
    what     TEXT NOT NULL CHECK (what IN ('room', 'agent')),
    agent    TEXT NOT NULL,            -- '' where it concerns all
    at       INTEGER NOT NULL,
    PRIMARY KEY (upstream, what, agent)
) STRICT, WITHOUT ROWID;
