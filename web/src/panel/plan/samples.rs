//! Made-up plans.

use super::page::PlanPage;
use crate::panel::kit::samples::{Sample, ago, html, nano, query, shell, status, windows};
use crate::panel::kit::shell::Nav;
use anvil_api::{
    ComingPlan, ComparedPlan, PlanAlert, PlanAnswer, PlanDay, PlanFigures, PlanFull, PlanOff, PlanOther,
    PlanRun, PlanSaving, PlanTier, PlanTimes, PlanWait, PlannedJobs, Predictions,
};
use anvil_types::{Limits, Nanodollars, Tier};

fn limits() -> Limits {
    Limits {
        hour_usd: Nanodollars::from_dollars(8),
        day_usd: Nanodollars::from_dollars(160),
        month_usd: Nanodollars::from_dollars(200),
        week_hours: 80,
        job_usd: Nanodollars::from_dollars(2),
        requests_per_minute: 45,
        input_tokens_per_minute: 30_000,
        output_tokens_per_minute: 8_000,
        max_input_tokens: 8_000,
        max_output_tokens: 2_000,
        agents_min: 3,
        agents_max: 10,
        queue_max: 200,
    }
}

fn answer() -> PlanAnswer {
    let day = |day: u32| PlanDay {
        date: format!("2026-12-{day:02}"),
        submitted: 200,
        finished: if day < 20 { 200 } else { 40 },
        cost: nano(i64::from(day % 7) * 2_400_000_000),
        p50_s: 26.1,
        p95_s: 41.7,
        binds: None,
    };
    let wait = |limit: &str, hours| PlanWait { limit: limit.to_owned(), hours };
    let other = |change: &str, finished| PlanOther {
        change: change.to_owned(),
        finished,
        p95_s: 1_900.0,
        cost: nano(311_204_000_000),
        binds: Some("output tokens a minute (claude-sonnet-5-5)".to_owned()),
    };
    PlanAnswer {
        basis: "max-200".to_owned(),
        from: ago(0),
        days: 30,
        limits: limits(),
        jobs: vec![PlannedJobs::default()],
        run: PlanRun {
            submitted: 4_400,
            finished: 3_911,
            refused: 12,
            left: 477,
            calls: 11_733,
            jobs_per_minute: 0.42,
            jobs_per_hour: 24.9,
            response: PlanTimes { p50_s: 26.1, p95_s: 41.7, mean_s: 29.0 },
            call_response: PlanTimes { p50_s: 8.2, p95_s: 15.9, mean_s: 9.1 },
            agents_busy: 1.4,
            most_slots: 5,
            week_hours: 38.2,
            binds: Some("the month's limit".to_owned()),
            waits: vec![wait("the month's limit", 91_240.2), wait("agent slots", 0.3)],
            total: nano(199_914_203_100),
            dearest_day: nano(14_400_000_000),
            tiers: vec![PlanTier {
                tier: Tier::Sonnet,
                calls: 11_733,
                lowered: 412,
                cost: nano(199_914_203_100),
            }],
            alerts: vec![PlanAlert { window: "month".to_owned(), percent: 80, times: 1, first_at: ago(0) }],
            by_day: (1..=30).map(day).collect(),
            ..PlanRun::default()
        },
        full: PlanFull {
            agents_fed: Some(4),
            fed_limit: Some("output tokens a minute".to_owned()),
            ..PlanFull::default()
        },
        savings: vec![PlanSaving { name: "prompt cache".to_owned(), saved: nano(81_000_000_000), jobs: 0 }],
        others: vec![other("month_usd doubled", 4_388), other("the preset api-start", 4_400)],
        leaves_out: vec!["failures of Claude".to_owned()],
    }
}

fn compared(days: u64) -> ComparedPlan {
    let figures = |came, cost, p95_s| PlanFigures {
        came,
        finished: came,
        cost: nano(cost),
        p50_s: 26.1,
        p95_s,
        binds: Some("agent slots".to_owned()),
    };
    let off = |came, usd| PlanOff {
        came: Some(came),
        finished: Some(came),
        usd: Some(usd),
        p95: Some(-3.1),
        binds_right: true,
    };
    ComparedPlan {
        made_at: ago(days * 86_400),
        from: ago(days * 86_400),
        to: ago(0),
        zone: Some("UTC".to_owned()),
        version: "0.1.0".to_owned(),
        seed: 1_764_547_200,
        limits_digest: "9f86d081884c7d65".to_owned(),
        predicted: figures(1_402, 61_204_000_000, 41.7),
        with_arrivals: Some(figures(1_250, 54_511_000_000, 42.3)),
        happened: figures(1_250, 53_902_114_300, 43.0),
        off: off(12.2, 13.5),
        off_with_arrivals: Some(off(0.0, 1.1)),
        comparable: days == 1,
        notes: vec![
            "limits changed: hour_usd was $20.00 from 2026-12-03 on, and predicted with $8.00".to_owned(),
        ],
    }
}

/// Predictions of a host that has some of them behind it, and of a new one.
fn predictions(some: bool) -> Predictions {
    let coming = || ComingPlan {
        made_at: ago(600),
        from: ago(700),
        to: ago(0),
        zone: Some("UTC".to_owned()),
        version: "0.1.0".to_owned(),
        seed: 1_764_547_200,
        limits_digest: "9f86d081884c7d65".to_owned(),
        predicted: compared(1).predicted,
        days: Vec::new(),
    };
    Predictions {
        upstream: anvil_types::UpstreamKind::Simulated,
        says: "Of the seven days from 2026-12-01 on 1402 jobs done for $61.20 were predicted.".to_owned(),
        first_day_at: None,
        first_week_at: None,
        coming: some.then(coming),
        weeks: if some { vec![compared(7)] } else { Vec::new() },
        days: if some { vec![compared(1)] } else { Vec::new() },
    }
}

/// Its page.
pub(crate) fn pages() -> Vec<Sample> {
    let page = |text: &str, answer: Result<&PlanAnswer, String>| {
        let predictions = predictions(answer.is_ok());
        let shell = shell(&status(), Nav::Plan, "Plan");
        html(&PlanPage::new(
            shell,
            &query(text),
            vec!["max-200".to_owned()],
            answer,
            Some(&predictions),
            &windows(),
        ))
    };
    vec![
        ("/plan", page("preset=max-200&what_if=on&per_day=200", Ok(&answer()))),
        ("/plan-refused", page("days=90", Err("`days` has to be 1 to 62".to_owned()))),
    ]
}
