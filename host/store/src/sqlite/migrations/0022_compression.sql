-- In which form each turn of a call's conversation was sent: what goes on with it is sent in the same. Empty where nothing
-- is compressed. Beside it by about how many tokens the prompt was shorter, and what they would have cost (nano-dollars).
ALTER TABLE calls ADD COLUMN form TEXT;
ALTER TABLE calls ADD COLUMN compressed INTEGER;
ALTER TABLE calls ADD COLUMN compressed_saved INTEGER;

-- Sums of what was compressed, by the hour (UTC) of the hold and the agent.
CREATE TABLE compressed_hours (
    upstream TEXT NOT NULL,
    hour     INTEGER NOT NULL,
    agent    TEXT NOT NULL,
    calls    INTEGER NOT NULL,
    tokens   INTEGER NOT NULL,
    saved    INTEGER NOT NULL,
    PRIMARY KEY (upstream, hour, agent)
) STRICT, WITHOUT ROWID;
