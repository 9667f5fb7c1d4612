-- What one host does for all that work on this database: who does it, for as long as that one lives.
CREATE TABLE duties (
    upstream TEXT NOT NULL,
    duty     TEXT NOT NULL CHECK (duty IN ('deliveries', 'retention')),
    host     BLOB NOT NULL CHECK (length(host) = 16),
    PRIMARY KEY (upstream, duty)
) STRICT, WITHOUT ROWID;

-- How far the search index of each host has come: what one has not seen yet is kept for it.
CREATE TABLE search_feeds (
    host   BLOB NOT NULL PRIMARY KEY CHECK (length(host) = 16),
    change INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
