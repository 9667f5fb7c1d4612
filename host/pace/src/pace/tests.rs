use super::*;
use crate::told::ToldBucket;
use anvil_types::{DrivenClock, Nanodollars, SystemClock, Usage};

const MODEL: &str = "claude-sonnet-5-5";

fn limits(requests: u32, input: u32, output: u32) -> Limits {
    Limits {
        hour_usd: Nanodollars::MAX,
        day_usd: Nanodollars::MAX,
        month_usd: Nanodollars::MAX,
        week_hours: 168,
        job_usd: Nanodollars::MAX,
        requests_per_minute: requests,
        input_tokens_per_minute: input,
        output_tokens_per_minute: output,
        max_input_tokens: input,
        max_output_tokens: output,
        agents_min: 1,
        agents_max: 1,
        queue_max: 1,
    }
}

fn sure(tokens: u64) -> Estimate {
    Estimate { tokens, spread: 0 }
}

fn expected(input: u64, output: u64) -> Expected {
    Expected { input: sure(input), output: sure(output), most_output: 2_000, kind: kind("a") }
}

fn kind(agent: &str) -> AnswerKind {
    AnswerKind::of(agent, MODEL, 2_000)
}

fn usage(input: u64, output: u64) -> Usage {
    Usage { input_tokens: input, output_tokens: output, ..Usage::default() }
}

fn pace(limits: &Limits, burst: u32, recent: &[Recent]) -> (Pace, Arc<DrivenClock>) {
    let clock = Arc::new(DrivenClock::new(SystemClock::new()));
    (Pace::new(limits, burst, recent, clock.clone()), clock)
}

fn told(limit: u64, remaining: u64) -> Told {
    let bucket = Some(ToldBucket { limit, remaining, reset: None });
    Told { buckets: [None, bucket, None], retry_after: None }
}

// Full demand for an hour of driven time, each call answered at once; when each was taken.
fn demand(limits: &Limits, input: u64, output: u64, burst: u32) -> Vec<Timestamp> {
    let (mut pace, clock) = pace(limits, burst, &[]);
    let end = clock.now() + Duration::from_hours(1);
    let mut sent = Vec::new();
    while clock.now() < end {
        match pace.take(MODEL, expected(input, output)) {
            Ok(ticket) => {
                sent.push(clock.now());
                pace.ended(ticket, &Spent::Usage(&usage(input, output), &[]));
            }
            Err(refusal) => {
                clock.advance(refusal.wait.expect("nothing is under way"));
            }
        }
    }
    sent
}

fn fullest_minute(sent: &[Timestamp]) -> usize {
    let minute = |from: &usize| {
        let end = sent[*from] + MINUTE;
        sent[*from..].iter().take_while(|at| **at < end).count()
    };
    (0..sent.len()).map(|from| minute(&from)).max().unwrap_or(0)
}

#[test]
fn no_sliding_minute_has_more_requests_than_the_limit() {
    for (limit, burst) in [(45, 5), (5, 5), (1, 5), (1, 1), (300, 50)] {
        let sent = demand(&limits(limit, 1_000_000, 1_000_000), 1, 1, burst);
        let limit = usize::try_from(limit).expect("a number");
        assert!(fullest_minute(&sent) <= limit, "{limit}");
        assert!(sent.len() >= limit * 60 * 95 / 100, "{} of {}", sent.len(), limit * 60);
    }
}

// Takes all that there is at once; when each was taken.
fn take_all(pace: &mut Pace, clock: &DrivenClock) -> Vec<Timestamp> {
    let mut sent = Vec::new();
    while let Ok(ticket) = pace.take(MODEL, expected(1, 1)) {
        sent.push(clock.now());
        pace.ended(ticket, &Spent::Usage(&usage(1, 1), &[]));
    }
    sent
}

#[test]
fn a_lowered_limit_of_requests_counts_what_the_last_minute_took() {
    let (mut pace, clock) = pace(&limits(100, 1_000_000, 1_000_000), 100, &[]);
    clock.advance(MINUTE);
    let sent = take_all(&mut pace, &clock);
    assert_eq!(sent.len(), 100);
    clock.advance(Duration::from_secs(30));
    pace.change(&limits(10, 1_000_000, 1_000_000));
    let refusal = pace.take(MODEL, expected(1, 1)).expect_err("the minute is full");
    // Of a hundred 91 have to leave, not one.
    let wait = refusal.wait.expect("nothing is under way");
    assert!(clock.now() + wait >= sent[90] + MINUTE, "{wait:?}");
    clock.advance(wait);
    assert!(pace.take(MODEL, expected(1, 1)).is_ok());
    // Raised again, it is there at once.
    pace.change(&limits(200, 1_000_000, 1_000_000));
    assert!(!take_all(&mut pace, &clock).is_empty());
}

#[test]
fn requests_under_way_count_until_a_minute_after_their_answers_began() {
    let (mut pace, clock) = pace(&limits(2, 1_000_000, 1_000_000), 2, &[]);
    clock.advance(MINUTE);
    let first = pace.take(MODEL, expected(1, 1)).expect("room");
    let second = pace.take(MODEL, expected(1, 1)).expect("room");
    clock.advance(Duration::from_mins(2));
    let refusal = pace.take(MODEL, expected(1, 1)).expect_err("Claude may count them any moment");
    assert_eq!(refusal, Refusal { wait: None, every_model: true });
    pace.answered(first, &Told::default(), 200);
    pace.give_back(second);
    assert!(pace.take(MODEL, expected(1, 1)).is_ok(), "one counts, one never went out");
    assert!(pace.take(MODEL, expected(1, 1)).is_err());
}

#[test]
fn over_restarts_no_sliding_minute_has_more_requests_than_the_limit() {
    let clock = Arc::new(DrivenClock::new(SystemClock::new()));
    let (mut sent, mut recent) = (Vec::new(), Vec::new());
    for _ in 0..12 {
        let mut pace = Pace::new(&limits(20, 1_000_000, 1_000_000), 20, &recent, clock.clone());
        for _ in 0..9 {
            for at in take_all(&mut pace, &clock) {
                sent.push(at);
                recent.push(Recent { model: MODEL.to_owned(), at: clock.now(), input: 1, output: 1 });
            }
            clock.advance(Duration::from_secs(1));
        }
    }
    assert!(fullest_minute(&sent) <= 20);
    assert!(sent.len() >= 30, "{}", sent.len());
}

#[test]
fn no_sliding_minute_has_more_tokens_than_the_limit() {
    let sent = demand(&limits(45, 30_000, 8_000), 3_000, 1, 5);
    assert!(fullest_minute(&sent) <= 10);
    assert!(sent.len() >= 10 * 60 * 95 / 100, "{}", sent.len());
    let sent = demand(&limits(45, 30_000, 8_000), 1, 1_000, 5);
    assert!(fullest_minute(&sent) <= 8);
    assert!(sent.len() >= 8 * 60 * 95 / 100, "{}", sent.len());
}

#[test]
fn a_debt_is_paid_off_before_the_next_call() {
    let (mut pace, clock) = pace(&limits(600, 1_000, 1_000), 1, &[]);
    clock.advance(MINUTE);
    let ticket = pace.take(MODEL, expected(10, 10)).expect("room");
    pace.ended(ticket, &Spent::Usage(&usage(10, 5_000), &[]));
    clock.advance(Duration::from_secs(30));
    assert!(pace.take(MODEL, expected(10, 10)).is_err());
    clock.advance(Duration::from_secs(31));
    assert!(pace.take(MODEL, expected(10, 10)).is_ok());
}

#[test]
fn what_an_earlier_life_sent_counts() {
    let at = SystemClock::new().now();
    let recent = Recent { model: MODEL.to_owned(), at, input: 1_000, output: 0 };
    let (mut pace, clock) = pace(&limits(600, 1_000, 1_000), 1, &[recent]);
    clock.advance(Duration::from_secs(10));
    assert!(pace.take(MODEL, expected(1, 1)).is_err());
    clock.advance(MINUTE);
    assert!(pace.take(MODEL, expected(1, 1)).is_ok());
}

#[test]
fn a_call_that_takes_long_leaves_the_minute_only_after_its_end() {
    let (mut pace, clock) = pace(&limits(600, 1_000, 1_000), 1, &[]);
    clock.advance(MINUTE);
    let ticket = pace.take(MODEL, expected(10, 900)).expect("room");
    clock.advance(Duration::from_mins(3));
    let refusal = pace.take(MODEL, expected(10, 900)).expect_err("it may produce them any moment");
    assert_eq!(refusal, Refusal { wait: None, every_model: false });
    // It had produced most of them two minutes ago.
    let (early, late) = (clock.now(), clock.now() - Duration::from_mins(2));
    pace.ended(ticket, &Spent::Usage(&usage(10, 900), &[(late, 800), (early, 100)]));
    assert!(pace.take(MODEL, expected(10, 900)).is_ok());
}

#[test]
fn the_spread_of_estimates_is_kept_free_while_calls_are_under_way() {
    let (mut pace, clock) = pace(&limits(600, 100_000, 1_000), 5, &[]);
    clock.advance(MINUTE);
    let unsure = Expected { output: Estimate { tokens: 300, spread: 100 }, ..expected(1, 0) };
    let first = pace.take(MODEL, unsure).expect("room");
    let second = pace.take(MODEL, unsure).expect("600, and 212 to spare");
    assert!(pace.take(MODEL, unsure).is_err());
    pace.ended(first, &Spent::Usage(&usage(1, 300), &[]));
    pace.ended(second, &Spent::Usage(&usage(1, 100), &[]));
    assert!(pace.take(MODEL, unsure).is_ok(), "what is known needs no margin");
}

#[test]
fn pools_have_tokens_of_their_own_and_requests_are_limited_over_all() {
    let (mut pace, clock) = pace(&limits(5, 1_000, 1_000), 5, &[]);
    clock.advance(MINUTE);
    pace.take("claude-opus-4-6", expected(900, 1)).expect("room");
    let full = pace.take("claude-opus-4-8", expected(900, 1)).expect_err("the same pool");
    assert!(!full.every_model);
    for model in ["claude-opus-5-5", "claude-haiku-5-5", "claude-sonnet-5-5", "claude-sonnet-4-6"] {
        pace.take(model, expected(900, 1)).expect("a pool of its own");
    }
    assert!(pace.take("claude-fable-5-2", expected(900, 1)).expect_err("the sixth").every_model);
}

#[test]
fn a_lower_limit_upstream_is_kept_and_shown() {
    let (mut pace, clock) = pace(&limits(600, 30_000, 8_000), 5, &[]);
    clock.advance(MINUTE);
    let ticket = pace.take(MODEL, expected(1_000, 1)).expect("room");
    pace.answered(ticket, &told(10_000, 9_000), 200);
    pace.input_known(ticket, 1_000);
    let row = pace.report().into_iter().find(|row| row.bucket == Bucket::InputTokens).expect("a row");
    assert_eq!((row.taken, row.limit, row.upstream_limit, row.shared), (1_000, 10_000, Some(10_000), false));
    assert!(pace.take(MODEL, expected(9_500, 1)).is_err());
    assert!(pace.take(MODEL, expected(9_000, 1)).is_ok());
}

#[test]
fn others_that_share_a_limit_are_noticed_and_left_their_part() {
    let (mut pace, clock) = pace(&limits(600, 30_000, 8_000), 5, &[]);
    clock.advance(MINUTE);
    let ticket = pace.take(MODEL, expected(1_000, 1)).expect("room");
    pace.answered(ticket, &told(30_000, 2_000), 200);
    pace.ended(ticket, &Spent::Usage(&usage(1_000, 1), &[]));
    let row = pace.report().into_iter().find(|row| row.bucket == Bucket::InputTokens).expect("a row");
    assert!(row.shared && row.remaining.is_some_and(|left| left <= 2_600), "{row:?}");
    let wait = pace.take(MODEL, expected(5_000, 1)).expect_err("others took it").wait.expect("it refills");
    assert!(wait > Duration::from_secs(4) && wait < Duration::from_secs(6), "{wait:?}");
    clock.advance(Duration::from_secs(6));
    assert!(pace.take(MODEL, expected(5_000, 1)).is_ok());
}

#[test]
fn nothing_remaining_by_a_rounded_figure_stops_nobody_for_long() {
    let (mut pace, clock) = pace(&limits(600, 30_000, 8_000), 5, &[]);
    clock.advance(MINUTE);
    let ticket = pace.take(MODEL, expected(100, 1)).expect("room");
    pace.answered(ticket, &told(30_000, 0), 200);
    pace.ended(ticket, &Spent::Usage(&usage(100, 1), &[]));
    assert!(pace.take(MODEL, expected(400, 1)).is_ok(), "0 may be 499");
    clock.advance(MINUTE);
    assert!(pace.take(MODEL, expected(20_000, 1)).is_ok(), "its reset is over");
}

#[test]
fn a_429_stops_its_pool_until_its_time_and_no_other() {
    let (mut pace, clock) = pace(&limits(600, 30_000, 8_000), 5, &[]);
    clock.advance(MINUTE);
    let ticket = pace.take("claude-opus-4-6", expected(100, 1)).expect("room");
    let retry_after = Some(Duration::from_secs(20));
    pace.answered(ticket, &Told { buckets: [None; 3], retry_after }, 429);
    pace.ended(ticket, &Spent::Refused);
    let wait = pace.take("claude-opus-4-8", expected(100, 1)).expect_err("stopped").wait.expect("a time");
    assert!(wait > Duration::from_secs(19) && wait <= Duration::from_secs(20), "{wait:?}");
    assert!(pace.take("claude-opus-5-5", expected(100, 1)).is_ok());
    clock.advance(Duration::from_secs(20));
    assert!(pace.take("claude-opus-4-8", expected(100, 1)).is_ok());
}

#[test]
fn a_call_that_was_never_sent_leaves_nothing_behind() {
    let (mut pace, clock) = pace(&limits(600, 1_000, 1_000), 1, &[]);
    clock.advance(MINUTE);
    for _ in 0..100 {
        let ticket = pace.take(MODEL, expected(900, 900)).expect("room");
        pace.give_back(ticket);
    }
    assert!(pace.report().iter().all(|row| row.taken == 0));
    let ticket = pace.take(MODEL, expected(900, 900)).expect("room");
    pace.ended(ticket, &Spent::NotSent);
    assert!(pace.report().iter().all(|row| row.taken == 0));
}

#[test]
fn an_unknown_end_counts_as_all_that_it_can_have_produced() {
    let (mut pace, clock) = pace(&limits(600, 30_000, 8_000), 1, &[]);
    clock.advance(MINUTE);
    let ticket = pace.take(MODEL, expected(100, 10)).expect("room");
    pace.ended(ticket, &Spent::Unknown(2_000));
    let row = pace.report().into_iter().find(|row| row.bucket == Bucket::OutputTokens).expect("a row");
    assert_eq!(row.taken, 2_000);
}

#[test]
fn after_a_429_calls_go_one_at_a_time_until_one_is_let_in() {
    let (mut pace, clock) = pace(&limits(600, 1_000_000, 1_000_000), 600, &[]);
    clock.advance(MINUTE);
    let told = Told { buckets: [None; 3], retry_after: Some(Duration::from_secs(4)) };
    let under_way = [(); 3].map(|()| pace.take(MODEL, expected(1, 1)).expect("room"));
    for ticket in under_way {
        pace.answered(ticket, &told, 429);
        pace.ended(ticket, &Spent::Refused);
    }
    for _ in 0..5 {
        clock.advance(Duration::from_secs(4));
        let tries = pace.take(MODEL, expected(1, 1)).expect("one looks again");
        let refusal = pace.take(MODEL, expected(1, 1)).expect_err("the others wait for its answer");
        assert_eq!(refusal, Refusal { wait: None, every_model: false });
        pace.answered(tries, &told, 429);
        pace.ended(tries, &Spent::Refused);
    }
    clock.advance(Duration::from_secs(4));
    let tries = pace.take(MODEL, expected(1, 1)).expect("one looks again");
    pace.answered(tries, &Told::default(), 200);
    assert!(pace.take(MODEL, expected(1, 1)).is_ok() && pace.take(MODEL, expected(1, 1)).is_ok());
}

#[test]
fn a_429_stops_its_pool_for_an_hour_at_most_and_until_somebody_looks_again() {
    for retry_after in [Duration::MAX, Duration::from_hours(24 * 365), Duration::from_hours(2)] {
        let (mut pace, clock) = pace(&limits(600, 30_000, 8_000), 5, &[]);
        clock.advance(MINUTE);
        let refuse = |pace: &mut Pace| {
            let ticket = pace.take(MODEL, expected(1, 1)).expect("room");
            pace.answered(ticket, &Told { buckets: [None; 3], retry_after: Some(retry_after) }, 429);
            pace.ended(ticket, &Spent::Refused);
        };
        refuse(&mut pace);
        assert!(pace.take(MODEL, expected(1, 1)).is_err());
        clock.advance(Duration::from_hours(1));
        refuse(&mut pace);
        pace.look_again();
        assert!(pace.take(MODEL, expected(1, 1)).is_ok());
    }
}

#[test]
fn a_429_without_a_time_stops_its_pool_for_longer_each_time_up_to_a_minute() {
    let (mut pace, clock) = pace(&limits(600, 30_000, 8_000), 5, &[]);
    clock.advance(MINUTE);
    for seconds in [1, 2, 4, 8, 16, 32, 60, 60] {
        let ticket = pace.take(MODEL, expected(1, 1)).expect("room");
        pace.answered(ticket, &Told::default(), 429);
        pace.ended(ticket, &Spent::Refused);
        let wait = pace.take(MODEL, expected(1, 1)).expect_err("stopped").wait.expect("a time");
        let most = Duration::from_secs(seconds);
        assert!(wait <= most && wait + Duration::from_millis(900) > most, "{wait:?} of {most:?}");
        clock.advance(Duration::from_mins(1));
    }
}

#[test]
fn a_limit_that_was_told_is_forgotten_after_an_hour() {
    let (mut pace, clock) = pace(&limits(600, 30_000, 8_000), 5, &[]);
    clock.advance(MINUTE);
    let ticket = pace.take(MODEL, expected(100, 1)).expect("room");
    pace.answered(ticket, &told(10, 0), 200);
    pace.ended(ticket, &Spent::Usage(&usage(100, 1), &[]));
    let limit = |pace: &mut Pace| {
        let row = pace.report().into_iter().find(|row| row.bucket == Bucket::InputTokens);
        row.map(|row| (row.limit, row.upstream_limit)).expect("a row")
    };
    assert_eq!(limit(&mut pace), (10, Some(10)));
    clock.advance(Duration::from_hours(1));
    assert_eq!(limit(&mut pace), (30_000, None));
    assert!(pace.take(MODEL, expected(5_000, 1)).is_ok());
}

#[test]
fn an_answer_that_streams_counts_as_what_has_come_of_it() {
    let (mut pace, clock) = pace(&limits(600, 100_000, 8_000), 50, &[]);
    clock.advance(MINUTE);
    let taken = |pace: &mut Pace| {
        pace.report().into_iter().find(|row| row.bucket == Bucket::OutputTokens).expect("a row").taken
    };
    let ticket = pace.take(MODEL, expected(1, 100)).expect("room");
    pace.streamed(ticket, 60);
    assert_eq!(taken(&mut pace), 100);
    pace.streamed(ticket, 700);
    assert_eq!(taken(&mut pace), 700);
    pace.streamed(ticket, 1_000_000);
    assert_eq!(taken(&mut pace), 2_000, "it may have no more");
    pace.ended(ticket, &Spent::Usage(&usage(1, 1_500), &[]));
    assert_eq!(taken(&mut pace), 1_500);
}

/// What a minute is over is at most the rest of the calls that were under way when the change showed.
#[test]
fn an_agent_that_turns_from_short_to_long_answers_is_over_by_the_calls_under_way_alone() {
    let (mut pace, clock) = pace(&limits(600, 100_000, 8_000), 600, &[]);
    clock.advance(MINUTE);
    let under_way = [(); 6].map(|()| pace.take(MODEL, expected(1, 5)).expect("room"));
    let other = Expected { kind: kind("b"), ..expected(1, 5) };
    pace.surprised(kind("a"));
    assert!(pace.take(MODEL, other).is_err(), "twelve thousand may come of eight");
    for ticket in under_way {
        pace.ended(ticket, &Spent::Usage(&usage(1, 2_000), &[]));
    }
    let row = pace.report().into_iter().find(|row| row.bucket == Bucket::OutputTokens).expect("a row");
    assert_eq!(row.taken, 12_000);
    assert!(pace.take(MODEL, other).is_err());
}
