//! What tests and measurements ask of a store: each shape once.

use crate::HoldRequest;
use anvil_types::{Asker, CallId, JobAsker, Lease, Nanodollars, Tier, UpstreamKind};

/// A request to hold so much for a call that the simulator bills.
pub fn hold_request(id: CallId, asker: Asker, amount: Nanodollars) -> HoldRequest {
    HoldRequest {
        id,
        upstream: UpstreamKind::Simulated,
        asker,
        tags: Vec::new(),
        tier_asked: Tier::Opus,
        tier_given: Tier::Haiku,
        tier_reason: None,
        model: "claude-haiku-5-5".to_owned(),
        price_row: "haiku-5-5@2026-10-01".to_owned(),
        amount,
        tries_account: false,
    }
}

/// A job's first attempt, which asks for the answer at this place of its journal.
pub fn attempt(lease: Lease, agent: &str, position: u32) -> Asker {
    Asker::Job(JobAsker { lease, agent: agent.to_owned(), attempt: 1, position })
}

/// Rules for questions as the settings have them by default, of which people are told at once.
pub fn question_rules() -> crate::QuestionRules {
    crate::QuestionRules {
        open_of_subject: 5,
        open_of_asker: 50,
        ring_after: std::time::Duration::ZERO,
        ring_every: std::time::Duration::ZERO,
        with_links: true,
    }
}

/// A question with two choices.
pub fn question_text(prompt: &str) -> anvil_types::QuestionText {
    let choice = |value: &str| anvil_types::QuestionChoice { value: value.to_owned(), label: None };
    anvil_types::QuestionText {
        prompt: prompt.to_owned(),
        details: None,
        choices: vec![choice("yes"), choice("no")],
        schema: None,
        time_limit_ms: None,
        default: None,
        extras: Vec::new(),
    }
}
