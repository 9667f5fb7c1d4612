//! Sums of what has ended by the hour, the agent (or API key) and the model, written with the ledger.

use crate::StoreError;
use crate::engine::{number, params};
use crate::rules::money::hold_row::Hold;
use crate::rules::tx::Tx;
use anvil_budget::Moved;
use anvil_types::{Nanodollars, Timestamp, Usage};

/// Microseconds of an hour.
const HOUR: i64 = 3_600_000_000;

/// Adds to the sums of an hour. Money that is at its end stays there; tokens are bounded for each call.
pub(crate) const ADD: &str = "INSERT INTO usage_hours (upstream, hour, agent, api_key, model, calls, settled,
    unknown, input_tokens, output_tokens, cache_read_tokens, cache_write_5m_tokens, cache_write_1h_tokens,
    saved)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)
    ON CONFLICT (upstream, hour, agent, api_key, model) DO UPDATE SET
    calls = calls + excluded.calls, settled = min(settled + excluded.settled, 9000000000000000000),
    unknown = min(unknown + excluded.unknown, 9000000000000000000), input_tokens = input_tokens + excluded.input_tokens,
    output_tokens = output_tokens + excluded.output_tokens,
    cache_read_tokens = cache_read_tokens + excluded.cache_read_tokens,
    cache_write_5m_tokens = cache_write_5m_tokens + excluded.cache_write_5m_tokens,
    cache_write_1h_tokens = cache_write_1h_tokens + excluded.cache_write_1h_tokens,
    saved = max(min(saved + excluded.saved, 9000000000000000000), -9000000000000000000)";

/// The hour in whose sums a hold counts.
pub(crate) fn hour_of(held_at: Timestamp) -> i64 {
    held_at.micros().div_euclid(HOUR) * HOUR
}

/// A call has ended, or its cost is corrected (then it is none more).
pub(crate) fn add(
    tx: &Tx<'_>,
    hold: &Hold,
    calls: u32,
    moved: Moved,
    usage: &Usage,
    saved: Nanodollars,
) -> Result<(), StoreError> {
    tx.run(
        ADD,
        params![
            hold.upstream.name(),
            hour_of(hold.held_at),
            hold.asked.agent().unwrap_or_default(),
            hold.asked.api_key().unwrap_or_default(),
            hold.model,
            calls,
            moved.settled.get(),
            moved.unknown.get(),
            number(usage.input_tokens),
            number(usage.output_tokens),
            number(usage.cache_read_tokens),
            number(usage.cache_write_5m_tokens),
            number(usage.cache_write_1h_tokens),
            saved.get(),
        ],
    )
    .map(drop)
}
