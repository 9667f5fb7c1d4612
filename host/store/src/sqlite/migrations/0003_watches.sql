-- What people have been told of each limit: the highest threshold of the window's instance. Written in
-- the transaction that crosses it, so that each is told once, however often the host restarts.
CREATE TABLE watches (
    upstream TEXT NOT NULL,
    scope    TEXT NOT NULL,
    window   TEXT NOT NULL,
    start    INTEGER NOT NULL,
    level    INTEGER NOT NULL,
    PRIMARY KEY (upstream, scope, window)
) STRICT, WITHOUT ROWID;
