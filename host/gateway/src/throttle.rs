//! The throttle: near a window's limit calls go out at an even burn, low priority last.

use anvil_budget::EvenBurn;
use anvil_types::{Nanodollars, Priority, Timestamp};
use std::time::Duration;

/// When the next call may go out for the money's sake.
#[derive(Debug, Default)]
pub(crate) struct Throttle {
    burn: Option<EvenBurn>,
    // What has gone out lasts until then.
    lasts_until: Timestamp,
    // Raised whenever it begins or ends to slow calls down.
    epoch: u64,
}

/// What a call that went out was charged; it can be corrected while the same slowing down lasts.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Charge {
    epoch: u64,
    lasts: Duration,
}

/// What a call has to wait for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Throttled {
    /// How long.
    pub wait: Duration,
    /// The burn that asks for it.
    pub burn: EvenBurn,
}

impl Throttle {
    /// Goes by this burn from now on; none: as fast as the pace lets calls go.
    pub(crate) fn set(&mut self, burn: Option<EvenBurn>) {
        if burn.is_some() != self.burn.is_some() {
            self.epoch += 1;
            self.lasts_until = Timestamp::default();
        }
        self.burn = burn;
    }

    /// Whether a call of this expected cost may go, or how long it has to wait. Critical calls do not
    /// wait, but what they cost counts; low ones wait until there is room for all of their cost.
    pub(crate) fn may_go(
        &self,
        cost: Nanodollars,
        priority: Priority,
        now: Timestamp,
    ) -> Result<(), Throttled> {
        let Some(burn) = self.burn else { return Ok(()) };
        let opens = match priority {
            Priority::Critical => now,
            Priority::High | Priority::Normal => self.lasts_until,
            Priority::Low => self.lasts_until + burn.lasts(cost).unwrap_or(burn.over),
        };
        if opens > now { Err(Throttled { wait: opens.since(now), burn }) } else { Ok(()) }
    }

    /// A call of this expected cost goes out.
    pub(crate) fn goes(&mut self, cost: Nanodollars, now: Timestamp) -> Charge {
        let lasts = self.burn.map_or(Duration::ZERO, |burn| burn.lasts(cost).unwrap_or(burn.over));
        if self.burn.is_some() {
            self.lasts_until = self.lasts_until.max(now) + lasts;
        }
        Charge { epoch: self.epoch, lasts }
    }

    /// A call that was let go came to this cost; nothing, where it did not go out. One that went out
    /// before calls were slowed down was charged nothing, and is charged nothing now.
    pub(crate) fn correct(&mut self, charge: Charge, real: Nanodollars) {
        if charge.epoch != self.epoch {
            return;
        }
        let Some(burn) = self.burn else { return };
        let lasts = burn.lasts(real).unwrap_or(burn.over);
        self.lasts_until = self.lasts_until - charge.lasts + lasts;
    }
}

/// What people are told of it.
pub(crate) fn sentence(burn: EvenBurn) -> String {
    format!(
        "the {}'s limit is nearly spent, so calls go out evenly over what is left of it (pressure.throttle); raise \
         it, or wait",
        burn.window.name()
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use anvil_budget::WindowKind;

    fn cents(cents: i64) -> Nanodollars {
        Nanodollars::new(cents * 10_000_000)
    }

    fn take(
        throttle: &mut Throttle,
        cost: Nanodollars,
        priority: Priority,
        now: Timestamp,
    ) -> Result<Charge, Throttled> {
        throttle.may_go(cost, priority, now).map(|()| throttle.goes(cost, now))
    }

    // A cent a minute.
    fn throttle() -> Throttle {
        let mut throttle = Throttle::default();
        throttle.set(Some(EvenBurn {
            window: WindowKind::Hour,
            amount: cents(60),
            over: Duration::from_hours(1),
        }));
        throttle
    }

    #[test]
    fn what_goes_out_lasts_as_long_as_the_burn_says() {
        let (mut throttle, mut now) = (throttle(), Timestamp::from_secs(1_000));
        let mut gone = 0;
        let end = now + Duration::from_hours(1);
        while now < end {
            match take(&mut throttle, cents(2), Priority::Normal, now) {
                Ok(_) => gone += 2,
                Err(throttled) => now = now + throttled.wait,
            }
        }
        assert_eq!(gone, 60);
    }

    #[test]
    fn low_calls_wait_first_and_critical_ones_not_at_all() {
        let (mut throttle, now) = (throttle(), Timestamp::from_secs(1_000));
        assert!(take(&mut throttle, cents(1), Priority::Normal, now).is_ok());
        assert!(take(&mut throttle, cents(5), Priority::Critical, now).is_ok());
        let wait = |priority, throttle: &mut Throttle| {
            throttle.may_go(cents(1), priority, now).expect_err("throttled").wait.as_secs()
        };
        assert_eq!(wait(Priority::Normal, &mut throttle), 360);
        assert_eq!(wait(Priority::Low, &mut throttle), 420);
    }

    #[test]
    fn an_estimate_is_corrected() {
        let (mut throttle, now) = (throttle(), Timestamp::from_secs(1_000));
        let later = now + Duration::from_mins(1);
        let charge = take(&mut throttle, cents(10), Priority::Normal, now).expect("goes");
        throttle.correct(charge, cents(1));
        let charge = take(&mut throttle, cents(1), Priority::Normal, later).expect("goes");
        throttle.correct(charge, cents(3));
        let next = take(&mut throttle, cents(1), Priority::Normal, later);
        assert_eq!(next.expect_err("throttled").wait, Duration::from_mins(3));
    }

    #[test]
    fn what_went_out_before_the_throttle_corrects_nobody_elses_charge() {
        let now = Timestamp::from_secs(1_000);
        let mut slow = Throttle::default();
        let before = slow.goes(cents(10), now);
        slow.set(throttle().burn);
        assert!(take(&mut slow, cents(5), Priority::Normal, now).is_ok());
        slow.correct(before, cents(1));
        let next = take(&mut slow, cents(1), Priority::Normal, now);
        assert_eq!(next.expect_err("throttled").wait, Duration::from_mins(5));
    }
}
