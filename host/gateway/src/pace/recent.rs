//! What an earlier life of the host sent in the last minute.

use crate::config::GatewayConfig;
use crate::pace::Recent;
use anvil_store::{Store, StoreError};
use anvil_types::{CallRecord, CallState, Limits, Nanodollars, Timestamp};
use std::time::Duration;

/// How many entries of the ledger are read at once.
const PAGE: u32 = 500;

// What an earlier life of the host sent in the last minute: calls that ended in it, and those that may
// have. A call whose usage nobody knows counts as all that its hold could pay for.
pub(crate) async fn recent_calls(
    store: &dyn Store,
    config: &GatewayConfig,
    limits: &Limits,
    now: Timestamp,
) -> Result<Vec<Recent>, StoreError> {
    let minute = Duration::from_mins(1);
    let (ended, begun) = (now - minute, now - minute - config.patience.call - config.patience.drain);
    let (mut recent, mut after) = (Vec::new(), None);
    loop {
        let page = store.ledger(config.upstream.kind, after, PAGE).await?;
        let Some(last) = page.last().map(|call| (call.id, call.held_at)) else { return Ok(recent) };
        for call in page {
            let at = call.settled_at.unwrap_or(now);
            // What a kept reply answered went out to nobody.
            if call.reply_of.is_some() {
                continue;
            }
            // What lies ahead was counted before a person set the time back.
            if at <= ended || at > now || call.state == CallState::Released && call.settled_at.is_none() {
                continue;
            }
            let untold =
                matches!(call.state, CallState::Unknown | CallState::Held) && call.usage.prompt_tokens() == 0;
            let (input, output) = if untold {
                most_of(&call, config, limits)
            } else {
                // No answer has more than its model can, whatever it told.
                let row = config.prices.row(&call.model, None, call.held_at).ok();
                let (context, longest) =
                    row.map_or((u64::MAX, u64::MAX), |row| (row.context, row.max_output));
                (call.usage.paced_input_tokens().min(context), call.usage.output_tokens.min(longest))
            };
            recent.push(Recent { model: call.model, at, input, output });
        }
        if last.1 < begun {
            return Ok(recent);
        }
        after = Some(last.0);
    }
}

// The most tokens that a hold can have been for.
fn most_of(call: &CallRecord, config: &GatewayConfig, limits: &Limits) -> (u64, u64) {
    let (input, output) = (u64::from(limits.max_input_tokens), u64::from(limits.max_output_tokens));
    let Ok(row) = config.prices.row(&call.model, None, call.held_at) else { return (input, output) };
    let pays_for = |one: Nanodollars| call.hold.get().unsigned_abs() / one.get().unsigned_abs().max(1);
    (pays_for(row.bound(1, 0)).min(input), pays_for(row.bound(0, 1)).min(output))
}
