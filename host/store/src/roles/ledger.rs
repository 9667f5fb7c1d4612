//! Money: holds, their settlements, later truth, and how the windows stand.

use crate::{
    CompressedSum, Correction, HoldDecision, HoldRequest, ScopeStanding, Settled, Settlement, SpendSnapshot,
    StoreError,
};
use anvil_budget::Windows;
use anvil_types::{CallId, CallRecord, JobId, Timestamp, UpstreamKind};
use async_trait::async_trait;

/// Money: holds, their settlements, later truth, and how the windows stand.
#[async_trait]
pub trait LedgerStore: Send + Sync {
    /// Sets money aside, or says why not: rule 2 of the design, in one transaction with the brake and
    /// the lease's fence.
    async fn hold(&self, request: HoldRequest) -> Result<HoldDecision, StoreError>;
    /// Ends a hold. The first settlement of a hold wins; it is never refused.
    async fn settle(&self, settlement: Settlement) -> Result<Settled, StoreError>;
    /// A call that has ended is known to have cost this much: an entry of its own, and all sums follow, in
    /// the windows of its hold. What was unknown is settled then. The same truth may come twice. Answers
    /// the call as it counts now.
    async fn correct(&self, correction: Correction) -> Result<CallRecord, StoreError>;
    /// Calls whose hold stands: the ones that this life of the host does not know are orphans.
    async fn open_holds(&self) -> Result<Vec<CallId>, StoreError>;
    /// In which forms the prompts of a job's calls were sent that were answered; none of a call in whose time nobody looked.
    async fn prompt_forms(&self, job: JobId) -> Result<Vec<Option<String>>, StoreError>;
    /// What was compressed from one time to another, by the hold's time and the agent; what saved most first.
    async fn compressed(
        &self,
        upstream: UpstreamKind,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Vec<CompressedSum>, StoreError>;
    /// How the windows of an upstream stand.
    async fn spend(&self, upstream: UpstreamKind) -> Result<SpendSnapshot, StoreError>;
    /// How the windows stand that an agent or an API key has a limit for.
    async fn scope_spend(&self, upstream: UpstreamKind) -> Result<Vec<ScopeStanding>, StoreError>;
    /// Where windows begin and end.
    fn windows(&self) -> Windows;
    /// Sums the ledger up anew, and says which of the sums that are kept (by window, scope, hour of use, job)
    /// disagree with it; nothing where all is well. Takes a while on a long ledger.
    async fn verify_sums(&self) -> Result<Vec<String>, StoreError>;
    /// A person says that the ledger's time is wrong: the next start takes the wall's clock over, and the brake
    /// is engaged until a person releases it. Refused where the ledger is not ahead of the wall's clock, and with
    /// the simulator. Answers the time that the wall's clock says.
    async fn set_ledger_time_back(&self, by: &str, reason: &str) -> Result<Timestamp, StoreError>;
}
