-- What an attempt has used: times in microseconds, summed over its runs; of the rest the most of one run.
ALTER TABLE attempts ADD COLUMN cpu_us INTEGER NOT NULL DEFAULT 0;
ALTER TABLE attempts ADD COLUMN wall_us INTEGER NOT NULL DEFAULT 0;
ALTER TABLE attempts ADD COLUMN waited_us INTEGER NOT NULL DEFAULT 0;
ALTER TABLE attempts ADD COLUMN memory_bytes INTEGER NOT NULL DEFAULT 0;
ALTER TABLE attempts ADD COLUMN table_elements INTEGER NOT NULL DEFAULT 0;
ALTER TABLE attempts ADD COLUMN log_lines INTEGER NOT NULL DEFAULT 0;
ALTER TABLE attempts ADD COLUMN log_bytes INTEGER NOT NULL DEFAULT 0;

-- What the attempts of each agent have used in all, kept when their jobs are not.
CREATE TABLE agent_use (
    upstream  TEXT NOT NULL,
    agent     TEXT NOT NULL,
    digest    TEXT NOT NULL,           -- of the version that ran last: of it is what follows as the most
    runs      INTEGER NOT NULL,
    cpu_us    INTEGER NOT NULL,
    wall_us   INTEGER NOT NULL,
    waited_us INTEGER NOT NULL,
    most      TEXT NOT NULL,           -- JSON: the most of each that one attempt has used
    PRIMARY KEY (upstream, agent)
) STRICT, WITHOUT ROWID;
