//! The words of the house: ids, money, time, usage, limits, jobs, calls, events.
//!
//! Pure data. Nothing here reads a file, a socket or the wall clock by itself; the one clock of the
//! house is a trait that is handed in ([`Clock`]).

pub mod action_run;
pub mod address;
pub mod agent;
mod agent_values;
mod agent_version;
pub mod alert;
pub mod artifact;
mod asker;
mod attempt_use;
pub mod attempts;
pub mod audit;
mod batch;
pub mod brake;
pub mod call;
mod canonical;
mod clip;
pub mod clock;
mod compression;
mod direction;
mod effort;
pub mod encoding;
pub mod event;
pub mod id;
pub mod input;
pub mod job;
pub mod job_action;
pub mod job_filter;
pub mod journal_kind;
pub mod json;
pub mod json_text;
pub mod ledger;
pub mod limit_source;
mod limit_use;
pub mod limits;
pub mod log;
pub mod model;
pub mod money;
pub mod nearest;
pub mod pace;
mod per_agent;
mod plan_day;
mod prompt_cache;
pub mod question;
pub mod queue_pause;
mod reply_cache;
pub mod schedule;
#[cfg(feature = "schema")]
mod schema;
pub mod scope;
pub mod state;
pub mod supervisor;
pub mod team;
pub mod time;
pub mod upstream;
pub mod usage;
pub mod vocabulary;
pub mod wiped;
pub mod words;

pub use action_run::{ActionPlan, ActionRun, ActionState};
pub use address::shown_address;
pub use agent::{ActionInfo, Actions, AgentInfo, AgentState};
pub use agent_values::AgentValues;
pub use agent_version::{AgentVersion, AsideCause, AsideVersion, ReplacedVersion, VersionState};
pub use alert::{
    Acknowledgement, Alert, AlertKind, AlertNews, AlertState, AlertWindow, Crossing, Delivery, DeliveryState,
    Webhook, WebhookFormat,
};
pub use artifact::{ArtifactInfo, ArtifactName, LONGEST_MEDIA_TYPE, is_media_type};
pub use asker::{Asker, ClientAsker, JobAsker};
pub use attempt_use::{AgentUse, AttemptUse, ShownBytes, ShownMicros};
pub use attempts::{AfterFailure, AtCrash, Attempts};
pub use audit::AuditEntry;
pub use batch::{BatchNote, BatchPause, BatchRecord, BatchState, BatchTrouble, GatheredCalls};
pub use brake::BrakeCauseKind;
pub use call::{
    CallError, CallErrorKind, CallOutcome, CallRecord, CallState, ContentBlock, CostCorrection, Message,
    Origin, Remaining, Reply, Request, Role, Tool,
};
pub use clip::{clip, clip_at};
pub use clock::{Clock, DrivenClock, SystemClock};
pub use compression::{Compressed, Compression, CompressionReplay};
pub use direction::{overrides_direction, turns_direction, upright};
pub use effort::Effort;
pub use event::{Event, EventKind};
pub use id::{AlertId, BootId, CallId, DeliveryId, HostId, JobActionId, JobId, QuestionId, ScheduleId};
pub use input::{InputDigest, InputInfo, InputLimits, InputSource, NewInput};
pub use job::{
    Attempt, Job, JobError, JobEvent, JobState, LONGEST_TAG, Lease, MOST_PARENTS, MOST_TAGS, NewJob,
    ParentResult, Priority, Relative, Relatives, TransitionRefused, Wait, WaitReason, check_tags,
};
pub use job_action::JobAction;
pub use job_filter::JobFilter;
pub use journal_kind::JournalKind;
pub use json::{BadJson, Json};
pub use ledger::{LedgerTotals, Tokens};
pub use limit_source::LimitSource;
pub use limit_use::{LimitUnit, LimitUsed};
pub use limits::{LimitDifference, Limits, LimitsPatch};
pub use log::{LogLevel, LogLine};
pub use model::Tier;
pub use money::Nanodollars;
pub use pace::{Bucket, BucketReport};
pub use per_agent::PerAgent;
pub use plan_day::{DayJobs, DaySeen, EndedJob};
pub use prompt_cache::{CacheEffect, CacheMiss, CacheMissKind, CacheMissReason};
pub use question::{
    AskError, PersonAnswer, PersonQuestion, QuestionChoice, QuestionFault, QuestionState, QuestionSubject,
    QuestionText,
};
pub use queue_pause::QueuePause;
pub use reply_cache::ReplySize;
pub use schedule::{JobTemplate, MissedRuns, Overlap, Schedule};
pub use scope::Scope;
pub use state::{
    LARGEST_STATE_VALUE, LONGEST_STATE_KEY, LONGEST_STATE_PAGE, StateAnswer, StateAsk, StateFault, StateItem,
    StateKey, StatePage, StateSize, StateValue,
};
pub use supervisor::{End, Fall, Inbox, Life, PartNews, Supervisor};
pub use team::{Branch, TeamAnswer, TeamDone, TeamFailure, TeamTask};
pub use time::Timestamp;
pub use upstream::UpstreamKind;
pub use usage::{MOST_TOKENS, Usage};
pub use vocabulary::{FreeField, InferenceGeo, RequestOption, RequestPart, ServiceTier, Speed, listed};
pub use wiped::Wiped;
