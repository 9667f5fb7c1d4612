//! A share of a limit is reached: which limit, how much, until when, what to do.

use super::AlertKey;
use super::text::AlertText;
use crate::{AlertWindow, CallId, Crossing, Nanodollars, Scope, UpstreamKind};
use std::time::Duration;

/// How much of a limit is used, as people read it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Used {
    /// Dollars.
    Money {
        /// Settled and unknown.
        spent: Nanodollars,
        /// The part of it that is unknown.
        unknown: Nanodollars,
        /// The limit.
        limit: Nanodollars,
    },
    /// Hours of use.
    Hours {
        /// Used.
        used: Duration,
        /// The limit.
        limit: u32,
    },
}

/// A threshold was reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ThresholdReached {
    /// Which, of which limit.
    pub crossing: Crossing,
    /// The whole percent that are used.
    pub share: i64,
    /// How much that is.
    pub used: Used,
    /// When there is room again, as people read it; nothing where the window is over.
    pub resets_at: Option<String>,
}

impl ThresholdReached {
    fn amounts(&self) -> String {
        let share = self.share;
        match self.used {
            Used::Money { spent, unknown, limit } => {
                let unknown = if unknown > Nanodollars::ZERO {
                    format!(", {unknown} of it counted at the most it can be")
                } else {
                    String::new()
                };
                format!("{spent} of {limit} are spent ({share} %{unknown})")
            }
            Used::Hours { used, limit } => {
                format!("calls were in flight for {} of {limit} hours ({share} %)", hours(used))
            }
        }
    }

    fn reset(&self) -> String {
        match (self.crossing.window, &self.resets_at) {
            (_, None) => String::new(),
            (AlertWindow::Hour, Some(at)) => format!(" The first of it leaves the rolling hour at {at}."),
            (window, Some(at)) => format!(" The {} begins anew at {at}.", window.name()),
        }
    }

    fn advice(&self) -> &'static str {
        match (self.crossing.window, &self.crossing.scope) {
            (AlertWindow::Week, _) => "At the limit jobs wait for the next week; raise week_hours to go on",
            (AlertWindow::Day, Scope::All) => {
                "At 95 % the brake engages and jobs wait; raise day_usd to go on, or let low work wait"
            }
            _ => "At the limit jobs wait until there is room; raise it to go on, or let low work wait",
        }
    }
}

impl AlertText for ThresholdReached {
    fn key(&self, upstream: UpstreamKind) -> AlertKey<'_> {
        let Crossing { scope, window, percent, .. } = &self.crossing;
        AlertKey::Threshold { upstream, scope, window: *window, percent: *percent }
    }

    fn title(&self) -> String {
        let Crossing { scope, window, percent, .. } = &self.crossing;
        let whose = match scope {
            Scope::All => String::new(),
            Scope::Agent(name) => format!(" of agent `{name}`"),
            Scope::ApiKey(name) => format!(" of API key `{name}`"),
        };
        match self.used {
            Used::Money { .. } => format!("{percent} % of the {}'s limit{whose} is spent", window.name()),
            Used::Hours { .. } => format!("{percent} % of the week's hours of use is reached"),
        }
    }

    fn detail(&self) -> String {
        format!("{}.{} {}.", self.amounts(), self.reset(), self.advice())
    }
}

/// A threshold was reached in a window that is over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LateThreshold<'a> {
    /// What was reached.
    pub reached: &'a ThresholdReached,
    /// When the window began, as people read it.
    pub began: String,
    /// The call whose cost came late.
    pub call: CallId,
}

impl AlertText for LateThreshold<'_> {
    fn key(&self, _: UpstreamKind) -> AlertKey<'_> {
        let Crossing { scope, window, start, percent } = &self.reached.crossing;
        AlertKey::LateThreshold { scope, window: *window, start: *start, percent: *percent }
    }

    fn title(&self) -> String {
        format!("{}, of the one that is over", self.reached.title())
    }

    fn detail(&self) -> String {
        let Self { reached, began, call } = self;
        format!(
            "The {} that began {began} is over, and call {call} of it came to its cost only now. {}",
            reached.crossing.window.name(),
            reached.detail()
        )
    }
}

/// Hours with one decimal.
fn hours(length: Duration) -> String {
    let tenths = length.as_secs() / 360;
    format!("{}.{}", tenths / 10, tenths % 10)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Timestamp;

    fn reached(scope: Scope, window: AlertWindow, percent: u8, share: i64, used: Used) -> ThresholdReached {
        ThresholdReached {
            crossing: Crossing { scope, window, start: Timestamp::from_secs(1_795_392_000), percent },
            share,
            used,
            resets_at: Some("2026-11-24 00:00 CET".to_owned()),
        }
    }

    #[test]
    fn an_alert_says_which_how_much_until_when_and_what_to_do() {
        let used = Used::Money {
            spent: Nanodollars::new(128_500_000_000),
            unknown: Nanodollars::from_dollars(2),
            limit: Nanodollars::from_dollars(160),
        };
        let day = reached(Scope::All, AlertWindow::Day, 80, 80, used);
        assert_eq!(day.title(), "80 % of the day's limit is spent");
        assert_eq!(
            day.detail(),
            "$128.50 of $160.00 are spent (80 %, $2.00 of it counted at the most it can be). The day begins anew \
             at 2026-11-24 00:00 CET. At 95 % the brake engages and jobs wait; raise day_usd to go on, or let low \
             work wait."
        );
        let hour = reached(Scope::Agent("writer".into()), AlertWindow::Hour, 50, 61, used);
        assert_eq!(hour.title(), "50 % of the hour's limit of agent `writer` is spent");
        let leaves = "leaves the rolling hour at 2026-11-24 00:00 CET";
        assert!(hour.detail().contains(leaves), "{}", hour.detail());
        let used = Used::Hours { used: Duration::from_mins(2_430), limit: 80 };
        let week = reached(Scope::All, AlertWindow::Week, 50, 50, used);
        assert_eq!(week.title(), "50 % of the week's hours of use is reached");
        let detail = week.detail();
        assert!(detail.starts_with("calls were in flight for 40.5 of 80 hours (50 %)."), "{detail}");
    }

    #[test]
    fn what_came_late_says_of_which_window() {
        let used = Used::Money {
            spent: Nanodollars::from_dollars(90),
            unknown: Nanodollars::ZERO,
            limit: Nanodollars::from_dollars(100),
        };
        let reached = reached(Scope::All, AlertWindow::Month, 80, 90, used);
        let reached = ThresholdReached { resets_at: None, ..reached };
        let call = CallId::new(Timestamp::from_secs(1_795_442_712), 7);
        let late = LateThreshold { reached: &reached, began: "2026-11-01 00:00 UTC".to_owned(), call };
        assert_eq!(late.title(), "80 % of the month's limit is spent, of the one that is over");
        assert_eq!(
            late.detail(),
            format!(
                "The month that began 2026-11-01 00:00 UTC is over, and call {call} of it came to its cost only now. \
                 $90.00 of $100.00 are spent (90 %). At the limit jobs wait until there is room; raise it to go on, or \
                 let low work wait."
            )
        );
    }
}
