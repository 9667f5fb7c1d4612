//! A raw body becomes a bid.

use crate::door::GatewayDoor;
use crate::flight::bid::{Bid, Bound, Deadline, TASK_BUDGETS, TierChoice};
use crate::flight::burn::windows;
use crate::pace::Expected;
use crate::proxy::pass::ClientAsk;
use crate::proxy::raw::{BadBody, measured};
use anvil_budget::{AnswerKind, bound_input_tokens};
use anvil_store::StoreError;
use anvil_types::{Asker, CallError, CallErrorKind, Tier};

/// Why there is none.
#[derive(Debug)]
pub(crate) enum NoBid {
    /// The request is refused.
    Refused(CallError),
    Failed(StoreError),
}

/// What a client's body comes to, at the prices and limits of now.
pub(crate) async fn bid(door: &GatewayDoor, ask: &ClientAsk) -> Result<Bid, NoBid> {
    let limits = door.store.limits().await.map_err(NoBid::Failed)?.limits;
    let refused = |kind, message: String| NoBid::Refused(CallError::unsent(kind, message));
    let asked = measured(&ask.body).map_err(|error| {
        let kind = match error {
            BadBody::NotJson(_) | BadBody::Invalid(_) => CallErrorKind::InvalidRequest,
            BadBody::Field(_) | BadBody::Tool(_) | BadBody::Block(_) => CallErrorKind::UnboundedContent,
        };
        refused(kind, error.to_string())
    })?;
    let prices = door.prices();
    let row = prices
        .row(&asked.model, None, door.clock.now())
        .map_err(|error| refused(CallErrorKind::InvalidRequest, error.to_string()))?;
    let input = door.learner.input(&row.model, asked.size);
    for (name, tokens, most) in [
        ("max_input_tokens", input.tokens, limits.max_input_tokens),
        ("max_output_tokens", asked.max_tokens, limits.max_output_tokens),
    ] {
        if tokens > u64::from(most) {
            let message =
                format!("the request has {name} of about {tokens}; a call may have {most} ({name})");
            return Err(refused(CallErrorKind::TooLarge, message));
        }
    }
    windows(door).await.map_err(NoBid::Failed)?;
    let who = Asker::Client(ask.client.clone());
    let max_tokens = asked.max_tokens;
    let usual_output = door.learner.usual_output(who.name(), &row.model, max_tokens);
    let tier = tier(door, &row.model);
    let patience = door.config.patience;
    Ok(Bid {
        tags: ask.tags.clone(),
        tier: TierChoice { asked: tier, given: tier, reason: None },
        bound: Bound {
            // The bytes that are sent are the bytes that are measured.
            amount: row.bound(bound_input_tokens(asked.size, ask.body.len()), max_tokens),
            max_tokens,
            size: asked.size,
        },
        expected: Expected {
            input,
            output: door.learner.output(who.name(), &row.model, max_tokens),
            most_output: max_tokens,
            kind: AnswerKind::of(who.name(), &row.model, max_tokens),
        },
        expected_cost: row.bound(input.tokens, usual_output),
        warm: None,
        priority: ask.priority,
        since: ask.since,
        deadline: Deadline {
            // An answer in one piece begins when it is whole.
            first_byte: if asked.stream { patience.first_byte } else { patience.call },
            whole: patience.call,
            drain: patience.drain,
        },
        row: row.clone(),
        betas: if asked.task_budget { &[TASK_BUDGETS] } else { &[] },
        body: ask.body.clone(),
        batched: false,
        who,
    })
}

// The tier that a model stands behind, or whose name it has; the dearest, where it is none's.
fn tier(door: &GatewayDoor, model: &str) -> Tier {
    let map = &door.config.models;
    let behind = Tier::ALL.into_iter().find(|tier| map.model(*tier) == model);
    let named = || Tier::ALL.into_iter().find(|tier| model.contains(tier.name()));
    behind.or_else(named).unwrap_or(Tier::Opus)
}
