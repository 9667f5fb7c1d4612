//! Predictions beside what happened: the arithmetic, and what is said of it.

use crate::tests::host;
use crate::{AgentDay, Arrivals, ComingDays, DayFacts, DayPast, Prediction, TookCounts, UsedUp, figures};
use anvil_api::{ComparedPlan, PlanDay, PlanFigures, PlanRun, PlannedJobs};
use anvil_budget::{WindowSpan, Windows};
use anvil_types::{DaySeen, Nanodollars, Timestamp};
use std::collections::BTreeMap;
use std::time::Duration;

const DAY: Duration = Duration::from_hours(24);

fn utc() -> Windows {
    Windows::new(jiff::tz::TimeZone::UTC)
}

/// Monday.
fn start() -> Timestamp {
    "2026-12-07T00:00:00Z".parse().expect("a time")
}

fn span(days: u32) -> WindowSpan {
    WindowSpan { start: start(), end: start() + DAY * days }
}

fn jobs() -> Vec<PlannedJobs> {
    let weekdays = "mon-sun".to_owned();
    vec![PlannedJobs { name: "writer".to_owned(), per_day: 100.0, weekdays, ..PlannedJobs::default() }]
}

fn prediction() -> Prediction {
    let day = |number: u32| PlanDay {
        date: format!("2026-12-{number:02}"),
        submitted: 100,
        finished: 100,
        cost: Nanodollars::from_dollars(10),
        p50_s: 10.0,
        p95_s: 20.0,
        binds: None,
    };
    let by_day = (7..14).map(day).collect();
    let total = Nanodollars::from_dollars(70);
    let response = anvil_api::PlanTimes { p50_s: 10.0, p95_s: 20.0, mean_s: 11.0 };
    Prediction {
        made_at: start(),
        version: "0.1.0".to_owned(),
        seed: 7,
        from: start(),
        to: start() + DAY * 7,
        limits: host().limits,
        limits_digest: "l1".to_owned(),
        zone: None,
        settings_digest: "s1".to_owned(),
        jobs: jobs(),
        agents: [("writer".to_owned(), "v1".to_owned())].into(),
        used: UsedUp::default(),
        open: 0,
        run: PlanRun { submitted: 700, finished: 700, total, response, by_day, ..PlanRun::default() },
    }
}

/// A day on which so many jobs came and were done, of 20 s and 0.11 dollars each.
fn past(number: u32, count: u64) -> DayPast {
    let mut took = TookCounts::default();
    (0..count).for_each(|_| took.add(20.0));
    let versions = if count > 0 { [String::from("v1")].into() } else { [].into() };
    let agents = if count > 0 {
        [("writer".to_owned(), AgentDay { came: count, versions })].into()
    } else {
        BTreeMap::new()
    };
    let seen = DaySeen {
        up_us: 86_400_000_000,
        limits: vec![host().limits],
        settings: vec!["s1".to_owned()],
        ..DaySeen::default()
    };
    DayPast {
        span: WindowSpan { start: start() + DAY * number, end: start() + DAY * (number + 1) },
        seen,
        facts: DayFacts { came: count, done: count, took, agents, ..DayFacts::default() },
        cost: Nanodollars::new(i64::try_from(count).expect("some") * 110_000_000),
        others: Nanodollars::ZERO,
        overlaid: false,
    }
}

fn compared(days: &[DayPast]) -> ComparedPlan {
    prediction().compared(days, None, &utc()).expect("some are over")
}

#[test]
fn what_happened_is_added_up_over_the_days_and_each_figure_is_off_by_a_share_of_it() {
    let days: Vec<_> = (0..7).map(|number| past(number, 80)).collect();
    let week = compared(&days);
    assert_eq!((week.from, week.to), (start(), start() + DAY * 7));
    assert_eq!((week.predicted.came, week.happened.came, week.happened.finished), (700, 560, 560));
    assert_eq!(week.happened.cost, Nanodollars::new(61_600_000_000));
    assert_eq!((week.off.came, week.off.finished), (Some(25.0), Some(25.0)));
    // 70 of 61.6 dollars.
    assert_eq!(week.off.usd, Some(13.6));
    assert!(week.off.p95.is_some_and(|off| off.abs() < 0.6), "{:?}", week.off);
    assert!(week.off.binds_right && week.comparable && week.notes.is_empty(), "{week:?}");
    let day = compared(&days[..1]);
    assert_eq!((day.predicted.came, day.predicted.cost), (100, Nanodollars::from_dollars(10)));
    assert_eq!((day.happened.came, day.to), (80, start() + DAY));
}

#[test]
fn what_is_demand_of_a_difference_is_told_apart() {
    let with = PlanFigures { came: 560, finished: 560, p95_s: 20.0, ..PlanFigures::default() };
    let with = PlanFigures { cost: Nanodollars::from_dollars(56), ..with };
    let days: Vec<_> = (0..7).map(|number| past(number, 80)).collect();
    let week = prediction().compared(&days, Some(with), &utc()).expect("all are over");
    let off = week.off_with_arrivals.expect("it is known");
    assert_eq!((off.came, off.usd), (Some(0.0), Some(-9.1)));
}

#[test]
fn an_empty_week_is_off_by_nothing_that_can_be_told() {
    let days: Vec<_> = (0..7).map(|number| past(number, 0)).collect();
    let week = compared(&days);
    assert_eq!((week.happened.clone(), week.off.came), (PlanFigures::default(), None));
    assert_eq!((week.off.usd, week.off.p95), (None, None));
    assert!(week.comparable && week.notes == ["no job of writer came"], "{week:?}");
    let nothing = Prediction { jobs: Vec::new(), run: PlanRun::default(), ..prediction() };
    let week = nothing.compared(&days, None, &utc()).expect("all are over");
    assert_eq!((week.off.came, week.off.usd), (Some(0.0), Some(0.0)));
    assert_eq!(nothing.compared(&[], None, &utc()), None);
}

#[test]
fn a_host_that_was_another_is_said_to_be_so() {
    let changed = |change: fn(&mut DayPast)| {
        let mut days: Vec<_> = (0..7).map(|number| past(number, 80)).collect();
        change(&mut days[2]);
        let week = compared(&days);
        (week.comparable, week.notes.join("; "))
    };
    let limits = |day: &mut DayPast| {
        let mut other = host().limits;
        other.hour_usd = Nanodollars::from_dollars(20);
        day.seen.limits.push(other);
    };
    for (change, is_comparable, said) in [
        (
            limits as fn(&mut DayPast),
            false,
            "hour_usd was $20.00 from 2026-12-09 on, and predicted with $8.00",
        ),
        (|day| day.seen.settings.push("s2".to_owned()), false, "changed on 2026-12-09"),
        (|day| day.seen.up_us = 3_600_000_000, false, "down for 23.0 of 24 hours on 2026-12-09"),
        (|day| day.seen.up_us -= 3_600_000_000, true, ""),
        (
            |day| (day.seen.up_us, day.overlaid) = (3_600_000_000, true),
            false,
            "the time zone was changed on 2026-12-09, and the day cut: 1.0 of its 24 hours were seen",
        ),
        (|day| day.overlaid = true, true, ""),
        (|day| day.facts.gone = 3, false, "3 jobs with calls"),
        (|day| day.facts.failed = 3, true, "3 jobs failed"),
        (|day| day.others = Nanodollars::from_dollars(2), true, "spent $2.00 besides"),
        (
            |day| {
                day.facts.agents.entry("writer".to_owned()).or_default().versions.insert("v2".to_owned());
            },
            false,
            "writer ran on another version on 2026-12-09",
        ),
        (
            |day| day.facts.agents.entry("reader".to_owned()).or_default().came = 4,
            false,
            "reader, of which the prediction knew no job, had 4",
        ),
    ] {
        let (comparable, notes) = changed(change);
        assert_eq!(comparable, is_comparable, "{notes}");
        assert!(notes.contains(said) && (notes.is_empty() == said.is_empty()), "{said} in {notes:?}");
    }
}

#[test]
fn what_binds_is_what_jobs_waited_for_most() {
    let mut days: Vec<_> = (0..7).map(|number| past(number, 80)).collect();
    days[1].seen.waited("agent slots", Duration::from_secs(5_000));
    days[2].seen.waited("the day's limit", Duration::from_secs(4_000));
    days[3].seen.waited("the day's limit", Duration::from_secs(4_000));
    let week = compared(&days);
    assert_eq!(week.happened.binds.as_deref(), Some("the day's limit"));
    assert!(!week.off.binds_right);
    assert_eq!(compared(&days[..2]).happened.binds.as_deref(), Some("agent slots"));
}

#[test]
fn jobs_that_came_are_planned_at_their_times_by_their_kind() {
    let prediction = prediction();
    let first =
        Arrivals::from([("writer".to_owned(), [(10, 2)].into()), ("reader".to_owned(), [(5, 1)].into())]);
    let second = Arrivals::from([("writer".to_owned(), [(0, 1)].into())]);
    let days = [(span(1), &first), (WindowSpan { start: start() + DAY, end: start() + DAY * 2 }, &second)];
    let ten = Duration::from_secs(10);
    assert_eq!(prediction.arrivals(&days), [(ten, 0), (ten, 0), (DAY, 0)]);
    assert_eq!(prediction.arrivals(&[]), []);
    let (host, jobs) = (host(), jobs());
    let coming = ComingDays { host: &host, jobs: &jobs, span: span(2), seed: 1, used: UsedUp::default() };
    let run = coming.by_arrivals(prediction.arrivals(&days), &|| true).expect("it can be planned");
    assert_eq!((figures(&run).came, figures(&run).finished), (3, 3));
}

#[test]
fn coming_days_go_on_with_what_is_used_up_of_the_month() {
    let (host, jobs) = (host(), jobs());
    let run = |month: i64, week: u64| {
        let used = UsedUp { month: Nanodollars::from_dollars(month), week: Duration::from_hours(week) };
        let coming = ComingDays { host: &host, jobs: &jobs, span: span(7), seed: 1, used };
        coming.by_pattern(&|| true).expect("it can be planned")
    };
    let fresh = run(0, 0);
    assert!(fresh.left == 0 && (550..850).contains(&fresh.finished), "{fresh:?}");
    assert!(fresh.by_day.iter().all(|day| day.binds.is_none() && day.p95_s >= day.p50_s));
    let spent = run(199, 0);
    assert_eq!(spent.binds.as_deref(), Some("the month's limit"));
    assert!(spent.finished * 4 < fresh.finished, "{} of {}", spent.finished, fresh.finished);
    assert!(spent.by_day.iter().any(|day| day.binds.as_deref() == Some("the month's limit")));
    let used = run(0, 80);
    assert_eq!((used.finished, used.binds.as_deref()), (0, Some("the week's hours of use")));
}

#[test]
fn days_that_are_too_much_to_plan_are_refused_and_nobody_has_to_wait() {
    let host = host();
    let jobs = [PlannedJobs { per_day: 100_000.0, calls: 200, ..PlannedJobs::default() }];
    let coming = ComingDays { host: &host, jobs: &jobs, span: span(7), seed: 1, used: UsedUp::default() };
    assert!(matches!(coming.by_pattern(&|| true), Err(crate::PlanError::TooMuch { .. })));
    let jobs = self::jobs();
    let coming = ComingDays { jobs: &jobs, ..coming };
    assert!(matches!(coming.by_pattern(&|| false), Err(crate::PlanError::Unwanted)));
}
