//! The throttle: near a window's limit calls go out at an even burn, low priority last.

use anvil_budget::urgency::STEP;
use anvil_budget::{EvenBurn, Urgency};
use anvil_types::{JobId, Nanodollars, Priority, Timestamp};
use std::collections::BTreeMap;
use std::time::Duration;

/// Who was told to wait and has not come back so long after its time is not waited for.
const COMES_BACK: Duration = Duration::from_mins(2);
/// The most who are remembered to wait.
const MOST_AHEAD: usize = 4_096;

/// Whose turn is when: how urgent the call is, since its job's arrival, and whose it is. The same for all that a job
/// asks, and over its parks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct PaceTurn {
    urgency: Urgency,
    job: Option<JobId>,
}

impl PaceTurn {
    /// The turn of what a job asks that came at `since`; none where it is no job's.
    pub fn new(priority: Priority, since: Timestamp, job: Option<JobId>) -> Self {
        Self { urgency: Urgency::of(priority, since), job }
    }
}

/// When the next call may go out for the money's sake.
#[derive(Debug, Default)]
pub struct Throttle {
    burn: Option<EvenBurn>,
    // What has gone out lasts until then.
    lasts_until: Timestamp,
    // Those that were told to wait, parked ones too: whoever has a later turn goes after them.
    ahead: BTreeMap<PaceTurn, Waiting>,
    // Raised whenever it begins or ends to slow calls down.
    epoch: u64,
}

#[derive(Clone, Copy, Debug)]
struct Waiting {
    cost: Nanodollars,
    until: Timestamp,
}

impl Waiting {
    fn is_waited_for(&self, now: Timestamp) -> bool {
        now <= self.until + COMES_BACK
    }
}

/// What a call that went out was charged; it can be corrected while the same slowing down lasts.
#[derive(Clone, Copy, Debug)]
pub struct Charge {
    epoch: u64,
    lasts: Duration,
}

/// What a call has to wait for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Throttled {
    /// How long.
    pub wait: Duration,
    /// The burn that asks for it.
    pub burn: EvenBurn,
}

impl Throttle {
    /// Goes by this burn from now on; none: as fast as the pace lets calls go.
    pub fn set(&mut self, burn: Option<EvenBurn>) {
        if burn.is_some() != self.burn.is_some() {
            self.epoch += 1;
            self.lasts_until = Timestamp::default();
            self.ahead.clear();
        }
        self.burn = burn;
    }

    /// Whether a call of this expected cost may go, or how long it has to wait: until what went out before
    /// has lasted, and those whose turn is earlier have had theirs. Critical calls do not wait, but what
    /// they cost counts. Low ones wait until there is room for all of their cost, at most until they are as
    /// old as a step of priority is worth: from then on they have their turn as all others.
    pub fn may_go(
        &mut self,
        cost: Nanodollars,
        priority: Priority,
        turn: PaceTurn,
        now: Timestamp,
    ) -> Result<(), Throttled> {
        let Some(burn) = self.burn else { return Ok(()) };
        if priority == Priority::Critical {
            return Ok(());
        }
        let lasts = |cost: Nanodollars| burn.lasts(cost).unwrap_or(burn.over);
        let ahead = self.ahead.range(..turn).map(|(_, other)| other);
        let ahead = ahead.filter(|other| other.is_waited_for(now)).map(|other| lasts(other.cost));
        let open = ahead.fold(self.lasts_until, |until, lasts| until + lasts);
        let opens = match priority {
            Priority::Low => (open + lasts(cost)).min((turn.urgency.since() + STEP).max(open)),
            _ => open,
        };
        if opens <= now {
            return Ok(());
        }
        if self.ahead.len() >= MOST_AHEAD {
            self.ahead.retain(|_, other| other.is_waited_for(now));
        }
        if self.ahead.len() < MOST_AHEAD {
            self.ahead.insert(turn, Waiting { cost, until: opens });
        }
        Err(Throttled { wait: opens.since(now), burn })
    }

    /// A call of this expected cost goes out.
    pub fn goes(&mut self, cost: Nanodollars, turn: PaceTurn, now: Timestamp) -> Charge {
        self.ahead.remove(&turn);
        let lasts = self.burn.map_or(Duration::ZERO, |burn| burn.lasts(cost).unwrap_or(burn.over));
        if self.burn.is_some() {
            self.lasts_until = self.lasts_until.max(now) + lasts;
        }
        Charge { epoch: self.epoch, lasts }
    }

    /// A call that was let go came to this cost; nothing, where it did not go out. One that went out
    /// before calls were slowed down was charged nothing, and is charged nothing now.
    pub fn correct(&mut self, charge: Charge, real: Nanodollars) {
        if charge.epoch != self.epoch {
            return;
        }
        let Some(burn) = self.burn else { return };
        let lasts = burn.lasts(real).unwrap_or(burn.over);
        self.lasts_until = self.lasts_until - charge.lasts + lasts;
    }
}

/// What people are told of it.
pub fn sentence(burn: EvenBurn) -> String {
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
        let turn = PaceTurn::new(priority, Timestamp::from_secs(1_000), None);
        throttle.may_go(cost, priority, turn, now).map(|()| throttle.goes(cost, turn, now))
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
            let turn = PaceTurn::new(priority, now, None);
            throttle.may_go(cents(1), priority, turn, now).expect_err("throttled").wait.as_secs()
        };
        assert_eq!(wait(Priority::Low, &mut throttle), 420);
        // Whose turn is before the low one's does not wait for it; and it waits for the normal one.
        assert_eq!(wait(Priority::Normal, &mut throttle), 360);
        assert_eq!(wait(Priority::Low, &mut throttle), 480);
    }

    #[expect(clippy::unnecessary_wraps, reason = "what the throttle takes: a call may be of no job")]
    fn job(number: u128) -> Option<JobId> {
        Some(JobId::new(Timestamp::from_secs(1), number))
    }

    #[test]
    fn those_that_were_told_to_wait_go_in_their_turn_and_each_knows_its_own_time() {
        let (mut throttle, now) = (throttle(), Timestamp::from_secs(1_000));
        let turn = |number| PaceTurn::new(Priority::Normal, now, job(number));
        throttle.goes(cents(2), turn(0), now);
        for number in 1..=3 {
            let told = throttle.may_go(cents(2), Priority::Normal, turn(number), now);
            let minutes = 2 * u64::try_from(number).expect("few");
            assert_eq!(told.expect_err("throttled").wait, Duration::from_mins(minutes));
        }
        // The third comes back too early: the first two have not had their turn.
        let first = now + Duration::from_mins(2);
        assert!(throttle.may_go(cents(2), Priority::Normal, turn(3), first).is_err());
        assert!(throttle.may_go(cents(2), Priority::Normal, turn(1), first).is_ok());
        throttle.goes(cents(2), turn(1), first);
        // The second never comes back: it is waited for a while, and no longer.
        let second = now + Duration::from_mins(4);
        assert!(throttle.may_go(cents(2), Priority::Normal, turn(3), second).is_err());
        let later = second + COMES_BACK + Duration::from_secs(1);
        assert!(throttle.may_go(cents(2), Priority::Normal, turn(3), later).is_ok());
    }

    /// A stream of normal jobs that never ends, each parked until the time that it was told.
    #[test]
    fn a_low_call_has_its_turn_within_an_hour_however_many_normal_ones_come() {
        let (mut throttle, begin) = (throttle(), Timestamp::from_secs(1_000));
        // Four cents each, at a cent a minute: fifteen an hour.
        let cost = cents(4);
        let mut waiting: Vec<(Priority, PaceTurn, Timestamp)> = Vec::new();
        let mut next = 0;
        let mut come = |waiting: &mut Vec<_>, priority, now| {
            waiting.push((priority, PaceTurn::new(priority, now, job(next)), now));
            next += 1;
        };
        for _ in 0..8 {
            come(&mut waiting, Priority::Normal, begin);
        }
        come(&mut waiting, Priority::Low, begin);
        throttle.goes(cost, PaceTurn::new(Priority::Normal, begin, None), begin);
        let (mut now, mut normal) = (begin, 0);
        while waiting.iter().any(|(priority, ..)| *priority == Priority::Low) {
            assert!(now < begin + Duration::from_hours(1), "{normal} normal ones went, and it waits");
            let mut gone = Vec::new();
            // Those whose time has come look again, the latest first: what counts is their turn.
            for (priority, turn, until) in waiting.iter_mut().rev().filter(|(.., until)| *until <= now) {
                match throttle.may_go(cost, *priority, *turn, now) {
                    Ok(()) => {
                        throttle.goes(cost, *turn, now);
                        gone.push((*priority, *turn));
                    }
                    Err(throttled) => *until = now + throttled.wait,
                }
            }
            for (priority, turn) in gone {
                waiting.retain(|(_, other, _)| *other != turn);
                if priority == Priority::Normal {
                    normal += 1;
                    come(&mut waiting, Priority::Normal, now);
                }
            }
            now = now + Duration::from_secs(10);
        }
        assert!(normal >= 8, "no lower priority overtakes those that came before it: {normal}");
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
        let before = slow.goes(cents(10), PaceTurn::new(Priority::Normal, now, None), now);
        slow.set(throttle().burn);
        assert!(take(&mut slow, cents(5), Priority::Normal, now).is_ok());
        slow.correct(before, cents(1));
        let next = take(&mut slow, cents(1), Priority::Normal, now);
        assert_eq!(next.expect_err("throttled").wait, Duration::from_mins(5));
    }
}
