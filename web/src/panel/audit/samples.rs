//! Made-up entries of the audit log.

use super::page::AuditPage;
use crate::panel::kit::samples::{Sample, ago, html, shell, status};
use crate::panel::kit::shell::Nav;
use anvil_store::AuditEntry;

fn audit() -> Vec<AuditEntry> {
    let entry = |ago_s, by: &str, action: &str, detail: &str| AuditEntry {
        at: ago(ago_s),
        by: by.to_owned(),
        action: action.to_owned(),
        detail: detail.to_owned(),
    };
    vec![
        entry(95, "ann", "brake.off", "the account is paid again"),
        entry(4_000, "the API token", "limits.change", "day_usd $160.00 to $200.00"),
        entry(90_000, "ann", "agent.disable", "<b>greeter</b>"),
    ]
}

/// Its page.
pub(crate) fn pages() -> Vec<Sample> {
    vec![("/audit", html(&AuditPage::new(shell(&status(), Nav::Other, "Audit log"), &audit())))]
}
