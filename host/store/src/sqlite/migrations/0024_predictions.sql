-- What a host predicted of its own days. What stands in the texts is JSON that the planner alone reads.
CREATE TABLE predictions (
    upstream TEXT NOT NULL,
    start    INTEGER NOT NULL,        -- its first instant
    until    INTEGER NOT NULL,        -- the first instant after it
    body     TEXT NOT NULL,
    day      TEXT,                    -- what it says of the jobs that really came on its first day
    whole    TEXT,                    -- and on all of its days
    PRIMARY KEY (upstream, start)
) STRICT, WITHOUT ROWID;

-- The days that they are compared with.
CREATE TABLE plan_days (
    upstream TEXT NOT NULL,
    start    INTEGER NOT NULL,
    until    INTEGER NOT NULL,
    seen_to  INTEGER NOT NULL,        -- until when it was seen
    seen     TEXT NOT NULL,           -- what was seen while it went by, as JSON
    facts    TEXT,                    -- what its jobs came to, once it is over
    arrivals TEXT,                    -- and when they came, for as long as that is needed
    PRIMARY KEY (upstream, start)
) STRICT, WITHOUT ROWID;
