-- Versions of agents that are not in force though their files are there, for each upstream.
CREATE TABLE versions_aside (
    upstream TEXT NOT NULL,
    agent    TEXT NOT NULL,
    digest   TEXT NOT NULL,
    instead  TEXT,                     -- the digest of the version in force in its place
    cause    TEXT NOT NULL CHECK (cause IN ('rolled_back', 'quarantined')),
    reason   TEXT NOT NULL,
    at       INTEGER NOT NULL,
    PRIMARY KEY (upstream, agent, digest)
) STRICT, WITHOUT ROWID;

-- Runs that broke on a version, for as long as they count.
CREATE TABLE agent_traps (
    seq      INTEGER PRIMARY KEY,
    upstream TEXT NOT NULL,
    agent    TEXT NOT NULL,
    digest   TEXT NOT NULL,
    at       INTEGER NOT NULL
) STRICT;
CREATE INDEX agent_traps_of_version ON agent_traps (upstream, agent, digest, at);
CREATE INDEX agent_traps_by_time ON agent_traps (upstream, at);
