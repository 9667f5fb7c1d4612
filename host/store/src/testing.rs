//! What tests and measurements ask of a store: each shape once.

use crate::{Claim, HoldRequest, ReadyAgent};
use anvil_types::{
    AgentValues, Asker, CallId, JobAsker, JobId, Json, Lease, Nanodollars, NewJob, Priority, Tier,
    UpstreamKind,
};
use std::time::Duration;

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
        early: None,
        model: "claude-haiku-5-5".to_owned(),
        price_row: "haiku-5-5@2026-10-01".to_owned(),
        amount,
        tries_account: false,
        batch: None,
    }
}

/// A job of no special kind that the simulator answers, and that may spend a dollar.
pub fn new_job(id: JobId, agent: &str, action: &str) -> NewJob {
    NewJob {
        id,
        agent: agent.to_owned(),
        action: action.to_owned(),
        payload: Json::null(),
        priority: Priority::Normal,
        run_at: None,
        idempotency_key: None,
        max_cost: Nanodollars::from_dollars(1),
        tags: Vec::new(),
        after: Vec::new(),
        schedule: None,
        inputs: Vec::new(),
        economy: None,
        upstream: UpstreamKind::Simulated,
    }
}

/// A claim of one job of this agent, for long enough for any test.
pub fn claim_of(agent: &str) -> Claim {
    let settings = AgentValues::default();
    Claim {
        agents: vec![ReadyAgent { name: agent.to_owned(), digest: "d".to_owned(), settings, warm: false }],
        upstream: UpstreamKind::Simulated,
        most: 1,
        critical_only: false,
        alive: Vec::new(),
        lease_for: Duration::from_hours(24),
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
