//! Made-up data of the house, which every noun's samples stand on: a time, a host at work, its zone; and the page of
//! an error.

use crate::ask::Query;
use crate::panel::kit::error::ErrorPage;
use crate::panel::kit::shell::{Nav, Shell};
use anvil_api::{
    AgentsStatus, AlertsStatus, BrakeStatus, PaceStatus, PluginsStatus, QuestionsStatus, QueueStatus,
    ScalingStatus, SlotChange, SpendStatus, Status, UpstreamStatus, WeekStatus, WindowStatus,
};
use anvil_budget::{BrakeCause, CircuitReport, Forecast, PressureEffect, Windows};
use anvil_types::{BrakeCauseKind, Bucket, BucketReport, JobId, Json, Nanodollars, Timestamp, UpstreamKind};
use std::time::Duration;

/// The samples' own time.
pub(crate) const NOW: Timestamp = Timestamp::from_secs(1_795_442_712);

pub(crate) fn ago(seconds: u64) -> Timestamp {
    NOW - Duration::from_secs(seconds)
}

pub(crate) fn nano(nano: i64) -> Nanodollars {
    Nanodollars::new(nano)
}

pub(crate) fn json(text: &str) -> Json {
    text.parse().unwrap_or_else(|_| Json::null())
}

pub(crate) fn job_id(seconds: u64, random: u128) -> JobId {
    JobId::new(ago(seconds), random.wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060))
}

pub(crate) fn shell(status: &Status, nav: Nav, title: &str) -> Shell {
    Shell::new(status, 4_711, None, nav, title)
}

pub(crate) fn html(page: &dyn askama::DynTemplate) -> String {
    page.dyn_render().unwrap_or_else(|error| error.to_string())
}

/// A page: its address in the gallery, and its HTML.
pub(crate) type Sample = (&'static str, String);

/// Where the samples' people live.
pub(crate) fn windows() -> Windows {
    Windows::new(jiff::tz::TimeZone::get("Europe/Berlin").unwrap_or(jiff::tz::TimeZone::UTC))
}

/// A host in the middle of its work.
pub(crate) fn status() -> Status {
    let window = |spent, held, unknown, limit, resets, forecast| WindowStatus {
        spent_usd: nano(spent),
        held_usd: nano(held),
        unknown_usd: nano(unknown),
        limit_usd: Nanodollars::from_dollars(limit),
        resets_at: NOW + Duration::from_secs(resets),
        forecast,
    };
    let soon = Forecast::At { at: NOW + Duration::from_mins(218) };
    Status {
        now: NOW,
        version: "0.1.0".to_owned(),
        upstream: UpstreamStatus {
            kind: UpstreamKind::Simulated,
            base_url: "http://127.0.0.1:41007".to_owned(),
        },
        agents: AgentsStatus {
            running: 3,
            slots: 10,
            min: 3,
            max: 10,
            scaling: ScalingStatus {
                reason: "jobs wait, and this is the most that agents_max allows".to_owned(),
                ceiling: Some(14),
                ceiling_limit: Some("requests a minute".to_owned()),
                changed: Some(SlotChange {
                    from: 6,
                    to: 10,
                    at: ago(540),
                    reason: "more, since all were busy and 7 jobs waited".to_owned(),
                }),
            },
        },
        plugins: PluginsStatus {
            folder: "/home/ann/anvil/plugins".to_owned(),
            trouble: None,
            compiling: 0,
            waiting: 0,
            delayed: 0,
            quarantined: 0,
            compiled_bytes: 91_204_608,
            compiled_limit_bytes: 4 << 30,
        },
        queue: QueueStatus {
            queued: 14,
            scheduled: 2,
            parked: 5,
            running: 3,
            oldest_wait_s: 252,
            limit: 200,
            succeeded: 1_284,
            failed: 7,
            cancelled: 3,
            paused: None,
        },
        spend: SpendStatus {
            hour: window(3_912_400_350, 412_000_000, 0, 8, 540, Forecast::NotBeforeReset),
            day: window(131_204_811_237, 412_000_000, 12_140_000_000, 160, 24_888, soon),
            month: window(174_520_113_902, 412_000_000, 12_140_000_000, 200, 629_688, Forecast::TooLittle),
            week: WeekStatus { hours: 31.4, limit_hours: 80, resets_at: NOW + Duration::from_hours(52) },
            total: nano(1_204_520_113_902),
            bounds_broken: 0,
        },
        pace: PaceStatus {
            requests_last_minute: 31,
            requests_per_minute: 45,
            waiting_calls: 2,
            calls_in_flight: 3,
            input_tokens_per_minute: 50_000,
            output_tokens_per_minute: 10_000,
            buckets: buckets(),
            circuit: CircuitReport::Closed { failures: 0 },
            input_error_percent: Some(3.4),
            output_error_percent: Some(21.7),
        },
        pressure: 0.87,
        effect: PressureEffect::DowngradedAndThrottled,
        brake: BrakeStatus { engaged: false, causes: Vec::new() },
        alerts: AlertsStatus { firing: 2 },
        questions: QuestionsStatus { open: 3 },
        why_idle: None,
    }
}

fn buckets() -> Vec<BucketReport> {
    let make = |pool: Option<&str>, bucket, taken, limit, told: Option<u64>| BucketReport {
        pool: pool.map(str::to_owned),
        bucket,
        taken,
        limit,
        upstream_limit: told.map(|_| limit),
        remaining: told,
        reset: told.map(|_| NOW + Duration::from_secs(21)),
        shared: pool == Some("opus-4") && bucket == Bucket::InputTokens,
    };
    vec![
        make(None, Bucket::Requests, 31, 45, None),
        make(Some("opus-4"), Bucket::Requests, 12, 45, Some(32)),
        make(Some("opus-4"), Bucket::InputTokens, 41_204, 50_000, Some(6_000)),
        make(Some("opus-4"), Bucket::OutputTokens, 8_112, 10_000, Some(1_900)),
        make(Some("haiku-5-5"), Bucket::Requests, 19, 45, None),
        make(Some("haiku-5-5"), Bucket::InputTokens, 12_400, 50_000, None),
        make(Some("haiku-5-5"), Bucket::OutputTokens, 950, 10_000, None),
    ]
}

/// The same host with the brake on and nothing running.
pub(crate) fn braked() -> Status {
    let mut status = status();
    status.agents.running = 0;
    status.queue.running = 0;
    status.why_idle = Some(
        "The brake is on: $152.04 of the day's $160.00 are spent. 19 jobs wait; raise the day's limit, release \
         the brake, or wait for the next day."
            .to_owned(),
    );
    status.spend.day.spent_usd = nano(152_041_200_000);
    status.spend.day.forecast = Forecast::Reached;
    status.pressure = 0.95;
    status.effect = PressureEffect::Braked;
    status.brake = BrakeStatus {
        engaged: true,
        causes: vec![BrakeCause {
            kind: BrakeCauseKind::Day,
            reason: "$152.0412 of the day's $160.00 are spent: 95 % is reached".to_owned(),
            since: ago(600),
            until: Some(status.spend.day.resets_at),
            by: None,
        }],
    };
    status
}

/// A query as an address has it.
pub(crate) fn query(text: &str) -> Query {
    let pairs = text.split('&').filter_map(|pair| pair.split_once('='));
    Query::of(pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect())
}

/// The pages of the kit itself.
pub(crate) fn pages() -> Vec<Sample> {
    let page = ErrorPage {
        status: 404,
        title: "There is no such job".to_owned(),
        detail: "there is no job 01KASX3V8E00000000000000A5".to_owned(),
        errors: Vec::new(),
    };
    vec![("/error", html(&page))]
}
