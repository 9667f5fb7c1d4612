//! What a host predicted of its own days, and what then happened.

use crate::PlanDay;
use anvil_types::{Nanodollars, Timestamp, UpstreamKind};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What a day, or seven, come to.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct PlanFigures {
    /// Jobs that come and ask Claude something.
    pub came: u64,
    /// Jobs done.
    pub finished: u64,
    /// What agents' calls cost.
    #[serde(rename = "usd")]
    pub cost: Nanodollars,
    /// From submission to end, of the jobs done: half take no longer, in seconds.
    pub p50_s: f64,
    /// The same: 19 of 20 take no longer.
    pub p95_s: f64,
    /// What jobs wait for most; null where they hardly wait.
    pub binds: Option<String>,
}

impl From<PlanDay> for PlanFigures {
    fn from(day: PlanDay) -> Self {
        let PlanDay { submitted: came, finished, cost, p50_s, p95_s, binds, .. } = day;
        Self { came, finished, cost, p50_s, p95_s, binds }
    }
}

/// By how many percent of what happened a prediction was above it, or below (less than 0); null where nothing happened and
/// something was predicted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct PlanOff {
    /// Jobs that come.
    pub came: Option<f64>,
    /// Jobs done.
    pub finished: Option<f64>,
    /// Dollars.
    pub usd: Option<f64>,
    /// p95.
    pub p95: Option<f64>,
    /// Whether the limit that binds was named right.
    pub binds_right: bool,
}

/// A prediction of days that are over, beside what happened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ComparedPlan {
    /// When it was made.
    pub made_at: Timestamp,
    /// When what is compared begins.
    pub from: Timestamp,
    /// When it ends.
    pub to: Timestamp,
    /// The time zone whose days these are; null where it has no name.
    pub zone: Option<String>,
    /// The version of the host that made it.
    pub version: String,
    /// By which number chance was drawn.
    pub seed: u64,
    /// A digest of the limits that it was made with.
    pub limits_digest: String,
    /// What was predicted.
    pub predicted: PlanFigures,
    /// What the same plan says of the jobs that really came, at their times: what of a difference is demand. Null where that
    /// took too long, or their times are not known.
    pub with_arrivals: Option<PlanFigures>,
    /// What happened, by ledger and jobs.
    pub happened: PlanFigures,
    /// How far `predicted` was off.
    pub off: PlanOff,
    /// How far `with_arrivals` was off: what of a difference is not demand.
    pub off_with_arrivals: Option<PlanOff>,
    /// Whether the host that was predicted is the one that then was: its limits, agents and settings the same, and up.
    pub comparable: bool,
    /// Why not, and what else is to be known, in words.
    pub notes: Vec<String>,
}

/// A prediction of days that are not all over.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ComingPlan {
    /// When it was made.
    pub made_at: Timestamp,
    /// Its beginning.
    pub from: Timestamp,
    /// Its end.
    pub to: Timestamp,
    /// The time zone whose days these are; null where it has no name.
    pub zone: Option<String>,
    /// The version of the host that made it.
    pub version: String,
    /// By which number chance was drawn.
    pub seed: u64,
    /// A digest of the limits that it was made with.
    pub limits_digest: String,
    /// What is predicted.
    pub predicted: PlanFigures,
    /// Day by day; days without a job are left out.
    pub days: Vec<PlanDay>,
}

/// The predictions of a host.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Predictions {
    /// Of which upstream.
    pub upstream: UpstreamKind,
    /// Where it stands, in a sentence: what was compared last, or when there will be a first comparison.
    pub says: String,
    /// When the first day is over that was predicted; null where none was.
    pub first_day_at: Option<Timestamp>,
    /// When the first seven days are over that were predicted; null where none were.
    pub first_week_at: Option<Timestamp>,
    /// The newest prediction.
    pub coming: Option<ComingPlan>,
    /// Seven days each, the newest first.
    pub weeks: Vec<ComparedPlan>,
    /// Single days, each as it was predicted when it began, the newest first.
    pub days: Vec<ComparedPlan>,
}

impl PlanOff {
    /// A percentage of it as people read it.
    pub fn shown(percent: Option<f64>) -> String {
        percent.map_or_else(|| "-".to_owned(), |percent| format!("{percent:+.1} %"))
    }
}
