//! How the host stands, as every face shows it.

use anvil_budget::{BrakeCause, CircuitReport, Forecast, PressureEffect};
use anvil_types::{BucketReport, Nanodollars, QueuePause, Timestamp, UpstreamKind};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The whole.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Status {
    /// The host's time.
    pub now: Timestamp,
    /// The host's version.
    pub version: String,
    /// Whom the gateway asks.
    pub upstream: UpstreamStatus,
    /// Slots.
    pub agents: AgentsStatus,
    /// Plugins.
    pub plugins: PluginsStatus,
    /// Jobs.
    pub queue: QueueStatus,
    /// Money.
    pub spend: SpendStatus,
    /// Requests and tokens a minute.
    pub pace: PaceStatus,
    /// How full the fullest window is, from 0 to 1.
    pub pressure: f64,
    /// What the pressure and the brake do to calls at this moment.
    pub effect: PressureEffect,
    /// The brake.
    pub brake: BrakeStatus,
    /// Alerts.
    pub alerts: AlertsStatus,
    /// Questions to people.
    #[serde(default)]
    pub questions: QuestionsStatus,
    /// Why nothing runs, or why what waits does; none where nothing waits.
    pub why_idle: Option<String>,
}

/// Whom the gateway asks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct UpstreamStatus {
    /// Live or simulated.
    pub kind: UpstreamKind,
    /// Its address.
    pub base_url: String,
}

/// Slots.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AgentsStatus {
    /// Attempts that run.
    pub running: u32,
    /// Slots that there are now.
    pub slots: u32,
    /// The fewest.
    pub min: u32,
    /// The most.
    pub max: u32,
    /// Why there are as many as there are.
    pub scaling: ScalingStatus,
}

/// The plugins folder, and what is still to be done about what is in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PluginsStatus {
    /// The folder.
    pub folder: String,
    /// What is wrong with the folder itself; none where nothing is.
    pub trouble: Option<String>,
    /// Plugins that are being compiled, or wait for that.
    pub compiling: u32,
    /// Files that were seen and are still to be looked at.
    #[serde(default)]
    pub waiting: u32,
    /// Plugins that the host could not load just now, and tries again.
    pub delayed: u32,
    /// Agents whose file's version is in quarantine.
    #[serde(default)]
    pub quarantined: u32,
    /// Bytes of compiled code that are kept.
    #[serde(default)]
    pub compiled_bytes: u64,
    /// The most of them that are kept beside what is needed.
    #[serde(default)]
    pub compiled_limit_bytes: u64,
}

/// Why there are as many slots as there are.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ScalingStatus {
    /// Why, for people.
    pub reason: String,
    /// How many agents the pace can feed, by what they took of it while they worked in the last ten
    /// minutes; none while too little is known.
    pub ceiling: Option<u32>,
    /// The limit a minute that so many agents use up.
    pub ceiling_limit: Option<String>,
    /// The last change in this life of the host.
    pub changed: Option<SlotChange>,
}

/// A change of the number of slots.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SlotChange {
    /// How many there were.
    pub from: u32,
    /// How many there are since.
    pub to: u32,
    /// When.
    pub at: Timestamp,
    /// Why, for people.
    pub reason: String,
}

/// Jobs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct QueueStatus {
    /// Waiting for a slot.
    pub queued: u64,
    /// Waiting for their time.
    pub scheduled: u64,
    /// Parked.
    pub parked: u64,
    /// Running.
    pub running: u64,
    /// How long the oldest queued job has waited, in seconds.
    pub oldest_wait_s: u64,
    /// The most unfinished jobs.
    pub limit: u32,
    /// Done since the data folder began, as far as jobs are kept.
    pub succeeded: u64,
    /// Given up, likewise.
    pub failed: u64,
    /// Stopped by a person, likewise.
    pub cancelled: u64,
    /// A person's pause: no job is claimed while it lasts.
    pub paused: Option<QueuePause>,
}

/// Money by window.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct SpendStatus {
    /// The rolling hour.
    pub hour: WindowStatus,
    /// The calendar day.
    pub day: WindowStatus,
    /// The calendar month.
    pub month: WindowStatus,
    /// Hours of use in the week.
    pub week: WeekStatus,
    /// All that was ever spent under this upstream.
    #[serde(rename = "total_usd")]
    pub total: Nanodollars,
    /// Calls that cost more than their hold: a bug in the bound.
    pub bounds_broken: u64,
}

/// One money window.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct WindowStatus {
    /// Settled and unknown.
    pub spent_usd: Nanodollars,
    /// Held by calls under way.
    pub held_usd: Nanodollars,
    /// The part of spent that is unknown.
    pub unknown_usd: Nanodollars,
    /// The limit.
    pub limit_usd: Nanodollars,
    /// When it begins anew.
    pub resets_at: Timestamp,
    /// When it will be at 95 % of its limit at the rate of the last minutes.
    pub forecast: Forecast,
}

/// Hours of use in a week.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct WeekStatus {
    /// Hours with a call in flight.
    pub hours: f64,
    /// The limit.
    pub limit_hours: u32,
    /// When the next week begins.
    pub resets_at: Timestamp,
}

/// Requests and tokens a minute.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct PaceStatus {
    /// Requests in the last 60 seconds.
    pub requests_last_minute: u32,
    /// The limit.
    pub requests_per_minute: u32,
    /// The limit of input tokens for each pool of models.
    pub input_tokens_per_minute: u32,
    /// The limit of output tokens for each pool of models.
    pub output_tokens_per_minute: u32,
    /// Calls that wait for pace or money.
    pub waiting_calls: u32,
    /// Calls under way.
    pub calls_in_flight: u32,
    /// What was taken of each limit a minute, and what the upstream says of its own: requests over all
    /// models first, then requests, input and output tokens of each pool of models in use.
    pub buckets: Vec<BucketReport>,
    /// The circuit to the upstream.
    pub circuit: CircuitReport,
    /// By how many percent the estimates of input tokens were off on average, of late.
    pub input_error_percent: Option<f64>,
    /// By how many percent the estimates of output tokens were off on average, of late.
    pub output_error_percent: Option<f64>,
}

/// Alerts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AlertsStatus {
    /// Those that nobody has acknowledged, and whose cause is still there.
    pub firing: u64,
}

/// Questions to people.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct QuestionsStatus {
    /// Those that nobody has answered.
    pub open: u64,
}

/// The brake.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct BrakeStatus {
    /// Whether no new call goes out.
    pub engaged: bool,
    /// Why.
    pub causes: Vec<BrakeCause>,
}
