-- What agents keep beyond their jobs, for each agent and upstream.
CREATE TABLE agent_state (
    upstream TEXT NOT NULL,
    agent    TEXT NOT NULL,
    key      TEXT NOT NULL,
    size     INTEGER NOT NULL,         -- of the value, which a list does not read
    version  INTEGER NOT NULL,
    job      BLOB NOT NULL CHECK (length(job) = 16),   -- who wrote it; it may be gone
    at       INTEGER NOT NULL,
    value    BLOB NOT NULL,
    PRIMARY KEY (upstream, agent, key)
) STRICT, WITHOUT ROWID;

-- How much each keeps, and the version that was given last: it goes on when all is cleared.
CREATE TABLE agent_state_use (
    upstream TEXT NOT NULL,
    agent    TEXT NOT NULL,
    keys     INTEGER NOT NULL CHECK (keys >= 0),
    bytes    INTEGER NOT NULL CHECK (bytes >= 0),
    version  INTEGER NOT NULL,
    PRIMARY KEY (upstream, agent)
) STRICT, WITHOUT ROWID;
