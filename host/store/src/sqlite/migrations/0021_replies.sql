-- Replies that are kept to answer the same question again.
CREATE TABLE replies (
    upstream TEXT NOT NULL,
    key      BLOB NOT NULL CHECK (length(key) = 32), -- the digest of all that can change the answer
    agent    TEXT NOT NULL,                          -- the one that paid for it
    call     BLOB NOT NULL CHECK (length(call) = 16),-- by this call
    at       INTEGER NOT NULL,                       -- when it was kept
    used     INTEGER NOT NULL,                       -- when it was kept, or last answered
    bytes    INTEGER NOT NULL,                       -- of the reply
    digest   BLOB NOT NULL,                          -- of the reply: what is damaged answers nobody
    reply    TEXT NOT NULL,
    PRIMARY KEY (upstream, key)
) STRICT;
CREATE INDEX replies_by_use ON replies (upstream, used);
CREATE INDEX replies_by_age ON replies (upstream, at);
CREATE INDEX replies_by_agent ON replies (upstream, agent, bytes);

-- How many they are, and how large together.
CREATE TABLE reply_use (
    upstream TEXT PRIMARY KEY,
    entries  INTEGER NOT NULL,
    bytes    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- A call that a kept reply answered: the call that had paid for it, and what the same tokens would have cost.
ALTER TABLE calls ADD COLUMN reply_of BLOB;
ALTER TABLE calls ADD COLUMN reply_saved INTEGER NOT NULL DEFAULT 0;
ALTER TABLE usage_hours ADD COLUMN hits INTEGER NOT NULL DEFAULT 0;
ALTER TABLE usage_hours ADD COLUMN reply_saved INTEGER NOT NULL DEFAULT 0;

-- From this place of its journal on a job asks anew: the guest failed on what it was answered there.
ALTER TABLE jobs ADD COLUMN fresh_from INTEGER;
