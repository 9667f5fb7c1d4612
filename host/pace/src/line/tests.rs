use super::*;
use crate::pace::Spent;
use anvil_budget::{AnswerKind, Estimate, WindowKind};
use anvil_types::{Clock as _, DrivenClock, JobId, Limits, SystemClock};
use std::sync::Arc;

/// A call of the line that is known by a number.
#[derive(Clone, Debug, PartialEq)]
struct Caller {
    number: u64,
    priority: Priority,
    model: &'static str,
    warm: Option<WarmPrompt>,
}

const SINCE: Timestamp = Timestamp::from_secs(1_795_000_000);

fn caller(number: u64) -> Caller {
    Caller { number, priority: Priority::Normal, model: "claude-sonnet-5-5", warm: None }
}

impl InLine for Caller {
    fn place(&self) -> LinePlace {
        LinePlace::new(self.priority, SINCE, self.number)
    }
    fn turn(&self) -> PaceTurn {
        PaceTurn::new(self.priority, SINCE, Some(JobId::new(SINCE, u128::from(self.number))))
    }
    fn priority(&self) -> Priority {
        self.priority
    }
    fn cost(&self) -> Nanodollars {
        Nanodollars::from_dollars(1)
    }
    fn model(&self) -> &str {
        self.model
    }
    fn expected(&self) -> Expected {
        let sure = |tokens| Estimate { tokens, spread: 0 };
        let kind = AnswerKind::of("a", self.model, 1_000);
        Expected { input: sure(100), output: sure(1_000), most_output: 1_000, kind }
    }
    fn warm(&self) -> Option<WarmPrompt> {
        self.warm
    }
}

struct Bench {
    line: Line<Caller>,
    pace: Pace,
    throttle: Throttle,
    clock: Arc<DrivenClock>,
}

fn bench(requests: u32, output: u32) -> Bench {
    bench_with(requests, output, requests)
}

fn bench_with(requests: u32, output: u32, burst: u32) -> Bench {
    let clock = Arc::new(DrivenClock::new(SystemClock::new()));
    let limits = Limits {
        hour_usd: Nanodollars::MAX,
        day_usd: Nanodollars::MAX,
        month_usd: Nanodollars::MAX,
        week_hours: 168,
        job_usd: Nanodollars::MAX,
        requests_per_minute: requests,
        input_tokens_per_minute: 1_000_000,
        output_tokens_per_minute: output,
        max_input_tokens: 1_000,
        max_output_tokens: 1_000,
        agents_min: 1,
        agents_max: 1,
        queue_max: 1,
    };
    let pace = Pace::new(&limits, burst, &[], clock.clone());
    clock.advance(Duration::from_mins(2));
    Bench { line: Line::new(Duration::from_secs(30)), pace, throttle: Throttle::default(), clock }
}

impl Bench {
    fn pump(&mut self) -> Vec<(u64, &'static str)> {
        let pumped = self.line.pump(&mut self.pace, &mut self.throttle, self.clock.now());
        let told = |step: LineStep<Caller>| match step {
            LineStep::Try(waiter, _) => (waiter.number, "tries"),
            LineStep::Throttled { waiter, .. } => (waiter.number, "throttled"),
            LineStep::Paced { waiter, .. } => (waiter.number, "paced"),
        };
        pumped.steps.into_iter().map(told).collect()
    }
}

#[test]
fn a_pool_without_pace_holds_back_its_own_calls_alone() {
    let mut bench = bench(1_000, 2_000);
    for number in 0..3 {
        bench.line.enter(caller(number));
    }
    bench.line.enter(Caller { model: "claude-opus-5-5", ..caller(3) });
    // Two of them use up a minute's tokens.
    assert_eq!(bench.pump(), [(0, "tries"), (1, "tries"), (3, "tries")]);
    assert_eq!(bench.line.len(), 1);
    assert!(matches!(bench.line.head(), Some(LineHead::Paced(_))));
}

#[test]
fn once_money_was_refused_one_is_tried_at_a_time_and_none_until_there_is_room() {
    let mut bench = bench(1_000, 1_000_000);
    for number in 0..3 {
        bench.line.enter(caller(number));
    }
    assert_eq!(bench.pump().len(), 3);
    bench.line.tried();
    bench.line.refused(caller(0), LimitName::HOUR, false);
    assert_eq!(bench.line.head(), Some(LineHead::Holds(LimitName::HOUR)));
    assert_eq!(bench.pump(), [], "nothing overtakes the head");
    bench.line.room();
    assert_eq!(bench.pump(), [], "two still try");
    bench.line.tried();
    bench.line.tried();
    bench.line.enter(caller(7));
    assert_eq!(bench.pump(), [(0, "tries")]);
}

#[test]
fn a_refusal_from_before_room_was_made_says_nothing() {
    let mut bench = bench(1_000, 1_000_000);
    bench.line.enter(caller(0));
    assert_eq!(bench.pump().len(), 1);
    bench.line.tried();
    bench.line.refused(caller(0), LimitName::HOUR, true);
    assert_eq!(bench.pump(), [(0, "tries")]);
}

#[test]
fn a_limit_of_its_own_sets_a_call_aside_and_others_go_on() {
    let mut bench = bench(1_000, 1_000_000);
    bench.line.enter(caller(0));
    assert_eq!(bench.pump().len(), 1);
    bench.line.tried();
    bench.line.refused(caller(0), LimitName::Job, false);
    assert_eq!(bench.line.head(), Some(LineHead::OwnHolds));
    bench.line.enter(caller(1));
    assert_eq!(bench.pump(), [(1, "tries")]);
    bench.line.tried();
    assert!(!bench.line.is_empty());
    bench.line.room();
    assert_eq!(bench.pump(), [(0, "tries")]);
}

#[test]
fn who_would_wait_too_long_for_throttle_or_pace_leaves() {
    let mut bench = bench(1_000, 1_000_000);
    // A dollar an hour: the second call of a dollar waits an hour.
    let burn = EvenBurn {
        window: WindowKind::Hour,
        amount: Nanodollars::from_dollars(1),
        over: Duration::from_hours(1),
    };
    bench.throttle.set(Some(burn));
    bench.line.enter(caller(0));
    bench.line.enter(caller(1));
    assert_eq!(bench.pump(), [(0, "tries"), (1, "throttled")]);

    let mut bench = self::bench(2, 1_000_000);
    for number in 0..5 {
        bench.line.enter(caller(number));
    }
    // Two requests a minute: the turns of the next two are within half a minute, that of the fifth is not.
    let steps = bench.pump();
    assert_eq!(steps, [(0, "tries"), (1, "tries"), (4, "paced")]);
}

fn fades(number: u64, until: Duration, now: Timestamp) -> Caller {
    let miss = Nanodollars::new(1_000 + i64::try_from(number).expect("few"));
    let beginning = [u8::try_from(number).expect("few"); 32];
    let kept = Duration::from_mins(5);
    let warm = Some(WarmPrompt { beginning, until: now + until, kept, miss });
    Caller { warm, ..caller(number) }
}

/// Twelve requests a minute, five seconds apart; one has just gone out.
fn tight() -> Bench {
    let mut bench = bench_with(12, 1_000_000, 1);
    bench.pace.take(caller(0).model, caller(0).expected()).expect("the first");
    bench
}

impl Bench {
    fn fades(&self, number: u64, seconds: u64) -> Caller {
        fades(number, Duration::from_secs(seconds), self.clock.now())
    }

    /// Who goes out in the next so many seconds, and who is let go.
    fn go_on(&mut self, seconds: u64) -> Vec<(u64, &'static str)> {
        let mut gone = Vec::new();
        for _ in 0..seconds * 10 {
            self.clock.advance(Duration::from_millis(100));
            gone.extend(self.pump());
        }
        gone
    }
}

fn all_try<const N: usize>(numbers: [u64; N]) -> [(u64, &'static str); N] {
    numbers.map(|number| (number, "tries"))
}

#[test]
fn one_whose_prompt_would_be_gone_by_its_turn_goes_first_and_nobody_else_changes_places() {
    let order = |warm_for: Option<u64>| {
        let mut bench = tight();
        for number in 1..=6 {
            let fades = warm_for.filter(|_| number == 5).map(|seconds| bench.fades(number, seconds));
            bench.line.enter(fades.unwrap_or_else(|| caller(number)));
        }
        bench.go_on(40)
    };
    assert_eq!(order(None), all_try([1, 2, 3, 4, 5, 6]));
    assert_eq!(order(Some(17)), all_try([5, 1, 2, 3, 4, 6]));
    assert_eq!(order(Some(40)), all_try([1, 2, 3, 4, 5, 6]), "its turn is in time");
    assert_eq!(order(Some(4)), all_try([1, 2, 3, 4, 5, 6]), "it is gone before anybody may go");
}

#[test]
fn nobody_more_urgent_is_passed_and_nobody_for_more_than_half_a_minute() {
    for (priority, place) in [(Priority::Normal, 6), (Priority::High, 0)] {
        let mut bench = tight();
        bench.line.enter(Caller { priority, ..caller(1) });
        let mut gone = Vec::new();
        // In each five seconds another comes whose prompt is gone in seven.
        for number in 2..12 {
            bench.line.enter(bench.fades(number, 7));
            gone.extend(bench.go_on(5));
        }
        assert_eq!(gone.iter().position(|(number, _)| *number == 1), Some(place), "{gone:?}");
    }
}

#[test]
fn of_those_with_one_prompt_the_first_keeps_it_for_the_others() {
    let mut bench = tight();
    for number in 1..=6 {
        let same = |caller: Caller| Caller { number, ..caller };
        let fades = (number >= 5).then(|| same(bench.fades(5, 17)));
        bench.line.enter(fades.unwrap_or_else(|| caller(number)));
    }
    assert_eq!(bench.go_on(40), all_try([5, 1, 2, 3, 4, 6]));
}

#[test]
fn who_may_still_go_before_its_turn_is_not_let_go_for_waiting_too_long() {
    let mut bench = tight();
    for number in 1..=9 {
        // The turns of the last two are after half a minute.
        let fades = (number == 8).then(|| bench.fades(number, 20));
        bench.line.enter(fades.unwrap_or_else(|| caller(number)));
    }
    let gone = bench.go_on(6);
    assert_eq!(gone, [(9, "paced"), (8, "tries")]);
}

/// How many early ones passed each of `ordinary` callers until it went, of `all` callers that come one each so many seconds and
/// whose prompts are gone soon; whoever is let go comes back when its turn was told to be, and so much later.
fn passed(bench: &mut Bench, ordinary: u64, all: u64, late: Duration) -> Vec<u64> {
    let (mut waits, mut passed) = (BTreeSet::new(), vec![0; usize::try_from(ordinary).expect("few")]);
    let mut parked: Vec<(Timestamp, Caller)> = Vec::new();
    let mut next = 0;
    for tenth in 0..60_000 {
        while next < ordinary || (next < all && tenth >= (next - ordinary) * 150) {
            let comes = if next < ordinary { caller(next) } else { bench.fades(next, 40) };
            bench.line.enter(comes);
            waits.insert(next);
            next += 1;
        }
        let now = bench.clock.now();
        for (_, back) in parked.extract_if(.., |(until, _)| *until + late <= now) {
            bench.line.enter(back);
        }
        for step in bench.line.pump(&mut bench.pace, &mut bench.throttle, now).steps {
            match step {
                LineStep::Try(caller, taken) => {
                    waits.remove(&caller.number);
                    if taken.early.is_some() {
                        for other in waits.iter().filter(|other| **other < ordinary.min(caller.number)) {
                            passed[usize::try_from(*other).expect("few")] += 1;
                        }
                    }
                    bench.pace.ended(taken.ticket, &Spent::Refused);
                    bench.line.tried();
                }
                LineStep::Paced { waiter, until } => parked.push((until, waiter)),
                LineStep::Throttled { .. } => unreachable!("money is plenty"),
            }
        }
        if next == all && waits.is_empty() {
            return passed;
        }
        bench.clock.advance(Duration::from_millis(100));
    }
    panic!("{} wait", waits.len());
}

#[test]
fn nobody_is_held_up_by_more_than_half_a_minute_over_its_parks() {
    for late in [0, 20, 200] {
        // Four requests a minute, so that each that passes takes a quarter of one.
        let mut bench = bench_with(4, 1_000_000, 1);
        bench.pace.take(caller(0).model, caller(0).expected()).expect("the first");
        let passed = passed(&mut bench, 40, 80, Duration::from_secs(late));
        assert!(passed.iter().all(|times| *times <= 2), "{late}: {passed:?}");
        assert!(passed.contains(&2), "some go early: {passed:?}");
    }
}

#[test]
fn nobody_of_another_priority_is_passed_while_it_is_parked() {
    for parks in [false, true] {
        let mut bench = tight();
        let high = |number| Caller { priority: Priority::High, ..caller(number) };
        // The turn of the eighth is after half a minute.
        for number in 1..=if parks { 8 } else { 7 } {
            bench.line.enter(high(number));
        }
        let gone = bench.go_on(37);
        assert_eq!(gone.contains(&(8, "paced")), parks, "{gone:?}");
        bench.line.enter(caller(10));
        bench.line.enter(bench.fades(11, 7));
        let order = if parks { all_try([10, 11]) } else { all_try([11, 10]) };
        assert_eq!(bench.go_on(15), order);
    }
}

#[test]
fn a_call_that_was_passed_and_found_no_money_is_not_passed_anew() {
    let mut bench = tight();
    bench.line.enter(caller(1));
    let mut gone = Vec::new();
    for number in 2..8 {
        bench.line.enter(bench.fades(number, 7));
        gone.extend(bench.go_on(5));
    }
    assert_eq!(gone, all_try([2, 3, 4, 5, 6, 7]), "half a minute");
    bench.line.enter(bench.fades(8, 7));
    let steps = loop {
        bench.clock.advance(Duration::from_millis(100));
        let now = bench.clock.now();
        let Pumped { steps, .. } = bench.line.pump(&mut bench.pace, &mut bench.throttle, now);
        if !steps.is_empty() {
            break steps;
        }
    };
    let [LineStep::Try(waiter, taken)] = &steps[..] else { panic!("{steps:?}") };
    assert_eq!(waiter.number, 1);
    bench.pace.give_back(taken.ticket);
    bench.throttle.correct(taken.charge, Nanodollars::ZERO);
    bench.line.tried();
    bench.line.refused(waiter.clone(), LimitName::Job, true);
    bench.line.enter(bench.fades(9, 7));
    assert_eq!(bench.go_on(6)[0], (1, "tries"));
}
