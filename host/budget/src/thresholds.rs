//! Thresholds: at which shares of a limit people are told, once each.
//!
//! What has been told is one number for each limit: the highest threshold reached. A spend that jumps
//! several thresholds tells of the highest alone, and the lower ones count as told with it. A threshold is
//! armed again when its window begins anew, or when the share has fallen 5 points below it: in the rolling
//! hour because time passes, in a calendar window only by a raised limit or a correction.

use anvil_types::{Nanodollars, Timestamp};

/// The shares at which people are told, in percent, rising.
pub const THRESHOLDS: [u8; 3] = [50, 80, 95];
/// How far below a threshold the share has to fall until it is armed again, in points.
pub const REARM_POINTS: u8 = 5;

/// How much of a limit is used; money, or time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Share {
    used: i64,
    limit: i64,
}

impl Share {
    /// The share of money.
    pub fn of(spent: Nanodollars, limit: Nanodollars) -> Self {
        Self { used: spent.get(), limit: limit.get() }
    }

    /// The share of time, in microseconds.
    pub fn of_micros(used: i64, limit: i64) -> Self {
        Self { used, limit }
    }

    /// Whether it is so many percent or more, exactly. A limit of nothing is always full.
    pub fn is_at_least(self, percent: impl Into<i128>) -> bool {
        i128::from(self.used) * 100 >= i128::from(self.limit) * percent.into()
    }

    /// The whole percent that are used, rounded down.
    pub fn percent(self) -> i64 {
        if self.limit <= 0 {
            return 100;
        }
        i64::try_from(i128::from(self.used) * 100 / i128::from(self.limit)).unwrap_or(i64::MAX)
    }

    /// The highest threshold that is reached, 0 for none. Where nothing is used, none is.
    pub fn level(self) -> u8 {
        let reached = |percent: &u8| self.used > 0 && self.is_at_least(*percent);
        THRESHOLDS.into_iter().rev().find(reached).unwrap_or(0)
    }
}

/// What people have been told of a limit: kept over restarts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Watch {
    /// The first instant of the window's instance; of the rolling hour the minute of the last crossing.
    pub start: Timestamp,
    /// The highest threshold that has been told, and is not armed again; 0 for none.
    pub level: u8,
}

/// What a look at a limit calls for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WatchChange {
    /// What has been told now.
    pub watch: Watch,
    /// Alerts of thresholds above this one have lost their cause; none where it is what it was.
    pub resolve_above: Option<u8>,
    /// The threshold to tell of.
    pub fire: Option<u8>,
}

/// Looks at one limit. `instance` is the first instant of the calendar window's instance, and none for
/// the rolling hour; `share` is none where there is no limit any more. Nothing where nothing changes.
pub fn look(
    before: Watch,
    instance: Option<Timestamp>,
    minute: Timestamp,
    share: Option<Share>,
) -> Option<WatchChange> {
    let began_anew = instance.is_some_and(|start| start != before.start);
    let level = share.map_or(0, Share::level);
    // The common case first: nothing told, nothing to tell.
    if before.level == 0 && level == 0 {
        return None;
    }
    let mut told = if began_anew || share.is_none() { 0 } else { before.level };
    if let Some(share) = share {
        while told > level && !share.is_at_least(told - REARM_POINTS) {
            told = below(told);
        }
    }
    let resolve_above = (told < before.level).then_some(told);
    let fire = (level > told).then_some(level);
    if resolve_above.is_none() && fire.is_none() {
        return None;
    }
    let start = match (instance, fire) {
        (Some(start), _) => start,
        (None, Some(_)) => minute,
        (None, None) => before.start,
    };
    Some(WatchChange { watch: Watch { start, level: fire.unwrap_or(told) }, resolve_above, fire })
}

/// The next lower threshold, 0 where there is none.
fn below(threshold: u8) -> u8 {
    THRESHOLDS.into_iter().rev().find(|lower| *lower < threshold).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: Timestamp = Timestamp::from_secs(86_400);
    const NEXT: Timestamp = Timestamp::from_secs(2 * 86_400);
    const NOON: Timestamp = Timestamp::from_secs(86_400 + 43_200);

    /// What is told and resolved as a limit of 100 is used, step by step.
    fn told(steps: &[(Option<Timestamp>, i64)]) -> Vec<(Option<u8>, Option<u8>)> {
        let mut watch = Watch::default();
        let mut told = Vec::new();
        for (instance, used) in steps {
            match look(watch, *instance, NOON, Some(Share { used: *used, limit: 100 })) {
                Some(change) => {
                    watch = change.watch;
                    told.push((change.resolve_above, change.fire));
                }
                None => told.push((None, None)),
            }
        }
        told
    }

    #[test]
    fn each_threshold_is_told_once() {
        let day = |used| (Some(DAY), used);
        assert_eq!(
            told(&[day(49), day(50), day(51), day(79), day(80), day(94), day(95), day(120)]),
            [
                (None, None),
                (None, Some(50)),
                (None, None),
                (None, None),
                (None, Some(80)),
                (None, None),
                (None, Some(95)),
                (None, None)
            ]
        );
    }

    #[test]
    fn a_jump_over_several_tells_of_the_highest_alone() {
        assert_eq!(told(&[(Some(DAY), 97), (Some(DAY), 98)]), [(None, Some(95)), (None, None)]);
    }

    #[test]
    fn the_rolling_hour_is_armed_again_five_points_below() {
        let hour = |used| (None, used);
        assert_eq!(
            told(&[hour(80), hour(75), hour(80), hour(74), hour(80), hour(44), hour(97)]),
            [
                (None, Some(80)),
                (None, None),
                (None, None),
                (Some(50), None),
                (None, Some(80)),
                (Some(0), None),
                (None, Some(95))
            ]
        );
    }

    #[test]
    fn a_window_that_begins_anew_is_told_of_anew() {
        assert_eq!(
            told(&[(Some(DAY), 97), (Some(NEXT), 0), (Some(NEXT), 50)]),
            [(None, Some(95)), (Some(0), None), (None, Some(50))]
        );
        // And where the new one is full already, by a limit that was lowered at once.
        assert_eq!(told(&[(Some(DAY), 97), (Some(NEXT), 95)]), [(None, Some(95)), (Some(0), Some(95))]);
    }

    #[test]
    fn a_limit_that_is_gone_resolves_what_it_told() {
        let watch = Watch { start: DAY, level: 80 };
        let change = look(watch, Some(DAY), NOON, None);
        let watch = Watch { start: DAY, level: 0 };
        assert_eq!(change, Some(WatchChange { watch, resolve_above: Some(0), fire: None }));
        assert_eq!(look(watch, Some(DAY), NOON, None), None);
    }

    #[test]
    fn a_limit_of_nothing_is_full_but_tells_of_nothing() {
        let nothing = Share::of(Nanodollars::ZERO, Nanodollars::ZERO);
        assert!(nothing.is_at_least(95));
        assert_eq!(look(Watch::default(), Some(DAY), NOON, Some(nothing)), None);
    }
}
