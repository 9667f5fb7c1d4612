-- What the prompt cache saved a call, in nano-dollars (less than nothing where what was written was not made up
-- for), and the miss that the call was, if it was one. Of calls that ended before, neither is known.
ALTER TABLE calls ADD COLUMN saved INTEGER NOT NULL DEFAULT 0;
ALTER TABLE calls ADD COLUMN miss TEXT;
ALTER TABLE calls ADD COLUMN miss_at INTEGER;     -- the byte at which the prompt changed, where it did
ALTER TABLE calls ADD COLUMN miss_tokens INTEGER; -- that a hit would have read
ALTER TABLE calls ADD COLUMN miss_cost INTEGER;   -- more than reading them would have
ALTER TABLE usage_hours ADD COLUMN saved INTEGER NOT NULL DEFAULT 0;

-- Sums of misses, by the hour (UTC) of the hold, the agent (or API key) and the kind.
CREATE TABLE miss_hours (
    upstream TEXT NOT NULL,
    hour     INTEGER NOT NULL,
    agent    TEXT NOT NULL,            -- empty where no agent asked
    api_key  TEXT NOT NULL,            -- empty where no API key asked
    kind     TEXT NOT NULL,
    calls    INTEGER NOT NULL,
    tokens   INTEGER NOT NULL,
    cost     INTEGER NOT NULL,
    PRIMARY KEY (upstream, hour, agent, api_key, kind)
) STRICT, WITHOUT ROWID;
