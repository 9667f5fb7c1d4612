//! Sums of misses of the prompt cache by the hour, the agent (or API key) and the kind, written with the ledger.

use crate::StoreError;
use crate::engine::{number, params};
use crate::rules::money::hold_row::Hold;
use crate::rules::money::usage_hours::hour_of;
use crate::rules::tx::Tx;
use anvil_types::CacheMiss;

/// Adds to the sums of an hour. Money that is at its end stays there; tokens are bounded for each call.
const ADD: &str = "INSERT INTO miss_hours (upstream, hour, agent, api_key, kind, calls, tokens, cost)
    VALUES (?1, ?2, ?3, ?4, ?5, 1, ?6, ?7)
    ON CONFLICT (upstream, hour, agent, api_key, kind) DO UPDATE SET
    calls = calls + 1, tokens = tokens + excluded.tokens,
    cost = min(cost + excluded.cost, 9000000000000000000)";

/// A call has ended that was a miss.
pub(crate) fn add(tx: &Tx<'_>, hold: &Hold, miss: CacheMiss) -> Result<(), StoreError> {
    tx.run(
        ADD,
        params![
            hold.upstream.name(),
            hour_of(hold.held_at),
            hold.asked.agent().unwrap_or_default(),
            hold.asked.api_key().unwrap_or_default(),
            miss.reason.kind().name(),
            number(miss.tokens),
            miss.cost.get(),
        ],
    )
    .map(drop)
}
