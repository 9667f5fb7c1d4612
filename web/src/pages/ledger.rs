//! The ledger: every call, the newest first.

use super::html;
use super::job_calls::CallRow;
use super::money::Money;
use super::shell::{Nav, Shell};
use crate::api::Query;
use crate::problem::Problem;
use crate::state::WebState;
use anvil_runner::Status;
use anvil_types::{CallId, CallRecord};
use askama::Template;
use axum::extract::State;
use axum::response::Response;

/// Calls on a page.
const PAGE: u32 = 100;

/// The page.
#[derive(Template)]
#[template(path = "ledger.html")]
pub(crate) struct LedgerPage {
    pub(crate) shell: Shell,
    total: Money,
    calls: Vec<CallRow>,
    first: bool,
    next: Option<String>,
}

impl LedgerPage {
    /// From up to one call more than a page has.
    pub(crate) fn new(shell: Shell, status: &Status, calls: &[CallRecord], first: bool) -> Self {
        let shown = &calls[..calls.len().min(PAGE as usize)];
        let more = calls.len() > shown.len();
        Self {
            shell,
            total: status.spend.total.into(),
            calls: shown.iter().map(|call| CallRow::new(call, status.now)).collect(),
            first,
            next: shown.last().filter(|_| more).map(|last| format!("/ledger?after={}", last.id)),
        }
    }
}

pub(super) async fn page(State(state): State<WebState>, query: Query) -> Result<Response, Problem> {
    let query = query.only(&["after"])?;
    let after: Option<CallId> = query.value("after")?;
    let (shell, status) = Shell::load(&state, Nav::Ledger, "Ledger").await?;
    let calls = state.runner.ledger(after, PAGE + 1).await?;
    html(&LedgerPage::new(shell, &status, &calls, after.is_none()))
}
