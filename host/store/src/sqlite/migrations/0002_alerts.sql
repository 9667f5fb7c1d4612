-- Alerts, the outbox of their deliveries, limits of agents and API keys, corrections, and sums of the
-- ledger by what people ask for.

-- Why a call's tier is the one that it is, where money is short.
ALTER TABLE calls ADD COLUMN tier_reason TEXT;

CREATE TABLE alerts (
    id           BLOB PRIMARY KEY CHECK (length(id) = 16),
    upstream     TEXT NOT NULL,
    kind         TEXT NOT NULL,
    state        TEXT NOT NULL,
    -- What it is about, for as long as that lasts: one alert at a time for a key.
    key          TEXT NOT NULL,
    scope        TEXT,
    window       TEXT,
    window_start INTEGER,
    percent      INTEGER,
    title        TEXT NOT NULL,
    detail       TEXT NOT NULL,
    raised_at    INTEGER NOT NULL,
    ack_by       TEXT,
    ack_at       INTEGER,
    ack_note     TEXT,
    resolved_at  INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX alerts_open ON alerts (key) WHERE state <> 'resolved';

-- Prices that a person set at run time.
CREATE TABLE price_rows (
    id   TEXT PRIMARY KEY,
    body TEXT NOT NULL,               -- JSON
    who  TEXT NOT NULL,
    at   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE webhooks (
    name          TEXT PRIMARY KEY,
    url           TEXT NOT NULL,
    format        TEXT NOT NULL,
    secret        TEXT NOT NULL,
    allow_private INTEGER NOT NULL,
    disabled      TEXT,
    created_at    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE deliveries (
    id          BLOB PRIMARY KEY CHECK (length(id) = 16),
    alert       BLOB NOT NULL REFERENCES alerts (id),
    news        TEXT NOT NULL,
    webhook     TEXT NOT NULL,
    state       TEXT NOT NULL,
    tries       INTEGER NOT NULL DEFAULT 0,
    next_at     INTEGER,
    last_status INTEGER,
    last_error  TEXT,
    created_at  INTEGER NOT NULL,
    ended_at    INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX deliveries_due ON deliveries (next_at) WHERE state = 'pending';
CREATE INDEX deliveries_by_alert ON deliveries (alert);

-- A limit of one agent (`agent:NAME`) or API key (`key:NAME`) for one window.
CREATE TABLE scope_limits (
    scope  TEXT NOT NULL,
    window TEXT NOT NULL,              -- hour, day or month
    amount INTEGER NOT NULL CHECK (amount >= 0),
    who    TEXT NOT NULL,
    at     INTEGER NOT NULL,
    PRIMARY KEY (scope, window)
) STRICT, WITHOUT ROWID;

-- Later truth about a call whose cost was unknown, or a person's correction; a call's cost is its own
-- and the sum of these. The ledger's own entries are never edited.
CREATE TABLE corrections (
    seq      INTEGER PRIMARY KEY,
    upstream TEXT NOT NULL,
    call     BLOB NOT NULL,
    at       INTEGER NOT NULL,
    settled  INTEGER NOT NULL,         -- what it adds to each amount; may be less than nothing
    unknown  INTEGER NOT NULL,
    who      TEXT NOT NULL,
    reason   TEXT NOT NULL
) STRICT;
CREATE INDEX corrections_by_call ON corrections (upstream, call);

-- Sums of what has ended, by the hour (UTC) of the hold, the agent (or API key) and the model.
CREATE TABLE usage_hours (
    upstream              TEXT NOT NULL,
    hour                  INTEGER NOT NULL,
    agent                 TEXT NOT NULL, -- empty where no agent asked
    api_key               TEXT NOT NULL, -- empty where no API key asked
    model                 TEXT NOT NULL,
    calls                 INTEGER NOT NULL,
    settled               INTEGER NOT NULL,
    unknown               INTEGER NOT NULL,
    input_tokens          INTEGER NOT NULL,
    output_tokens         INTEGER NOT NULL,
    cache_read_tokens     INTEGER NOT NULL,
    cache_write_5m_tokens INTEGER NOT NULL,
    cache_write_1h_tokens INTEGER NOT NULL,
    PRIMARY KEY (upstream, hour, agent, api_key, model)
) STRICT, WITHOUT ROWID;
INSERT INTO usage_hours
    SELECT upstream, held_at / 3600000000 * 3600000000, coalesce(agent, ''), coalesce(api_key, ''), model,
        count(*), sum(CASE WHEN state = 'settled' THEN cost ELSE 0 END),
        sum(CASE WHEN state = 'unknown' THEN cost ELSE 0 END), sum(input_tokens), sum(output_tokens),
        sum(cache_read_tokens), sum(cache_write_5m_tokens), sum(cache_write_1h_tokens)
    FROM calls WHERE state IN ('settled', 'unknown') GROUP BY 1, 2, 3, 4, 5;
