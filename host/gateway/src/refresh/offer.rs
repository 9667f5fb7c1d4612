//! A job's prompt is offered to be refreshed.

use crate::agent::ask::Ask;
use crate::door::GatewayDoor;
use crate::flight::bid::{Bid, Bound, TierChoice};
use crate::pace::Expected;
use crate::refresh::waiting::Refresh;
use crate::stage::mark::{MarkedPrompt, caches};
use anvil_budget::{AnswerKind, Estimate, bound_input_tokens};
use anvil_types::{Asker, Priority};
use bytes::Bytes;

/// Who asks in the ledger where the host refreshes a prompt. No plugin can have this name.
pub const REFRESH: &str = "(refresh)";
/// The output tokens of a refresh.
pub(crate) const TOKENS: u64 = 1;

/// A job's call was answered: its prompt may be refreshed with these bytes, in the place of what the job asked before.
pub(crate) fn answered(door: &GatewayDoor, ask: &Ask, bid: &Bid, prompt: &MarkedPrompt, body: Option<Bytes>) {
    let Some(job) = ask.asker.job() else { return };
    door.refreshes.drop_of(job);
    let Some(body) = body else { return };
    let (outline, marks, model) = (&prompt.prompt.outline, &prompt.marks, bid.model());
    let now = door.clock.now();
    let (due, tokens) = {
        let caches = caches(door);
        let due = caches.refresh_at(outline, marks, model, now);
        due.zip(caches.counted(outline)).unzip()
    };
    let (Some(due), Some(tokens)) = (due, tokens) else { return };
    let agent = ask.asker.name().to_owned();
    let bid = Bid {
        who: Asker::Host { name: REFRESH.into() },
        tags: vec![format!("agent:{agent}"), format!("job:{job}")],
        tier: TierChoice { asked: bid.tier.given, given: bid.tier.given, reason: None },
        bound: Bound {
            amount: bid.row.bound(bound_input_tokens(bid.bound.size, body.len()), TOKENS),
            max_tokens: TOKENS,
            size: bid.bound.size,
        },
        expected: Expected {
            input: bid.expected.input,
            output: Estimate { tokens: TOKENS, spread: 0 },
            most_output: TOKENS,
            kind: AnswerKind::of(REFRESH, model, TOKENS),
        },
        warm: None,
        priority: Priority::Low,
        body,
        ..bid.clone()
    };
    let (outline, marks) = (outline.clone(), marks.clone());
    door.refreshes.put(Refresh { job, agent, bid, outline, marks, tokens, due });
}
