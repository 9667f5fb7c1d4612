//! Months that are planned.

use crate::{PlanError, PlannedHost, PlannedPreset, answer, given};
use anvil_api::{PlanAnswer, PlanQuestion, PlannedJobs};
use anvil_budget::{PressureSteps, PriceTable, Windows, default_models};
use anvil_types::{Limits, LimitsPatch, Nanodollars, Tier, Timestamp};
use jiff::tz::TimeZone;
use std::sync::Arc;
use std::time::Duration;

fn usd(amount: f64) -> Nanodollars {
    Nanodollars::from_usd(amount).expect("an amount")
}

/// The seed's limits.
pub(crate) fn host() -> PlannedHost {
    PlannedHost {
        limits: Limits {
            hour_usd: usd(8.0),
            day_usd: usd(160.0),
            month_usd: usd(200.0),
            week_hours: 80,
            job_usd: usd(2.0),
            requests_per_minute: 45,
            input_tokens_per_minute: 30_000,
            output_tokens_per_minute: 8_000,
            max_input_tokens: 8_000,
            max_output_tokens: 2_000,
            agents_min: 3,
            agents_max: 10,
            queue_max: 200,
        },
        hard_slots: 12,
        cooldown: Duration::from_mins(5),
        burst: 5,
        longest_wait: Duration::from_secs(30),
        pressure: PressureSteps::USUAL,
        models: default_models().clone(),
        prices: Arc::new(PriceTable::built_in()),
        windows: Windows::new(TimeZone::UTC),
        prompt_cache: true,
    }
}

/// Nothing is limited but what a test says.
#[expect(clippy::needless_pass_by_value, reason = "what a test asks for, as it stands there")]
fn free(limits: LimitsPatch) -> PlannedHost {
    let much = LimitsPatch {
        hour_usd: Some(usd(1e6)),
        day_usd: Some(usd(1e6)),
        month_usd: Some(usd(1e6)),
        week_hours: Some(168),
        requests_per_minute: Some(100_000),
        input_tokens_per_minute: Some(100_000_000),
        output_tokens_per_minute: Some(100_000_000),
        ..LimitsPatch::default()
    };
    let host = host();
    PlannedHost { limits: host.limits.with(&much).with(&limits), ..host }
}

#[expect(clippy::needless_pass_by_value, reason = "what a test asks for, as it stands there")]
fn planned(host: &PlannedHost, question: PlanQuestion) -> PlanAnswer {
    let now: Timestamp = "2026-11-30T00:00:00Z".parse().expect("a time");
    answer(&question, host, &[], now, &|| true).expect("it can be planned")
}

fn week(jobs: PlannedJobs) -> PlanQuestion {
    PlanQuestion { jobs: vec![jobs], days: Some(7), ..PlanQuestion::default() }
}

#[test]
fn the_same_question_has_the_same_answer_and_another_seed_another() {
    let question = week(PlannedJobs::default());
    let one = planned(&host(), question.clone());
    assert_eq!(one, planned(&host(), question.clone()));
    assert!(one.run.finished > 500, "{:?}", one.run);
    assert_ne!(one.run, planned(&host(), PlanQuestion { seed: Some(2), ..question }).run);
}

#[test]
fn all_that_comes_is_counted_once() {
    let jobs = PlannedJobs { per_day: 5_000.0, hours: "8-12".into(), ..PlannedJobs::default() };
    let run = planned(&host(), week(jobs)).run;
    assert!(run.refused > 0, "the queue is full: {run:?}");
    assert_eq!(run.submitted, run.finished + run.failed + run.refused + run.left);
    assert_eq!(run.total, run.tiers.iter().map(|tier| tier.cost).sum());
    assert_eq!(run.total, run.by_day.iter().map(|day| day.cost).sum());
    assert_eq!(run.calls, run.tiers.iter().map(|tier| tier.calls).sum::<u64>());
}

#[test]
fn full_demand_uses_the_limit_a_minute_that_it_meets_first_and_names_it() {
    let small =
        PlannedJobs { calls: 1, input_tokens: 200, output_tokens: 20, call_s: 2.0, ..PlannedJobs::default() };
    let requests = free(LimitsPatch { requests_per_minute: Some(45), ..LimitsPatch::default() });
    let full = planned(&requests, week(small.clone())).full;
    assert!((0.95..=1.0).contains(&(full.jobs_per_hour / 2_700.0)), "{full:?}");
    assert_eq!(full.binds_hour.as_deref(), Some("requests a minute"));
    assert_eq!(full.fed_limit.as_deref(), Some("requests a minute"));

    let tokens = PlannedJobs { output_tokens: 300, ..small };
    let output = free(LimitsPatch { output_tokens_per_minute: Some(8_000), ..LimitsPatch::default() });
    let full = planned(&output, week(tokens)).full;
    let tokens = full.jobs_per_hour * 300.0 / 60.0;
    assert!((0.85..=1.0).contains(&(tokens / 8_000.0)), "{tokens} of 8,000 a minute: {full:?}");
    assert!(full.binds_hour.as_deref().is_some_and(|binds| binds.starts_with("output tokens")), "{full:?}");
}

#[test]
fn no_window_is_ever_above_its_limit_and_the_brake_comes_at_its_share() {
    let dear = PlannedJobs {
        per_day: 3_000.0,
        hours: "0-24".into(),
        weekdays: "mon-sun".into(),
        tier: Tier::Opus,
        ..PlannedJobs::default()
    };
    let limits = LimitsPatch {
        hour_usd: Some(usd(3.0)),
        day_usd: Some(usd(20.0)),
        month_usd: Some(usd(70.0)),
        ..LimitsPatch::default()
    };
    let pressure = PressureSteps { throttle: None, ..PressureSteps::USUAL };
    let run = planned(&PlannedHost { pressure, ..free(limits) }, week(dear)).run;
    assert!(run.total <= usd(70.0) && run.total > usd(68.0), "{}", run.total);
    assert!(run.dearest_day <= usd(20.0) && run.dearest_day >= usd(19.0), "{}", run.dearest_day);
    assert!(run.dearest_hour <= usd(3.0) && run.brakes >= 3, "{} brakes", run.brakes);
    assert_eq!(run.binds.as_deref(), Some("the month's limit"));
    let told = |window: &str, percent| {
        run.alerts.iter().find(|alert| (alert.window.as_str(), alert.percent) == (window, percent))
    };
    assert_eq!(told("month", 50).map(|alert| alert.times), Some(1));
    assert!(told("month", 95).is_some() && told("day", 95).is_some(), "{:?}", run.alerts);
    assert!(run.tiers.iter().any(|tier| tier.lowered > 0), "under pressure cheaper tiers answer");
}

#[test]
fn hours_of_use_bind_too() {
    let jobs = PlannedJobs { per_day: 2_000.0, hours: "0-24".into(), ..PlannedJobs::default() };
    let run = planned(&free(LimitsPatch { week_hours: Some(10), ..LimitsPatch::default() }), week(jobs)).run;
    assert!((9.9..10.2).contains(&run.week_hours), "{run:?}");
    assert_eq!(run.binds.as_deref(), Some("the week's hours of use"));
}

#[test]
fn what_holds_nothing_back_gives_nothing_when_doubled_and_what_binds_does() {
    let jobs = PlannedJobs { per_day: 3_000.0, calls: 1, ..PlannedJobs::default() };
    let host = free(LimitsPatch { agents_max: Some(2), agents_min: Some(2), ..LimitsPatch::default() });
    let answer = planned(&host, PlanQuestion { what_if: true, ..week(jobs) });
    assert_eq!(answer.run.binds.as_deref(), Some("agent slots"), "{:?}", answer.run.waits);
    assert_eq!(answer.others[0].change, "agents_max doubled");
    assert!(answer.others[0].p95_s < 0.7 * answer.run.response.p95_s, "{:?}", answer.others[0]);
    let other = answer.others.iter().find(|other| other.change == "week_hours doubled").expect("it is told");
    assert_eq!((other.finished, other.cost), (answer.run.finished, answer.run.total));
}

#[test]
fn prompts_that_begin_alike_cost_less_and_the_saving_is_the_difference() {
    let jobs = PlannedJobs { input_tokens: 7_000, shared_tokens: 6_000, ..PlannedJobs::default() };
    let host = free(LimitsPatch::default());
    let answer = planned(&host, PlanQuestion { what_if: true, ..week(jobs) });
    let without = planned(
        &PlannedHost { prompt_cache: false, ..host },
        week(PlannedJobs { input_tokens: 7_000, shared_tokens: 6_000, ..PlannedJobs::default() }),
    );
    assert_eq!(answer.savings[0].name, "prompt cache");
    assert_eq!(answer.savings[0].saved, without.run.total - answer.run.total);
    assert_eq!(answer.savings[0].saved, answer.run.saved, "the same calls, priced by the same rows");
    assert!(answer.savings[0].saved.usd() > 0.3 * without.run.total.usd(), "{:?}", answer.savings);
}

#[test]
fn a_job_whose_call_no_limit_has_room_for_fails() {
    let long = PlannedJobs { input_tokens: 9_000, varies: 0, ..PlannedJobs::default() };
    let run = planned(&host(), week(long)).run;
    assert_eq!((run.finished, run.failed), (0, run.submitted));
}

#[test]
fn what_cannot_be_planned_is_named() {
    let refused = |question: PlanQuestion| {
        let presets = [PlannedPreset { name: "max-200".into(), host: host() }];
        answer(&question, &host(), &presets, Timestamp::from_secs(1), &|| true)
            .expect_err("refused")
            .to_string()
    };
    let days = |days| refused(PlanQuestion { days: Some(days), ..PlanQuestion::default() });
    assert_eq!([days(0), days(63)], ["`days` has to be 1 to 62"; 2]);
    let preset = PlanQuestion { preset: Some("max-300".into()), ..PlanQuestion::default() };
    assert_eq!(refused(preset), "`preset` has to be one of max-200");
    let limits = LimitsPatch { week_hours: Some(200), ..LimitsPatch::default() };
    assert_eq!(
        refused(PlanQuestion { limits, ..PlanQuestion::default() }),
        "`limits.week_hours` has to be 1 to 168"
    );
    let many = PlannedJobs { per_day: 100_000.0, ..PlannedJobs::default() };
    assert!(refused(week(many.clone())).starts_with("that is about 2100000 calls"));
    assert!(refused(PlanQuestion { jobs: vec![many; 21], ..PlanQuestion::default() }).contains("`jobs`"));
}

#[test]
fn jobs_at_given_times_are_planned_as_they_come() {
    let times: Vec<_> = (0..10).map(|minute| (Duration::from_mins(minute), 0)).collect();
    let jobs = [PlannedJobs { calls: 2, call_s: 5.0, work_s: 1.0, varies: 0, ..PlannedJobs::default() }];
    let hour = Duration::from_hours(1);
    let run = given(&host(), &jobs, times, Timestamp::from_secs(1_795_000_000), hour, 1).expect("planned");
    assert_eq!((run.finished, run.calls), (10, 20));
    assert!((run.response.p50_s - 11.0).abs() < 0.01 && (run.response.p95_s - 11.0).abs() < 0.01);
    assert_eq!(run.binds, None);
}

#[test]
fn a_plan_that_nobody_waits_for_is_given_up() {
    let asked = std::cell::Cell::new(0);
    let wanted = || {
        asked.set(asked.get() + 1);
        asked.get() < 3
    };
    let question = PlanQuestion { days: Some(30), ..PlanQuestion::default() };
    let now: Timestamp = "2026-11-23T00:00:00Z".parse().expect("a time");
    let planned = answer(&question, &host(), &[], now, &wanted);
    assert!(matches!(planned, Err(PlanError::Unwanted)), "{planned:?}");
    assert_eq!(asked.get(), 3);
}
