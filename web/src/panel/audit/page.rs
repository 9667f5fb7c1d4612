//! What people changed: the audit log.

use crate::panel::kit::answer::html;
use crate::panel::kit::shell::{Nav, Shell};
use crate::panel::kit::when::When;
use crate::problem::Problem;
use crate::state::WebState;
use anvil_store::AuditEntry;
use askama::Template;
use axum::extract::State;
use axum::response::Response;

/// Entries that are shown.
const PAST: u32 = 200;

/// The page.
#[derive(Template)]
#[template(path = "audit/page.html")]
pub(crate) struct AuditPage {
    pub(crate) shell: Shell,
    past: Vec<Past>,
    /// Whether there may be more than is shown.
    more: bool,
}

/// What somebody changed. Its texts are a person's own.
struct Past {
    at: When,
    by: String,
    action: String,
    detail: String,
}

impl AuditPage {
    pub(crate) fn new(shell: Shell, audit: &[AuditEntry]) -> Self {
        let past = audit.iter().map(|entry| Past {
            at: When::relative(entry.at, shell.now),
            by: entry.by.clone(),
            action: entry.action.clone(),
            detail: entry.detail.clone(),
        });
        Self { past: past.collect(), more: audit.len() >= PAST as usize, shell }
    }
}

pub(super) async fn page(State(state): State<WebState>) -> Result<Response, Problem> {
    let (shell, _) = Shell::load(&state, Nav::Other, "Audit log").await?;
    html(&AuditPage::new(shell, &state.control.audit.newest(PAST).await?))
}
