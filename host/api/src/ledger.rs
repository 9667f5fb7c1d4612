//! The ledger.

use anvil_types::{CallId, CallRecord, LedgerTotals, Nanodollars};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A page of the ledger, and what all that the filter lets through comes to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Ledger {
    /// The calls, the newest first.
    pub items: Vec<CallRecord>,
    /// What to send as `after` to get the next page; null on the last.
    pub next: Option<CallId>,
    /// What all that the filter lets through comes to.
    pub total: LedgerTotals,
}

/// `POST /ledger/{id}/correct`: what a call really cost.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CorrectionRequest {
    /// The dollars that it really cost.
    pub cost_usd: Nanodollars,
    /// How that is known; the ledger keeps it.
    pub reason: String,
}
