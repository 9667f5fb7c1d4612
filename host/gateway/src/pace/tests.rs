use super::*;
use crate::headers::ToldBucket;
use anvil_types::{DrivenClock, Nanodollars, SystemClock};

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
    Expected { input: sure(input), output: sure(output) }
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
    // A call is taken a moment before its time is looked at here.
    let moment = Duration::from_millis(50);
    let minute = |from: &usize| {
        let end = sent[*from] + MINUTE;
        sent[*from..].iter().take_while(|at| **at + moment < end).count()
    };
    (0..sent.len()).map(|from| minute(&from)).max().unwrap_or(0)
}

#[test]
fn no_sliding_minute_has_more_requests_than_rate_and_burst() {
    let sent = demand(&limits(45, 30_000, 8_000), 1, 1, 5);
    assert!(fullest_minute(&sent) <= 50);
    assert!(sent.len() >= 45 * 60 * 95 / 100, "{} of {}", sent.len(), 45 * 60);
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
    let unsure = Expected { input: sure(1), output: Estimate { tokens: 300, spread: 100 } };
    let first = pace.take(MODEL, unsure).expect("room");
    let second = pace.take(MODEL, unsure).expect("600, and 212 to spare");
    assert!(pace.take(MODEL, unsure).is_err());
    pace.ended(first, &Spent::Usage(&usage(1, 300), &[]));
    pace.ended(second, &Spent::Usage(&usage(1, 100), &[]));
    assert!(pace.take(MODEL, unsure).is_ok(), "what is known needs no margin");
}

#[test]
fn pools_have_tokens_of_their_own_and_requests_are_limited_over_all() {
    let (mut pace, clock) = pace(&limits(60, 1_000, 1_000), 5, &[]);
    clock.advance(MINUTE);
    pace.take("claude-opus-4-6", expected(900, 1)).expect("room");
    let full = pace.take("claude-opus-4-8", expected(900, 1)).expect_err("the same pool");
    assert!(!full.every_model);
    for model in ["claude-opus-5-5", "claude-haiku-5-5", "claude-sonnet-5-5", "claude-sonnet-4-6"] {
        pace.take(model, expected(900, 1)).expect("a pool of its own");
    }
    assert!(pace.take("claude-fable-5-2", expected(900, 1)).expect_err("the sixth at once").every_model);
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
