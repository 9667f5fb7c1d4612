//! Schedules: jobs that come again and again.

use crate::beside::two;
use crate::request::given_json;
use anvil_types::{Job, MissedRuns, Nanodollars, Overlap, Priority, Schedule, Timestamp};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::value::RawValue;
use utoipa::ToSchema;

/// A schedule with its next times.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct ScheduleView {
    /// The schedule.
    #[serde(flatten)]
    pub schedule: Schedule,
    /// The next times, the first first; none while it is paused.
    pub next_times: Vec<Timestamp>,
    /// Why it makes no jobs now, where it does not.
    pub resting: Option<String>,
}

impl<'de> Deserialize<'de> for ScheduleView {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Beside {
            next_times: Vec<Timestamp>,
            resting: Option<String>,
        }
        let (schedule, Beside { next_times, resting }) = two(deserializer)?;
        Ok(Self { schedule, next_times, resting })
    }
}

/// A schedule with its newest jobs.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct ScheduleDetail {
    /// The schedule.
    #[serde(flatten)]
    pub schedule: ScheduleView,
    /// Its newest jobs.
    pub jobs: Vec<Job>,
}

impl<'de> Deserialize<'de> for ScheduleDetail {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Beside {
            jobs: Vec<Job>,
        }
        let (schedule, Beside { jobs }) = two(deserializer)?;
        Ok(Self { schedule, jobs })
    }
}

/// `PUT /schedules/{name}`: a schedule as a person wants it.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct ScheduleRequest {
    /// When: minute, hour, day of the month, month and day of the week, as in `30 6 * * mon-fri`.
    pub cron: String,
    /// The agent.
    pub agent: String,
    /// What it is to do.
    pub action: String,
    /// The payload; an empty object where absent.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "given_json")]
    #[schema(value_type = anvil_types::Json, required = false)]
    pub payload: Option<Box<RawValue>>,
    /// The time zone, as in `Europe/Berlin`; that of the settings where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time_zone: Option<String>,
    /// What becomes of times while the host was not running.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub missed: Option<MissedRuns>,
    /// What becomes of times while an earlier job is unfinished.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub overlap: Option<Overlap>,
    /// The priority of its jobs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub priority: Option<Priority>,
    /// The most that each job may spend.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_cost_usd: Option<Nanodollars>,
    /// The tags of its jobs.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// Whether it makes jobs; it does where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
}
