//! Sums of what was compressed by the hour and the agent, written with the ledger.

use crate::StoreError;
use crate::engine::{number, params};
use crate::rules::money::hold_row::Hold;
use crate::rules::money::usage_hours::hour_of;
use crate::rules::tx::Tx;
use anvil_types::Compressed;

/// Adds to the sums of an hour. Money that is at its end stays there; tokens are bounded for each call.
const ADD: &str = "INSERT INTO compressed_hours (upstream, hour, agent, calls, tokens, saved)
    VALUES (?1, ?2, ?3, 1, ?4, ?5)
    ON CONFLICT (upstream, hour, agent) DO UPDATE SET
    calls = calls + 1, tokens = tokens + excluded.tokens,
    saved = min(saved + excluded.saved, 9000000000000000000)";

/// A call has ended whose prompt was sent shorter.
pub(crate) fn add(tx: &Tx<'_>, hold: &Hold, compressed: Compressed) -> Result<(), StoreError> {
    tx.run(
        ADD,
        params![
            hold.upstream.name(),
            hour_of(hold.held_at),
            hold.asked.agent().unwrap_or_default(),
            number(compressed.tokens),
            compressed.saved.get(),
        ],
    )
    .map(drop)
}
