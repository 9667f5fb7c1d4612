//! What survives: jobs, journal, ledger, limits, brake, events. The only SQL in the house.
//!
//! [`Store`] is a trait of coarse operations, each one transaction that calls `anvil_budget`'s pure
//! decisions inside it. Time comes from the clock that the store is given.

mod actions;
mod agents;
mod alerts;
mod batches;
#[cfg(feature = "conformance")]
pub mod conformance;
mod engine;
mod error;
mod hold;
mod import;
mod jobs;
mod journal;
mod limits;
mod predictions;
mod query;
mod questions;
mod reading;
mod replies;
mod retention;
mod roles;
mod rules;
mod schedules;
mod search;
mod shares;
mod sqlite;
mod state;
mod team;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
mod usage;

pub use anvil_budget::{BrakeEntry, BrakeHistory, BrakeMove};
pub use anvil_types::{
    ActionPlan, ActionRun, ActionState, AuditEntry, JobFilter, JournalKind, LedgerTotals, LimitSource,
    QueuePause, Tokens, Wiped,
};

pub use actions::{ActionStep, NewAction};
pub use agents::{AttemptNote, PriorVersion, QuarantineRule, Trap};
pub use alerts::{
    AlertFilter, AlertPage, DeliveryFilter, DeliveryNext, DeliveryTried, DueDelivery, NewAlert,
};
pub use batches::{BatchBody, BatchCall, BatchEnd, BatchPlace, BatchWish, NewBatchCall, OpenBatch};
pub use error::StoreError;
pub use hold::{Correction, HoldDecision, HoldRequest, PromptForm, Settled, Settlement, SettlementOutcome};
pub use import::{FinishedJob, Imported, ImportedFile, ImportedJob};
pub use jobs::{Claim, Claimed, Enqueued, Finish, JobEdit, LostLeases, ReadyAgent, Recovered, Start, Taken};
pub use journal::{JournalEntry, JournalWrite};
pub use limits::{BrakeState, LimitCut, LimitsInForce, PriceChange, ScopeLimit};
pub use predictions::{KeptDay, KeptPrediction, PredictedPart};
pub use query::{JobPage, QueueCounts, ScopeStanding, SpendSnapshot, Suspects, WeekStanding, WindowStanding};
pub use questions::{
    Answerer, NewQuestion, NewQuestionLink, QuestionFilter, QuestionFound, QuestionKey, QuestionPage,
    QuestionRules, link_hash,
};
pub use replies::{KeptReply, NewReply, ReplyBounds, ReplyFound, ReplyHit, ReplyKey};
pub use retention::{Pruned, Retention};
pub use roles::{
    AgentStore, BatchStore, BulkStore, EventStore, JournalStore, LedgerStore, LimitStore, OutboxStore,
    PredictionStore, QuestionStore, QueueStore, ReadingStore, ReplyStore, ScheduleStore, StateStore, Store,
    TeamStore, UpkeepStore,
};
pub use schedules::{Fired, Firing};
pub use shares::QueueShares;
#[cfg(any(test, feature = "bench"))]
pub use sqlite::bare;
#[cfg(feature = "bench")]
pub use sqlite::history;
pub use sqlite::{SqliteOptions, SqliteStore};
pub use state::StateStep;
pub use team::{TeamAsk, TeamStep};
pub use usage::{CompressedSum, LedgerFilter, LedgerPage, MissSum, TierSum, UsageSum};
