//! An alert as a card. Its texts name agents, which name themselves: they are untrusted.

use crate::panel::kit::pill::Pill;
use crate::panel::kit::when::When;
use anvil_types::{Alert, AlertKind, AlertState, AlertWindow, Crossing, Scope, Timestamp};

/// An alert.
pub(crate) struct Card {
    pub(crate) id: String,
    pub(crate) title: String,
    pub(crate) detail: String,
    pub(crate) pill: Pill,
    /// What it is about, in a few words.
    pub(crate) about: String,
    pub(crate) raised: When,
    pub(crate) known: Option<Known>,
    pub(crate) resolved: Option<When>,
    pub(crate) firing: bool,
    /// Whether it is about a limit.
    pub(crate) of_limit: bool,
    /// Whether it is about the clock.
    pub(crate) of_time: bool,
}

/// Who knows of it.
pub(crate) struct Known {
    pub(crate) by: String,
    pub(crate) at: When,
    pub(crate) note: String,
}

impl Card {
    /// From an alert.
    pub(crate) fn new(alert: &Alert, now: Timestamp) -> Self {
        let relative = |at| When::relative(at, now);
        Self {
            id: alert.id.to_string(),
            title: alert.title.clone(),
            detail: alert.detail.clone(),
            pill: alert.state.into(),
            about: alert.crossing.as_ref().map_or_else(|| kind(alert.kind).to_owned(), limit),
            raised: relative(alert.raised_at),
            known: alert.acknowledged.as_ref().map(|known| Known {
                by: known.by.clone(),
                at: relative(known.at),
                note: known.note.clone(),
            }),
            resolved: alert.resolved_at.map(relative),
            firing: alert.state == AlertState::Firing,
            of_limit: alert.crossing.is_some(),
            of_time: alert.kind == AlertKind::ClockJump,
        }
    }
}

fn limit(crossing: &Crossing) -> String {
    let window = match crossing.window {
        AlertWindow::Hour => "any 60 minutes",
        AlertWindow::Day => "the day",
        AlertWindow::Month => "the month",
        AlertWindow::Week => "the week's hours of use",
    };
    match &crossing.scope {
        Scope::All => format!("{} % of {window}", crossing.percent),
        Scope::Agent(name) => format!("{} % of {window}, agent {name}", crossing.percent),
        Scope::ApiKey(name) => format!("{} % of {window}, API key {name}", crossing.percent),
    }
}

fn kind(kind: AlertKind) -> &'static str {
    match kind {
        AlertKind::Threshold => "A limit",
        AlertKind::Brake => "The brake",
        AlertKind::BoundBroken => "A call above its hold",
        AlertKind::Unpriced => "An answer without a price",
        AlertKind::ClockJump => "The clock",
        AlertKind::Circuit => "Claude fails",
        AlertKind::JobTrouble => "A job",
        AlertKind::Webhook => "A webhook",
        AlertKind::Plugin => "A plugin",
        AlertKind::Limits => "What was set",
        AlertKind::Host => "The host",
        AlertKind::Question => "A question",
        AlertKind::Test => "A test",
    }
}
