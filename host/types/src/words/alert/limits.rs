//! Limits and prices that are not in force as they were set.

use super::AlertKey;
use super::text::AlertText;
use crate::UpstreamKind;
use std::fmt;

/// A limit is cut down to what the settings allow, for as long as that lasts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LimitCutDown<'a> {
    /// The limit.
    pub name: &'a str,
    /// What is in force, for people.
    pub limit: &'a str,
    /// How it came to that: a sentence without its end.
    pub cut: String,
}

impl AlertText for LimitCutDown<'_> {
    fn key(&self, _: UpstreamKind) -> AlertKey<'_> {
        AlertKey::LimitCut(self.name)
    }

    fn title(&self) -> String {
        format!("the limit {} is cut down to {}", self.name, self.limit)
    }

    fn detail(&self) -> String {
        format!("{}. Set it to what fits, or reset it, and this is over", self.cut)
    }
}

/// A price that was set at run time is not in force. Its `Display` is the sentence for whoever starts the host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PriceDropped<'a> {
    /// The price's row.
    pub id: &'a str,
    /// Why.
    pub why: &'a str,
}

impl fmt::Display for PriceDropped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the price {}, set at run time, is not in force: {}", self.id, self.why)
    }
}

impl AlertText for PriceDropped<'_> {
    fn key(&self, _: UpstreamKind) -> AlertKey<'_> {
        AlertKey::Price(self.id)
    }

    fn title(&self) -> String {
        format!("the price {} is not in force", self.id)
    }

    fn detail(&self) -> String {
        format!("{self}. The settings' price counts. Set it anew where it is still meant")
    }
}

/// What was set before upstreams were kept apart is not all in force for live money.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetApart<'a> {
    /// A sentence for each decision.
    pub said: &'a [String],
}

impl AlertText for SetApart<'_> {
    fn key(&self, _: UpstreamKind) -> AlertKey<'_> {
        AlertKey::Apart
    }

    fn title(&self) -> String {
        "what was set at run time is not all in force for live money".to_owned()
    }

    fn detail(&self) -> String {
        format!(
            "Limits and prices were set on this folder before it was noted for which upstream. {}. What was dropped is \
             still in force with the simulator; set it again where you meant it for live",
            self.said.join("; ")
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_in_force_says_what_counts_and_how_to_set_it() {
        let cut =
            LimitCutDown { name: "hour_usd", limit: "$8.00", cut: "hour_usd was set to $9.00".to_owned() };
        assert_eq!(cut.title(), "the limit hour_usd is cut down to $8.00");
        assert_eq!(
            cut.detail(),
            "hour_usd was set to $9.00. Set it to what fits, or reset it, and this is over"
        );
        let price = PriceDropped { id: "x", why: "it has no bands" };
        assert_eq!(price.title(), "the price x is not in force");
        assert_eq!(
            price.detail(),
            "the price x, set at run time, is not in force: it has no bands. The settings' price counts. Set it anew \
             where it is still meant"
        );
        let apart = SetApart { said: &["kept: a".to_owned(), "dropped: b".to_owned()] };
        assert_eq!(apart.title(), "what was set at run time is not all in force for live money");
        assert_eq!(
            apart.detail(),
            "Limits and prices were set on this folder before it was noted for which upstream. kept: a; dropped: b. \
             What was dropped is still in force with the simulator; set it again where you meant it for live"
        );
    }
}
