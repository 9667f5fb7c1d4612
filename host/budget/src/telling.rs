//! What people are told when a threshold is crossed: which limit, how much, until when, what to do.

use crate::window::Windows;
use anvil_types::{AlertWindow, Nanodollars, Scope, Timestamp};
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

/// One line, and what to know and do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Words {
    /// One line for people.
    pub title: String,
    /// What to know and do.
    pub detail: String,
}

/// A threshold was reached. `percent` is the threshold, `share` the whole percent that are used.
pub fn of_threshold(
    scope: &Scope,
    window: AlertWindow,
    percent: u8,
    share: i64,
    used: Used,
    resets_at: Option<Timestamp>,
    windows: &Windows,
) -> Words {
    let name = window.name();
    let whose = match scope {
        Scope::All => String::new(),
        Scope::Agent(name) => format!(" of agent `{name}`"),
        Scope::ApiKey(name) => format!(" of API key `{name}`"),
    };
    let (title, amounts) = match used {
        Used::Money { spent, unknown, limit } => {
            let unknown = if unknown > Nanodollars::ZERO {
                format!(", {unknown} of it counted at the most it can be")
            } else {
                String::new()
            };
            (
                format!("{percent} % of the {name}'s limit{whose} is spent"),
                format!("{spent} of {limit} are spent ({share} %{unknown})"),
            )
        }
        Used::Hours { used, limit } => (
            format!("{percent} % of the week's hours of use is reached"),
            format!("calls were in flight for {} of {limit} hours ({share} %)", hours(used)),
        ),
    };
    let reset = match (window, resets_at) {
        (_, None) => String::new(),
        (AlertWindow::Hour, Some(at)) => {
            format!(" The first of it leaves the rolling hour at {}.", windows.local(at))
        }
        (_, Some(at)) => format!(" The {name} begins anew at {}.", windows.local(at)),
    };
    let advice = match (window, scope) {
        (AlertWindow::Week, _) => "At the limit jobs wait for the next week; raise week_hours to go on",
        (AlertWindow::Day, Scope::All) => {
            "At 95 % the brake engages and jobs wait; raise day_usd to go on, or let low work wait"
        }
        _ => "At the limit jobs wait until there is room; raise it to go on, or let low work wait",
    };
    Words { title, detail: format!("{amounts}.{reset} {advice}.") }
}

/// Hours with one decimal.
fn hours(length: Duration) -> String {
    let tenths = length.as_secs() / 360;
    format!("{}.{}", tenths / 10, tenths % 10)
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::tz::TimeZone;

    #[test]
    fn an_alert_says_which_how_much_until_when_and_what_to_do() {
        let berlin = Windows::new(TimeZone::get("Europe/Berlin").expect("the zone"));
        let midnight = "2026-11-23T23:00:00Z".parse().expect("a time");
        let used = Used::Money {
            spent: Nanodollars::new(128_500_000_000),
            unknown: Nanodollars::from_dollars(2),
            limit: Nanodollars::from_dollars(160),
        };
        let words = of_threshold(&Scope::All, AlertWindow::Day, 80, 80, used, Some(midnight), &berlin);
        assert_eq!(words.title, "80 % of the day's limit is spent");
        assert_eq!(
            words.detail,
            "$128.50 of $160.00 are spent (80 %, $2.00 of it counted at the most it can be). The day begins anew \
             at 2026-11-24 00:00 CET. At 95 % the brake engages and jobs wait; raise day_usd to go on, or let low \
             work wait."
        );
        let writer = Scope::Agent("writer".into());
        let words = of_threshold(&writer, AlertWindow::Hour, 50, 61, used, Some(midnight), &berlin);
        assert_eq!(words.title, "50 % of the hour's limit of agent `writer` is spent");
        assert!(words.detail.contains("leaves the rolling hour at 2026-11-24 00:00 CET"), "{}", words.detail);
        let used = Used::Hours { used: Duration::from_mins(2_430), limit: 80 };
        let words = of_threshold(&Scope::All, AlertWindow::Week, 50, 50, used, Some(midnight), &berlin);
        assert!(
            words.detail.starts_with("calls were in flight for 40.5 of 80 hours (50 %)."),
            "{}",
            words.detail
        );
    }
}
