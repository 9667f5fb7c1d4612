-- The ledger's filters. Each index is in the order of the hold's time, in which pages are read; what
-- they index is written when the hold is taken and hardly ever changes after it.

CREATE INDEX calls_by_time ON calls (upstream, held_at);
CREATE INDEX calls_by_agent ON calls (upstream, agent, held_at) WHERE agent IS NOT NULL;
CREATE INDEX calls_by_key ON calls (upstream, api_key, held_at) WHERE api_key IS NOT NULL;
CREATE INDEX calls_by_model ON calls (upstream, model, held_at);
CREATE INDEX calls_unknown ON calls (upstream, held_at) WHERE state = 'unknown';
CREATE INDEX calls_released ON calls (upstream, held_at) WHERE state = 'released';
-- Dear calls: by the number of digits of what they cost, so that a page of them is a few probes.
CREATE INDEX calls_by_digits ON calls (upstream, length(cost), held_at) WHERE cost > 0;
