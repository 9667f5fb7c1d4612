//! The throttle: near a window's limit, money goes out evenly over what is left of the window.

use crate::brake::DAY_BRAKE_PERCENT;
use crate::thresholds::Share;
use crate::window::{HOUR, WindowKind};
use anvil_types::{Nanodollars, Timestamp};
use std::time::Duration;

/// How one window stands, as the throttle looks at it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Burn {
    /// Which.
    pub kind: WindowKind,
    /// Its limit.
    pub limit: Nanodollars,
    /// Settled and unknown.
    pub spent: Nanodollars,
    /// When it begins anew; not looked at for the rolling hour.
    pub resets_at: Timestamp,
}

/// An even burn: how fast money may go out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EvenBurn {
    /// The window that asks for it.
    pub window: WindowKind,
    /// So much,
    pub amount: Nanodollars,
    /// in so much time.
    pub over: Duration,
}

impl EvenBurn {
    /// How long `cost` has to last; none where nothing may go out before the window begins anew.
    pub fn lasts(self, cost: Nanodollars) -> Option<Duration> {
        if self.amount <= Nanodollars::ZERO {
            return (cost <= Nanodollars::ZERO).then_some(Duration::ZERO);
        }
        let micros = u128::from(cost.get().max(0).unsigned_abs()) * self.over.as_micros()
            / u128::from(self.amount.get().unsigned_abs());
        Some(Duration::from_micros(u64::try_from(micros).unwrap_or(u64::MAX)))
    }

    // A slower burn is one that gives less in the same time.
    fn slower_than(self, other: Self) -> bool {
        let each = |burn: Self, over: Duration| {
            i128::from(burn.amount.get()) * i128::try_from(over.as_micros()).unwrap_or(i128::MAX)
        };
        each(self, other.over) < each(other, self.over)
    }
}

/// The slowest even burn that a window at `from_percent` or above asks for: a sixtieth of the hour's
/// limit a minute; what is left of the day up to the brake's 95 %, and of the month, over the time left.
pub fn even_burn(windows: &[Burn], from_percent: u32, now: Timestamp) -> Option<EvenBurn> {
    let full = |burn: &&Burn| Share::of(burn.spent, burn.limit).is_at_least(from_percent);
    let asked = windows.iter().filter(full).map(|burn| {
        let (amount, over) = match burn.kind {
            WindowKind::Hour => (burn.limit, HOUR),
            // Past the brake's share a person has let the day go on: what is left of the limit itself lasts.
            WindowKind::Day if Share::of(burn.spent, burn.limit).is_at_least(DAY_BRAKE_PERCENT) => {
                (burn.limit.less(burn.spent), burn.resets_at.since(now))
            }
            WindowKind::Day => {
                (burn.limit.percent(DAY_BRAKE_PERCENT).less(burn.spent), burn.resets_at.since(now))
            }
            WindowKind::Month => (burn.limit.less(burn.spent), burn.resets_at.since(now)),
        };
        EvenBurn { window: burn.kind, amount, over: over.max(Duration::from_micros(1)) }
    });
    asked.reduce(|one, other| if other.slower_than(one) { other } else { one })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn usd(amount: f64) -> Nanodollars {
        Nanodollars::from_usd(amount).expect("an amount")
    }

    fn burn(kind: WindowKind, limit: f64, spent: f64, hours_left: u64) -> Burn {
        Burn {
            kind,
            limit: usd(limit),
            spent: usd(spent),
            resets_at: Timestamp::default() + Duration::from_hours(hours_left),
        }
    }

    #[test]
    fn nothing_slows_down_below_the_threshold() {
        let windows = [burn(WindowKind::Hour, 8.0, 6.39, 1), burn(WindowKind::Day, 160.0, 127.9, 5)];
        assert_eq!(even_burn(&windows, 80, Timestamp::default()), None);
    }

    #[test]
    fn the_hour_burns_a_sixtieth_a_minute() {
        let burn = even_burn(&[burn(WindowKind::Hour, 8.0, 6.4, 1)], 80, Timestamp::default());
        let burn = burn.expect("it is slowed down");
        assert_eq!(burn.lasts(usd(8.0 / 60.0)).map(|length| length.as_secs()), Some(59));
        assert_eq!(burn.lasts(usd(8.0)), Some(HOUR));
    }

    #[test]
    fn the_day_lasts_until_its_end() {
        // 152 dollars are the brake's 95 %: 12 are left for six hours.
        let windows = [burn(WindowKind::Hour, 100.0, 80.0, 1), burn(WindowKind::Day, 160.0, 140.0, 6)];
        let burn = even_burn(&windows, 80, Timestamp::default()).expect("it is slowed down");
        assert_eq!(burn.window, WindowKind::Day);
        assert_eq!(burn.lasts(usd(2.0)), Some(HOUR));
    }

    #[test]
    fn a_day_that_a_person_let_go_on_burns_towards_its_limit() {
        // Above the brake's 95 %: eight dollars are left of the limit itself.
        let windows = [burn(WindowKind::Day, 160.0, 152.0, 8)];
        let burn = even_burn(&windows, 80, Timestamp::default()).expect("it is slowed down");
        assert_eq!(burn.lasts(usd(1.0)), Some(HOUR));
    }

    #[test]
    fn nothing_goes_out_where_nothing_is_left() {
        let windows = [burn(WindowKind::Day, 160.0, 160.0, 6)];
        let burn = even_burn(&windows, 80, Timestamp::default()).expect("it is slowed down");
        assert_eq!(burn.lasts(usd(0.01)), None);
        assert_eq!(burn.lasts(Nanodollars::ZERO), Some(Duration::ZERO));
    }
}
