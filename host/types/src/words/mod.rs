//! What people are told, as values: who decides makes one of these, and its sentence stands beside it.
//!
//! Whoever runs jobs says *why* by one of these words with what belongs to it; how that reads stands here and nowhere
//! else. Tables and answers of the API have the sentence, which is what they are read for.

mod alert;
mod cron;
mod fault;
mod guest;
mod idle;
mod input;
mod part;
mod people;
mod plugin_change;
mod predictions_stand;
mod probe;
mod prompt_cache;
mod refusal;
mod resting;
mod scaling;
mod smoke;
mod state;
mod stopping;
mod team;
mod version;
mod wait;

pub use alert::{
    AgentAsks, AgentQuarantined, AlertCause, AlertKey, AnswerUnpriced, BatchUnheard, BoundBroken,
    BrakeEngaged, CallsHeldBack, CallsTooFast, ClockJump, JobTrouble, LateThreshold, LimitCutDown, NameTaken,
    PartFell, PluginDelayed, PluginsFolderGone, PriceDropped, RunsAlone, SetApart, ThresholdReached, Used,
    WallStands, WebhookGone, WebhookTest,
};
pub use cron::{CronFault, CronField};
pub use fault::{HostTrouble, JobFault};
pub use guest::{GuestRefusal, JobNote};
pub use idle::{Besides, WhyIdle};
pub use input::InputRefusal;
pub use part::{HostPart, PartEnd};
pub use people::{AnswerMiss, AskRefusal, NoAnswer, QuestionNote};
pub use plugin_change::{PluginChange, PluginRefusal};
pub use predictions_stand::PredictionsStand;
pub use probe::{ProbeSaid, ProbeUnderWay};
pub use refusal::{BadValue, NoFixture, NoReplay, NotTaken, WebhookFault};
pub use resting::{AgentsUnlisted, BrakeReason, Resting, SwitchedOff};
pub use scaling::{PaceLimit, ScaleReason};
pub use smoke::{PlayedAnswer, SmokeRefusal};
pub use state::StateRefusal;
pub use stopping::Stopping;
pub use team::TeamRefusal;
pub use version::{AsideReason, AsideShown, VersionRefusal};
pub use wait::{CircuitWait, LoneJob, WaitCause};

/// The beginning of a plugin's digest, by which people tell versions apart.
fn short(digest: &str) -> &str {
    digest.get(..12).unwrap_or(digest)
}
