//! When a window will be full at the rate of the last minutes, and what the pressure does.
//!
//! The rate of the hour is that of the last 15 minutes; of day and month, that of the last 60. The hour
//! is rolling, so what it has is let go minute by minute while the rate adds to it.

use crate::window::{WindowKind, Windows};
use anvil_types::{Nanodollars, Timestamp};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// The share of a limit that is told ahead, in percent: where the day's brake engages.
pub const FORECAST_PERCENT: u32 = crate::brake::DAY_BRAKE_PERCENT;
/// From how many minutes with any spend on a rate means something.
const ENOUGH_MINUTES: usize = 3;
const MINUTE: Duration = Duration::from_mins(1);

/// When a window will be at 95 % of its limit, if calls go on as they did.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case", tag = "outcome")]
pub enum Forecast {
    /// Too little was spent lately to say.
    TooLittle,
    /// It is there already.
    Reached,
    /// At this time.
    At {
        /// The minute.
        at: Timestamp,
    },
    /// Not before the window begins anew; the rolling hour never at this rate.
    NotBeforeReset,
}

/// A window that is looked ahead.
#[derive(Clone, Copy, Debug)]
pub struct Ahead<'a> {
    /// Which.
    pub kind: WindowKind,
    /// Settled and unknown in it.
    pub spent: Nanodollars,
    /// Its limit.
    pub limit: Nanodollars,
    /// When it begins anew; says nothing of the rolling hour.
    pub resets_at: Timestamp,
    /// What was spent in each minute of the last hour in which anything was, the oldest first.
    pub minutes: &'a [(Timestamp, Nanodollars)],
}

/// Looks ahead.
pub fn forecast(window: &Ahead<'_>, now: Timestamp) -> Forecast {
    let goal = window.limit.percent(FORECAST_PERCENT);
    if window.spent >= goal {
        return Forecast::Reached;
    }
    let basis = match window.kind {
        WindowKind::Hour => 15,
        WindowKind::Day | WindowKind::Month => 60,
    };
    let since = now - MINUTE * basis;
    let lately: Vec<Nanodollars> =
        window.minutes.iter().filter(|(start, _)| *start > since).map(|(_, spent)| *spent).collect();
    let burnt: Nanodollars = lately.iter().copied().sum();
    if lately.len() < ENOUGH_MINUTES || burnt <= Nanodollars::ZERO {
        return Forecast::TooLittle;
    }
    let added = |minutes: i128| {
        let added = i128::from(burnt.get()) * minutes / i128::from(basis);
        Nanodollars::new(i64::try_from(added).unwrap_or(i64::MAX))
    };
    if window.kind == WindowKind::Hour {
        // A minute counts until its last instant is an hour old; after that the rate alone is left.
        let at = |ahead: u32| now + MINUTE * ahead;
        let full = (1..=61).find(|ahead| {
            let first = Windows::first_bucket(at(*ahead));
            let left: Nanodollars =
                window.minutes.iter().filter(|(start, _)| *start >= first).map(|(_, spent)| *spent).sum();
            left + added((*ahead).into()) >= goal
        });
        return full.map_or(Forecast::NotBeforeReset, |ahead| Forecast::At { at: at(ahead) });
    }
    let missing = i128::from(goal.less(window.spent).get());
    let burnt = i128::from(burnt.get());
    let minutes = (missing * i128::from(basis) + burnt - 1) / burnt;
    let length = u32::try_from(minutes).ok().and_then(|minutes| MINUTE.checked_mul(minutes));
    match length.map(|length| now + length) {
        Some(at) if at < window.resets_at => Forecast::At { at },
        _ => Forecast::NotBeforeReset,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Noon, half a minute into it.
    const NOON: Timestamp = Timestamp::from_secs(1_795_435_230);

    fn cents(cents: i64) -> Nanodollars {
        Nanodollars::new(cents * 10_000_000)
    }

    /// So many cents in each of the last minutes, this one not counted.
    fn steady(minutes: u32, each: i64) -> Vec<(Timestamp, Nanodollars)> {
        (1..=minutes).rev().map(|ago| (Windows::bucket(NOON - MINUTE * ago), cents(each))).collect()
    }

    fn look(
        kind: WindowKind,
        spent: i64,
        limit: i64,
        hours: u64,
        minutes: &[(Timestamp, Nanodollars)],
    ) -> Forecast {
        let resets_at = NOON + Duration::from_hours(hours);
        forecast(&Ahead { kind, spent: cents(spent), limit: cents(limit), resets_at, minutes }, NOON)
    }

    fn in_minutes(minutes: u32) -> Forecast {
        Forecast::At { at: NOON + MINUTE * minutes }
    }

    #[test]
    fn a_day_is_told_by_the_last_hour() {
        // 10 cents a minute. The day's goal is 95 of 100 dollars.
        let hour = steady(59, 10);
        for (spent, hours, expected) in [
            // 590 cents in 60 minutes: 4,500 cents more take 457.6 minutes.
            (5_000, 12, in_minutes(458)),
            (5_000, 8, in_minutes(458)),
            (5_000, 7, Forecast::NotBeforeReset),
            (9_499, 12, in_minutes(1)),
            (9_500, 12, Forecast::Reached),
            (20_000, 12, Forecast::Reached),
        ] {
            assert_eq!(look(WindowKind::Day, spent, 10_000, hours, &hour), expected, "{spent} {hours}");
        }
        assert_eq!(look(WindowKind::Month, 5_000, 10_000, 300, &hour), in_minutes(458));
    }

    #[test]
    fn nothing_is_said_when_there_is_too_little_to_go_by() {
        for (kind, minutes) in [
            (WindowKind::Day, steady(0, 10)),
            (WindowKind::Day, steady(2, 10)),
            (WindowKind::Month, steady(2, 1_000)),
            // All of it is older than the last quarter of an hour.
            (WindowKind::Hour, steady(59, 10).into_iter().take(40).collect()),
        ] {
            assert_eq!(look(kind, 590, 100_000, 12, &minutes), Forecast::TooLittle, "{kind:?}");
        }
    }

    #[test]
    fn the_hour_lets_go_of_what_it_had() {
        // At one rate for an hour the hour is steady: what comes is what goes.
        let hour = steady(60, 10);
        assert_eq!(look(WindowKind::Hour, 600, 1_000, 1, &hour), Forecast::NotBeforeReset);
        // 14 minutes at 10 cents, nothing before: 140 of 15 minutes go on, nothing goes for 46 minutes.
        let begun = steady(14, 10);
        assert_eq!(look(WindowKind::Hour, 140, 400, 1, &begun), in_minutes(26));
        // The old minutes leave before the new ones fill it: 61 × 9.33 cents stay below 6 dollars.
        assert_eq!(look(WindowKind::Hour, 140, 700, 1, &begun), Forecast::NotBeforeReset);
        // A rate that is above the goal by itself fills it, though all that was there leaves.
        let faster: Vec<_> = steady(60, 1).into_iter().take(45).chain(steady(14, 20)).collect();
        assert_eq!(look(WindowKind::Hour, 325, 1_100, 1, &faster), in_minutes(41));
    }

    #[test]
    fn a_limit_of_nothing_is_reached() {
        assert_eq!(look(WindowKind::Hour, 0, 0, 1, &[]), Forecast::Reached);
    }
}
