//! A month that is planned: what is asked of the planner, and what it answers.

use anvil_types::{Limits, LimitsPatch, Nanodollars, Priority, Tier, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What is to be planned. What is left out is as this host has it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct PlanQuestion {
    /// The preset whose limits count, in place of this host's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub preset: Option<String>,
    /// Limits that are other than those.
    pub limits: LimitsPatch,
    /// The work: at least one kind of jobs, or none for a usual one.
    pub jobs: Vec<PlannedJobs>,
    /// The work as this host's own ledger has it, in place of `jobs`: a kind for each agent, by what its latest calls took.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub measured: bool,
    /// Days that are planned, 1 to 62; 30 where none is given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub days: Option<u32>,
    /// When the first of them is; the next month's first where none is given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<Timestamp>,
    /// By which number chance is drawn: the same number, the same plan.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seed: Option<u64>,
    /// Whether to look at savings, at each limit doubled and at the next preset too, which takes several times as long.
    pub what_if: bool,
}

/// Jobs of one kind.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct PlannedJobs {
    /// What they are called here: the agent, mostly.
    pub name: String,
    /// How many come on a day on which they come, 0 to 100,000.
    pub per_day: f64,
    /// In which hours of the host's day, as `9-17` or `8-12,13-18` or `0-24`; each as many.
    pub hours: String,
    /// On which days, as `mon-fri` or `mon-sun` or `sat,sun`.
    pub weekdays: String,
    /// Calls to Claude that each makes, one after the other, 1 to 200.
    pub calls: u32,
    /// The tier that they ask for.
    pub tier: Tier,
    /// The weakest tier that will do; without it any cheaper one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub floor: Option<Tier>,
    /// Their priority.
    pub priority: Priority,
    /// Input tokens of the first call.
    pub input_tokens: u32,
    /// How many of them (tools and system) are the same in every call of the kind.
    pub shared_tokens: u32,
    /// How many tokens each call's prompt has more than the one before it: a conversation that goes on. 0: each is of its own.
    pub grows_tokens: u32,
    /// Output tokens of a call.
    pub output_tokens: u32,
    /// The most that it asks for, `max_tokens`; without it the limit's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_output_tokens: Option<u32>,
    /// Seconds from a call's way out to the end of its answer.
    pub call_s: f64,
    /// Seconds of them until the answer begins; without it a fifth.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_byte_s: Option<f64>,
    /// Seconds that the agent works by itself before each call but the first.
    pub work_s: f64,
    /// By how many percent tokens and seconds are more or less than said, evenly, 0 to 90.
    pub varies: u32,
    /// Bytes of text to a token; without it what the model's tokenizer usually has.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bytes_per_token: Option<f64>,
}

impl Default for PlannedJobs {
    /// Ordinary work, as the seed has it: a call of some thousand tokens that takes some seconds.
    fn default() -> Self {
        Self {
            name: "jobs".to_owned(),
            per_day: 200.0,
            hours: "9-17".to_owned(),
            weekdays: "mon-fri".to_owned(),
            calls: 3,
            tier: Tier::Sonnet,
            floor: None,
            priority: Priority::Normal,
            input_tokens: 3_000,
            shared_tokens: 0,
            grows_tokens: 0,
            output_tokens: 600,
            max_output_tokens: None,
            call_s: 8.0,
            first_byte_s: None,
            work_s: 0.0,
            varies: 30,
            bytes_per_token: None,
        }
    }
}

/// What would happen.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct PlanAnswer {
    /// Where the limits come from: this host, or a preset.
    pub basis: String,
    /// When it begins.
    pub from: Timestamp,
    /// Days that were planned.
    pub days: u32,
    /// The limits that were planned with.
    pub limits: Limits,
    /// The work that was planned.
    pub jobs: Vec<PlannedJobs>,
    /// What would happen.
    pub run: PlanRun,
    /// What happens at full demand, from the first hour of the plan on: what the limits can feed.
    pub full: PlanFull,
    /// What each saving changes over the same days: dollars of the run without it, less those with it.
    pub savings: Vec<PlanSaving>,
    /// What other limits would give, over the same days.
    pub others: Vec<PlanOther>,
    /// What is not planned, in words.
    pub leaves_out: Vec<String>,
}

/// Some days of work.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct PlanRun {
    /// Jobs that come.
    pub submitted: u64,
    /// Those that are done.
    pub finished: u64,
    /// Those that fail, since no limit ever has room for one of their calls.
    pub failed: u64,
    /// The limit that most of these failed by; null where none did.
    pub failed_by: Option<String>,
    /// Those that are refused, since the queue is full.
    pub refused: u64,
    /// Those that are still there at the end.
    pub left: u64,
    /// Calls that are answered.
    pub calls: u64,
    /// Jobs done a minute, in the minutes in which any work is done.
    pub jobs_per_minute: f64,
    /// Jobs done an hour, in the hours in which any work is done.
    pub jobs_per_hour: f64,
    /// From a job's submission to its end.
    pub response: PlanTimes,
    /// From when a call is ready to go out to its answer.
    pub call_response: PlanTimes,
    /// Agents that work or wait, on average over the minutes in which any work is done.
    pub agents_busy: f64,
    /// The most agent slots that there were.
    pub most_slots: u32,
    /// Hours with any call in flight, in the fullest week.
    pub week_hours: f64,
    /// What binds: what jobs wait for most. None where they hardly wait.
    pub binds: Option<String>,
    /// What jobs wait for, the longest first.
    pub waits: Vec<PlanWait>,
    /// What it costs.
    #[serde(rename = "total_usd")]
    pub total: Nanodollars,
    /// The dearest hour of the clock.
    #[serde(rename = "dearest_hour_usd")]
    pub dearest_hour: Nanodollars,
    /// An hour with any spend, on average.
    #[serde(rename = "hour_usd")]
    pub hour: Nanodollars,
    /// The dearest day.
    #[serde(rename = "dearest_day_usd")]
    pub dearest_day: Nanodollars,
    /// A day with any spend, on average.
    #[serde(rename = "day_usd")]
    pub day: Nanodollars,
    /// What the prompt cache saves, by the price of the same tokens without it.
    #[serde(rename = "saved_usd")]
    pub saved: Nanodollars,
    /// By the tier that answers.
    pub tiers: Vec<PlanTier>,
    /// Alerts, by window and threshold.
    pub alerts: Vec<PlanAlert>,
    /// When the day's brake engages first.
    pub brake_at: Option<Timestamp>,
    /// On how many days it does.
    pub brakes: u64,
    /// Day by day.
    pub by_day: Vec<PlanDay>,
    /// By the hour of the host's day, on average over all days.
    pub by_hour: Vec<PlanHour>,
}

/// How long something takes, in seconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct PlanTimes {
    /// Half take no longer.
    pub p50_s: f64,
    /// 19 of 20 take no longer.
    pub p95_s: f64,
    /// The mean.
    pub mean_s: f64,
}

impl PlanTimes {
    /// A length in seconds as people read it, with the digits by which two that differ by a percent can be told apart.
    pub fn shown(seconds: f64) -> String {
        match seconds {
            ..1.0 => format!("{seconds:.3} s"),
            ..10.0 => format!("{seconds:.2} s"),
            ..600.0 => format!("{seconds:.1} s"),
            ..36_000.0 => format!("{:.1} min", seconds / 60.0),
            _ => format!("{:.1} h", seconds / 3_600.0),
        }
    }
}

/// What jobs wait for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct PlanWait {
    /// The limit.
    pub limit: String,
    /// Hours that all jobs together wait for it.
    pub hours: f64,
}

/// What one tier answers.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct PlanTier {
    /// Which.
    pub tier: Tier,
    /// Calls.
    pub calls: u64,
    /// Of those, calls that asked for a dearer one.
    pub lowered: u64,
    /// What they cost.
    #[serde(rename = "usd")]
    pub cost: Nanodollars,
}

/// An alert.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct PlanAlert {
    /// Of which window.
    pub window: String,
    /// At which share of its limit, in percent.
    pub percent: u8,
    /// How often.
    pub times: u64,
    /// When first.
    pub first_at: Timestamp,
}

/// One day.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct PlanDay {
    /// The date, in the host's time zone.
    pub date: String,
    /// Jobs that come.
    pub submitted: u64,
    /// Jobs done.
    pub finished: u64,
    /// What is spent.
    #[serde(rename = "usd")]
    pub cost: Nanodollars,
    /// From submission to end, of the jobs done: half take no longer, in seconds.
    #[serde(default)]
    pub p50_s: f64,
    /// The same: 19 of 20 take no longer.
    pub p95_s: f64,
    /// What jobs wait for most on it; null where they hardly wait.
    #[serde(default)]
    pub binds: Option<String>,
}

/// One hour of the day.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct PlanHour {
    /// Which, 0 to 23.
    pub hour: u32,
    /// Jobs done.
    pub finished: f64,
    /// What is spent.
    #[serde(rename = "usd")]
    pub cost: Nanodollars,
}

/// What the limits can feed: full demand, while the money lasts.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct PlanFull {
    /// How many agents the limits a minute can feed; none where too little was done to tell.
    pub agents_fed: Option<u32>,
    /// The limit that they would use up.
    pub fed_limit: Option<String>,
    /// Agents that work (those that wait left out), on average over the first hour.
    pub agents_working: f64,
    /// Jobs done a minute, in the first hour.
    pub jobs_per_minute: f64,
    /// Jobs done in the first hour.
    pub jobs_per_hour: f64,
    /// Jobs done in the first 24 hours.
    pub jobs_per_day: f64,
    /// What the first hour costs.
    #[serde(rename = "hour_usd")]
    pub hour: Nanodollars,
    /// What the first 24 hours cost.
    #[serde(rename = "day_usd")]
    pub day: Nanodollars,
    /// What binds in the first hour.
    pub binds_hour: Option<String>,
    /// What binds over 24 hours.
    pub binds_day: Option<String>,
    /// When the day's brake engages.
    pub brake_at: Option<Timestamp>,
    /// After how many days the month's limit is spent, at what 24 hours cost.
    pub month_lasts_days: Option<f64>,
}

/// What a saving changes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct PlanSaving {
    /// Which.
    pub name: String,
    /// Dollars of the same days without it, less those with it.
    #[serde(rename = "usd")]
    pub saved: Nanodollars,
    /// Jobs that are done with it, less those without it.
    pub jobs: i64,
}

/// What other limits would give.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct PlanOther {
    /// What is other.
    pub change: String,
    /// Jobs done.
    pub finished: u64,
    /// From submission to end: 19 of 20 take no longer, in seconds.
    pub p95_s: f64,
    /// What it costs.
    #[serde(rename = "usd")]
    pub cost: Nanodollars,
    /// What binds then.
    pub binds: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_that_differ_by_a_percent_are_told_apart() {
        for (seconds, shown) in [
            (0.0, "0.000 s"),
            (0.081, "0.081 s"),
            (0.131, "0.131 s"),
            (3.456, "3.46 s"),
            (41.74, "41.7 s"),
            (1_900.0, "31.7 min"),
            (90_000.0, "25.0 h"),
        ] {
            assert_eq!(PlanTimes::shown(seconds), shown);
        }
    }
}
