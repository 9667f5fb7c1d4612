//! Money: the brake, a bound that was too low, an answer without a price.

use super::AlertKey;
use super::text::AlertText;
use crate::{BrakeCauseKind, CallId, Nanodollars, Timestamp, UpstreamKind};

/// The brake is engaged by a cause, for as long as that lasts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BrakeEngaged<'a> {
    /// The cause's kind.
    pub cause: BrakeCauseKind,
    /// Whose calls it stops; everybody's where none is named.
    pub of: Option<UpstreamKind>,
    /// The cause's own sentence.
    pub reason: &'a str,
    /// When it ends by itself, as people read it.
    pub until: Option<String>,
}

impl AlertText for BrakeEngaged<'_> {
    fn key(&self, _: UpstreamKind) -> AlertKey<'_> {
        AlertKey::Brake { cause: self.cause, of: self.of }
    }

    fn title(&self) -> String {
        let what = match self.cause {
            BrakeCauseKind::Day => "the day is nearly spent",
            BrakeCauseKind::SpendCap => "upstream's own spend limit is reached",
            BrakeCauseKind::Account => "Claude refuses the account",
            BrakeCauseKind::Store => "the store fails",
            BrakeCauseKind::Restored => "the windows may lack what was spent",
            BrakeCauseKind::Person => "a person engaged it",
        };
        format!("the brake is engaged: {what}")
    }

    fn detail(&self) -> String {
        let until = self.until.as_ref();
        let until = until.map_or_else(String::new, |until| format!(". It ends by itself at {until}"));
        format!("{}{until}. No new call goes out; calls under way finish.", self.reason)
    }
}

/// A call cost more than was held for it. Told once an hour for a model, so that many do not drown what else is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BoundBroken<'a> {
    /// The call.
    pub call: CallId,
    /// What it cost.
    pub cost: Nanodollars,
    /// What was held for it.
    pub held: Nanodollars,
    /// The hold's time.
    pub held_at: Timestamp,
    /// The model that was asked.
    pub model: &'a str,
    /// The model that answered, where that is told.
    pub answered: Option<&'a str>,
}

impl AlertText for BoundBroken<'_> {
    fn key(&self, upstream: UpstreamKind) -> AlertKey<'_> {
        AlertKey::BoundBroken { upstream, model: self.model, at: self.held_at }
    }

    fn title(&self) -> String {
        format!("a call of {} cost more than was held for it", self.model)
    }

    fn detail(&self) -> String {
        let Self { call, cost, held, model, answered, .. } = self;
        let why = match answered.filter(|answered| answered != model) {
            Some(answered) => format!("It was answered by {answered}, and is priced by the dearer of the two"),
            None => "The bound of this kind of request is too low, or what upstream tells is not so: please look at the \
                     call's entry in the ledger, and report it"
                .to_owned(),
        };
        format!("call {call} cost {cost}, and {held} were held. The whole of it is counted. {why}")
    }
}

/// An answer is of something that has no price. Told once an hour for each such thing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AnswerUnpriced<'a> {
    /// The call.
    pub call: CallId,
    /// What has no price.
    pub what: &'a str,
    /// What the call counts as.
    pub cost: Nanodollars,
}

impl AlertText for AnswerUnpriced<'_> {
    fn key(&self, upstream: UpstreamKind) -> AlertKey<'_> {
        AlertKey::Unpriced { upstream, what: self.what, at: self.call.made_at() }
    }

    fn title(&self) -> String {
        format!("an answer is of {}, which has no price", self.what)
    }

    fn detail(&self) -> String {
        let Self { call, cost, .. } = self;
        format!(
            "call {call} counts {cost} by the price of what was asked for, marked unknown. Look at the provider's \
             price list, add a row for it to the prices, and correct the call's cost in the ledger"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const AT: Timestamp = Timestamp::from_secs(1_795_442_712);

    #[test]
    fn the_brake_says_why_until_when_and_what_follows() {
        let brake = BrakeEngaged {
            cause: BrakeCauseKind::Day,
            of: Some(UpstreamKind::Live),
            reason: "$152.00 of the day's $160.00 are spent",
            until: Some("2026-11-24 00:00 CET".to_owned()),
        };
        assert_eq!(brake.title(), "the brake is engaged: the day is nearly spent");
        assert_eq!(
            brake.detail(),
            "$152.00 of the day's $160.00 are spent. It ends by itself at 2026-11-24 00:00 CET. No new call goes out; \
             calls under way finish."
        );
        let person = BrakeEngaged { cause: BrakeCauseKind::Person, reason: "lunch", until: None, of: None };
        assert_eq!(person.title(), "the brake is engaged: a person engaged it");
        assert_eq!(person.detail(), "lunch. No new call goes out; calls under way finish.");
    }

    #[test]
    fn a_call_above_its_hold_says_who_answered_where_it_was_another() {
        let call = CallId::new(AT, 7);
        let broken = |answered| BoundBroken {
            call,
            cost: Nanodollars::from_dollars(3),
            held: Nanodollars::from_dollars(2),
            held_at: AT,
            model: "claude-haiku-5-5",
            answered,
        };
        let begins = format!("call {call} cost $3.00, and $2.00 were held. The whole of it is counted. ");
        for same in [None, Some("claude-haiku-5-5")] {
            assert_eq!(
                broken(same).detail(),
                format!(
                    "{begins}The bound of this kind of request is too low, or what upstream tells is not so: please \
                     look at the call's entry in the ledger, and report it"
                )
            );
        }
        assert_eq!(
            broken(Some("claude-opus-5-5")).detail(),
            format!("{begins}It was answered by claude-opus-5-5, and is priced by the dearer of the two")
        );
        assert_eq!(broken(None).title(), "a call of claude-haiku-5-5 cost more than was held for it");
    }

    #[test]
    fn an_answer_without_a_price_says_what_to_look_up() {
        let call = CallId::new(AT, 7);
        let unpriced = AnswerUnpriced { call, what: "the speed `warp`", cost: Nanodollars::from_dollars(2) };
        assert_eq!(unpriced.title(), "an answer is of the speed `warp`, which has no price");
        assert_eq!(
            unpriced.detail(),
            format!(
                "call {call} counts $2.00 by the price of what was asked for, marked unknown. Look at the provider's \
                 price list, add a row for it to the prices, and correct the call's cost in the ledger"
            )
        );
    }
}
