//! A reply in the contract's form.

use crate::door::GatewayDoor;
use crate::flight::bid::TierChoice;
use crate::flight::bill::Bill;
use crate::upstream::answer::Answer;
use anvil_types::{Origin, Reply};

/// The reply that a whole answer of the model that was asked, or of another, is, and what it counts as.
pub(crate) fn reply(
    door: &GatewayDoor,
    tier: &TierChoice,
    model: &str,
    answer: &mut Answer,
    bill: &Bill,
) -> Reply {
    let mut reply = Reply {
        content: answer.take_content(),
        // It came whole, and did not say why it ended.
        stop_reason: answer.stop_reason().unwrap_or("unknown").to_owned(),
        model: answer.models().last().map_or_else(|| model.to_owned(), Clone::clone),
        usage: bill.usage.clone(),
        cost: bill.cost,
        origin: Origin::Live,
        extras: tiers(tier),
    };
    door.sender.redactor().clean_reply(&mut reply);
    reply
}

/// Which tier was asked for and which one answers, as a reply tells it.
pub(crate) fn tiers(tier: &TierChoice) -> Vec<(String, String)> {
    let text = |name: &str, text: &str| (name.to_owned(), serde_json::Value::from(text).to_string());
    let mut extras = vec![text("tier_asked", tier.asked.name()), text("tier_given", tier.given.name())];
    extras.extend(tier.reason.iter().map(|reason| text("tier_reason", reason)));
    extras
}
