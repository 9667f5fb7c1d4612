-- The hosts that work on this database, each with a lease of its own.
CREATE TABLE hosts (
    host     BLOB NOT NULL CHECK (length(host) = 16),
    upstream TEXT NOT NULL,
    boot     BLOB NOT NULL CHECK (length(boot) = 16),
    zone     TEXT NOT NULL,
    limits   TEXT NOT NULL,            -- JSON: those of its settings
    until    INTEGER NOT NULL,         -- what it holds is its own until then
    PRIMARY KEY (host, upstream)
) STRICT, WITHOUT ROWID;

-- Calls whose hold was ended for their host: what the host tells of one later is a correction.
CREATE TABLE swept (
    upstream TEXT NOT NULL,
    call     BLOB NOT NULL CHECK (length(call) = 16),
    PRIMARY KEY (upstream, call)
) STRICT, WITHOUT ROWID;
