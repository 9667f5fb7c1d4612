//! A made-up brake, engaged and released.

use super::page::{BrakeBody, BrakePage};
use crate::panel::kit::samples::{Sample, ago, braked, html, shell, status, windows};
use crate::panel::kit::shell::Nav;
use anvil_api::Status;
use anvil_store::{BrakeEntry, BrakeHistory, BrakeMove};
use anvil_types::BrakeCauseKind;

fn history(muted: bool) -> BrakeHistory {
    let entry = |seconds, change, kind, reason: &str, by: Option<&str>| BrakeEntry {
        at: ago(seconds),
        change,
        kind,
        upstream: None,
        reason: reason.to_owned(),
        by: by.map(str::to_owned),
    };
    let person = Some("a person at the panel");
    BrakeHistory {
        history: vec![
            entry(
                600,
                BrakeMove::Engaged,
                BrakeCauseKind::Day,
                "$152.0412 of the day's $160.00 are spent: 95 % is reached",
                None,
            ),
            entry(80_000, BrakeMove::Released, BrakeCauseKind::Person, "the answers are right again", person),
            entry(
                84_000,
                BrakeMove::Engaged,
                BrakeCauseKind::Person,
                "odd answers of design-architect",
                person,
            ),
        ],
        muted_until: muted.then_some(status().spend.day.resets_at),
    }
}

/// Its pages.
pub(crate) fn pages() -> Vec<Sample> {
    let page = |status: &Status, muted| BrakePage {
        shell: shell(status, Nav::Other, "Brake"),
        body: BrakeBody::new(status, &history(muted), &windows()),
    };
    vec![("/brake", html(&page(&braked(), false))), ("/brake-off", html(&page(&status(), true)))]
}
