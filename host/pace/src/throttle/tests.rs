use super::*;
use anvil_budget::WindowKind;
use anvil_budget::urgency::WARM_FIRST;
use proptest::prelude::*;

fn cents(cents: i64) -> Nanodollars {
    Nanodollars::new(cents * 10_000_000)
}

fn call(cost: Nanodollars, priority: Priority, turn: PaceTurn) -> ThrottledCall<'static> {
    ThrottledCall { cost, priority, turn, model: "claude-sonnet-5-5", warm: None }
}

fn take(
    throttle: &mut Throttle,
    cost: Nanodollars,
    priority: Priority,
    now: Timestamp,
) -> Result<Charge, Throttled> {
    let turn = PaceTurn::new(priority, Timestamp::from_secs(1_000), None);
    let call = call(cost, priority, turn);
    throttle.may_go(&call, now).map(|early| throttle.goes(&call, early, now))
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
        throttle.may_go(&call(cents(1), priority, turn), now).expect_err("throttled").wait.as_secs()
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
    let normal = |number| {
        let turn = PaceTurn::new(Priority::Normal, now, job(number));
        call(cents(2), Priority::Normal, turn)
    };
    throttle.goes(&normal(0), None, now);
    for number in 1..=3 {
        let told = throttle.may_go(&normal(number), now);
        let minutes = 2 * u64::try_from(number).expect("few");
        assert_eq!(told.expect_err("throttled").wait, Duration::from_mins(minutes));
    }
    // The third comes back too early: the first two have not had their turn.
    let first = now + Duration::from_mins(2);
    assert!(throttle.may_go(&normal(3), first).is_err());
    assert!(throttle.may_go(&normal(1), first).is_ok());
    throttle.goes(&normal(1), None, first);
    // The second never comes back: it is waited for a while, and no longer.
    let second = now + Duration::from_mins(4);
    assert!(throttle.may_go(&normal(3), second).is_err());
    let later = second + COMES_BACK + Duration::from_secs(1);
    assert!(throttle.may_go(&normal(3), later).is_ok());
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
    throttle.goes(&call(cost, Priority::Normal, PaceTurn::new(Priority::Normal, begin, None)), None, begin);
    let (mut now, mut normal) = (begin, 0);
    while waiting.iter().any(|(priority, ..)| *priority == Priority::Low) {
        assert!(now < begin + Duration::from_hours(1), "{normal} normal ones went, and it waits");
        let mut gone = Vec::new();
        // Those whose time has come look again, the latest first: what counts is their turn.
        for (priority, turn, until) in waiting.iter_mut().rev().filter(|(.., until)| *until <= now) {
            let call = call(cost, *priority, *turn);
            match throttle.may_go(&call, now) {
                Ok(early) => {
                    throttle.goes(&call, early, now);
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
    let before = call(cents(10), Priority::Normal, PaceTurn::new(Priority::Normal, now, None));
    let before = slow.goes(&before, None, now);
    slow.set(throttle().burn);
    assert!(take(&mut slow, cents(5), Priority::Normal, now).is_ok());
    slow.correct(before, cents(1));
    let next = take(&mut slow, cents(1), Priority::Normal, now);
    assert_eq!(next.expect_err("throttled").wait, Duration::from_mins(5));
}

fn hundredths(of_a_cent: i64) -> Nanodollars {
    Nanodollars::new(of_a_cent * 100_000)
}

/// A prompt that is warm for so long more.
fn warm(now: Timestamp, for_more: Duration, miss: Nanodollars) -> WarmPrompt {
    WarmPrompt { beginning: [7; 32], until: now + for_more, kept: Duration::from_mins(5), miss }
}

#[test]
fn one_whose_prompt_would_be_gone_by_its_turn_goes_before_it_and_the_next_of_the_same_waits_on() {
    let (mut throttle, now) = (throttle(), Timestamp::from_secs(1_000));
    // What went out lasts eight minutes, and another waits.
    throttle.goes(&call(cents(8), Priority::Normal, PaceTurn::new(Priority::Normal, now, job(0))), None, now);
    let turn = |number| PaceTurn::new(Priority::Normal, now, job(number));
    let plain = |number| call(hundredths(25), Priority::Normal, turn(number));
    let minutes = |told: Result<_, Throttled>| told.expect_err("throttled").wait.as_secs_f64() / 60.0;
    assert!((minutes(throttle.may_go(&plain(1), now)) - 8.0).abs() < 1e-6);
    let kept = Duration::from_hours(1);
    let warm = Some(WarmPrompt { kept, ..warm(now, Duration::from_mins(4), cents(1)) });
    let fades = |number| ThrottledCall { warm, ..plain(number) };
    let early = throttle.may_go(&fades(2), now).expect("it goes");
    assert_eq!(early.map(|early| early.saves), Some(cents(1)));
    throttle.goes(&fades(2), early, now);
    // Fifteen seconds later each; and what it read is kept for the next, whose turn is in time now.
    assert!((minutes(throttle.may_go(&plain(1), now)) - 8.25).abs() < 1e-6);
    let later = now + Duration::from_mins(4);
    assert!((minutes(throttle.may_go(&fades(3), later)) - 4.5).abs() < 1e-6);
}

#[test]
fn what_goes_early_is_never_more_than_half_a_minute_of_the_burn() {
    let (mut throttle, now) = (throttle(), Timestamp::from_secs(1_000));
    throttle.goes(&call(cents(8), Priority::Normal, PaceTurn::new(Priority::Normal, now, None)), None, now);
    let fades = |number: u8, cost| {
        let turn = PaceTurn::new(Priority::Normal, now, job(u128::from(number)));
        let warm = WarmPrompt { beginning: [number; 32], ..warm(now, Duration::from_mins(4), cents(9)) };
        ThrottledCall { warm: Some(warm), ..call(cost, Priority::Normal, turn) }
    };
    assert!(throttle.may_go(&fades(1, cents(1)), now).is_err(), "a minute of it");
    let quarter = hundredths(25);
    for number in [2, 3] {
        let early = throttle.may_go(&fades(number, quarter), now);
        throttle.goes(&fades(number, quarter), early.expect("it goes"), now);
    }
    assert!(throttle.may_go(&fades(4, quarter), now).is_err(), "the half minute is spent");
}

#[test]
fn what_has_passed_a_call_is_known_however_it_waits_until_it_goes() {
    let (mut throttle, now) = (throttle(), Timestamp::from_secs(1_000));
    throttle.goes(&call(cents(8), Priority::Normal, PaceTurn::new(Priority::Normal, now, None)), None, now);
    let turn = |number| PaceTurn::new(Priority::Normal, now, job(number));
    let plain = call(hundredths(25), Priority::Normal, turn(1));
    // It is parked for the pace, passed for the money's sake, and waits for the pace again.
    throttle.waits(&plain, now + Duration::from_mins(1), now);
    let fades = ThrottledCall {
        warm: Some(warm(now, Duration::from_mins(4), cents(1))),
        ..call(hundredths(25), Priority::Normal, turn(2))
    };
    let early = throttle.may_go(&fades, now).expect("it goes");
    throttle.goes(&fades, early, now);
    let passed = Duration::from_secs(15);
    assert_eq!((early.is_some(), throttle.held_up(turn(1))), (true, passed));
    throttle.set(None);
    throttle.waits(&plain, now + Duration::from_mins(5), now);
    assert_eq!(throttle.held_up(turn(1)), passed);
    // No money after all: it waits on. Once it has gone, nothing is known.
    let charge = throttle.goes(&plain, None, now);
    assert_eq!(throttle.held_up(turn(1)), Duration::ZERO);
    throttle.correct(charge, Nanodollars::ZERO);
    assert_eq!(throttle.held_up(turn(1)), passed);
    let charge = throttle.goes(&plain, None, now);
    throttle.correct(charge, cents(1));
    assert_eq!(throttle.held_up(turn(1)), Duration::ZERO);
}

#[test]
fn where_more_wait_than_are_remembered_nobody_goes_early() {
    let (mut throttle, now) = (throttle(), Timestamp::from_secs(1_000));
    throttle.goes(&call(cents(8), Priority::Normal, PaceTurn::new(Priority::Normal, now, None)), None, now);
    let waits = |number| call(cents(1), Priority::Normal, PaceTurn::new(Priority::Normal, now, job(number)));
    let fades = |throttle: &mut Throttle, now| {
        let warm =
            Some(WarmPrompt { kept: Duration::from_hours(1), ..warm(now, Duration::from_mins(4), cents(1)) });
        let turn = PaceTurn::new(Priority::Normal, now, job(9_999));
        throttle.may_go(&ThrottledCall { warm, ..call(hundredths(25), Priority::Normal, turn) }, now).is_ok()
    };
    for number in 0..=4_096 {
        assert!(number > 4_095 || throttle.knows_all(now), "{number}");
        throttle.waits(&waits(number), now, now);
    }
    assert!(!throttle.knows_all(now) && !fades(&mut throttle, now));
    // It was told to wait for eight minutes itself.
    assert!(throttle.knows_all(now + Duration::from_mins(8) + REMEMBERED_FOR));
}

/// A call of the property below: when it comes, what it costs, for how long it is warm, and what a miss costs.
type Comer = (u64, i64, Option<(u64, i64)>);

fn comer() -> impl Strategy<Value = Comer> {
    (0..600_u64, 1..50_i64, proptest::option::of((0..400_u64, 0..90_i64)))
}

proptest! {
    #[test]
    fn nobody_goes_more_than_half_a_minute_after_what_was_told_first(
        comers in proptest::collection::vec(comer(), 1..30),
    ) {
        let (mut throttle, begin) = (Throttle::default(), Timestamp::from_secs(1_000));
        let (amount, over) = (cents(360), Duration::from_hours(1));
        throttle.set(Some(EvenBurn { window: WindowKind::Hour, amount, over }));
        let mut waiting: Vec<(Timestamp, ThrottledCall<'_>, Option<Timestamp>)> = Vec::new();
        for (number, (comes, of_ten, fades)) in (0_u8..).zip(comers) {
            let comes = begin + Duration::from_secs(comes);
            let turn = PaceTurn::new(Priority::Normal, comes, job(u128::from(number)));
            let warm = fades.map(|(fades, miss)| {
                let warm = warm(comes, Duration::from_secs(fades), hundredths(10 * miss));
                WarmPrompt { beginning: [number; 32], ..warm }
            });
            waiting.push((comes, ThrottledCall { warm, ..call(hundredths(10 * of_ten), Priority::Normal, turn) }, None));
        }
        while let Some(now) = waiting.iter().map(|(looks, ..)| *looks).min() {
            waiting.sort_by_key(|(_, call, _)| call.turn);
            let at = waiting.iter().position(|(looks, ..)| *looks == now).expect("it is the first");
            let (_, call, told) = waiting[at];
            match throttle.may_go(&call, now) {
                Ok(early) => {
                    throttle.goes(&call, early, now);
                    prop_assert!(told.is_none_or(|told| now <= told + WARM_FIRST), "{told:?}, and goes at {now}");
                    waiting.remove(at);
                }
                Err(Throttled { wait, .. }) => {
                    waiting[at].0 = now + wait;
                    waiting[at].2.get_or_insert(now + wait);
                }
            }
        }
    }
}
