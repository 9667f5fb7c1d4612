//! The words of the REST API: what is asked, what is answered, what is wrong.
//!
//! The host writes answers with these types and clients read them, so that a fact of the API stands once. Each has its
//! schema; `/api/openapi.json` is made of them. Facts that the house itself works with (jobs, alerts, calls, …) stand in
//! `anvil-types` and `anvil-budget` and are answered as they are. Members of an answer that a client does not
//! know are passed over, so that an older one reads a newer host. Requests are types for clients: the host reads bodies
//! member by member, to tell of all that is wrong at once, and a test of the web holds the two together.
//!
//! Knows neither web, runner, store nor sandbox.

mod action;
mod alert;
mod batch;
mod beside;
mod brake;
mod clock;
mod compression;
mod fixture;
mod job;
mod ledger;
mod limits;
mod lines;
mod list;
mod misses;
mod plan;
mod plugin;
mod prediction;
mod price;
mod probe;
mod problem;
mod question;
mod queue;
mod replay;
mod reply_cache;
mod request;
mod schedule;
mod smoke;
mod spend;
mod state;
mod status;
mod tiers;
mod version;
mod webhook;

pub use action::{ActionPlanned, ActionRequest};
pub use alert::AcknowledgeRequest;
pub use batch::BatchesView;
pub use brake::{BrakeRequest, BrakeView};
pub use clock::{ClockRequest, ClockView, NOW, SetBack, SetBackRequest, WipeRequest};
pub use compression::{CompressedItem, CompressedTotal, CompressionReport};
pub use fixture::{Fixture, FixtureAnswer, FixtureFile, FixtureJob};
pub use job::{EditRequest, JobCopy, JobDetail, JobList, SubmitRequest};
pub use ledger::{CorrectionRequest, Ledger};
pub use limits::{
    LimitsRequest, LimitsView, NamedLimits, ScopeLimitsRequest, ScopeLimitsView, ScopeWindowStatus,
};
pub use lines::{BulkAnswer, Came, ImportAnswer, LineAnswer, LineProblem};
pub use list::List;
pub use misses::{CacheMisses, JobMisses, MissItem, MissTotal, MissesBy};
pub use plan::{
    PlanAlert, PlanAnswer, PlanDay, PlanFull, PlanHour, PlanOther, PlanQuestion, PlanRun, PlanSaving,
    PlanTier, PlanTimes, PlanWait, PlannedJobs,
};
pub use plugin::{PluginRemoved, PluginReport};
pub use prediction::{ComingPlan, ComparedPlan, PlanFigures, PlanOff, Predictions};
pub use price::{PriceRequest, PriceView};
pub use probe::Probe;
pub use problem::{FieldError, PayloadMisfit, Problem};
pub use question::AnswerRequest;
pub use queue::{QueueRequest, QueueView};
pub use replay::{Difference, Question, Replayed};
pub use reply_cache::{AgentReplies, ReplyCacheView};
pub use schedule::{ScheduleDetail, ScheduleRequest, ScheduleView};
pub use smoke::{SmokeEnd, SmokeReport, SmokeRequest};
pub use spend::{By, Spend, SpendItem, Sum};
pub use state::{StateList, StateUse};
pub use status::{
    AgentsStatus, AlertsStatus, BrakeStatus, PaceStatus, PluginsStatus, QuestionsStatus, QueueStatus,
    ScalingStatus, SlotChange, SpendStatus, Status, UpstreamStatus, WeekStatus, WindowStatus,
};
pub use tiers::{TierOutcome, TierOutcomes};
pub use version::RollBackRequest;
pub use webhook::{Sent, WebhookRequest, WebhookView};
