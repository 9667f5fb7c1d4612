//! Why a job fails, in the contract's words, and why a task was not done.

use crate::text;
use crate::wit::anvil::agent::team;
use crate::wit::exports::anvil::agent::agent_api::Failure;

/// The most characters of a task's own words that are told on.
const LONGEST: usize = 500;

/// A failure of a kind that the contract knows.
pub fn failure(kind: &str, message: impl Into<String>) -> Failure {
    Failure { kind: kind.to_owned(), message: message.into(), extras: Vec::new() }
}

/// Why a task was not done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The word that says what follows from it: that of the job that failed, else that of the task.
    pub kind: String,
    /// In a line.
    pub why: String,
    /// The job, where one was made.
    pub job: Option<String>,
    /// What it cost, in nano-dollars.
    pub cost: u64,
}

impl Refusal {
    /// Reads the failure of a task.
    pub fn of(failure: &team::Failure) -> Self {
        let extra = |name: &str| {
            let found = failure.extras.iter().find(|extra| extra.name == name)?;
            serde_json::from_str::<serde_json::Value>(&found.value).ok()
        };
        let own = extra("kind").and_then(|kind| Some(kind.as_str()?.to_owned()));
        let why = text::line(&failure.message, LONGEST);
        Self {
            kind: own.filter(|_| failure.kind == "failed").unwrap_or_else(|| failure.kind.clone()),
            why: if why.is_empty() { failure.kind.clone() } else { why },
            job: failure.job_id.clone(),
            cost: extra("cost_nanodollars").and_then(|cost| cost.as_u64()).unwrap_or(0),
        }
    }

    /// Whether its money did not reach.
    pub fn is_for_money(&self) -> bool {
        matches!(self.kind.as_str(), "over-budget" | "calls-exhausted")
    }

    /// Whether the agent is not there now, or switched off: it may be there again, and the task is done then.
    pub fn is_away(&self) -> bool {
        matches!(self.kind.as_str(), "no-agent" | "agent-off")
    }

    /// The failure of a job that has nothing to deliver because of it: what another attempt would not mend is final.
    pub fn of_all(&self, agent: &str) -> Failure {
        let kind = match self.kind.as_str() {
            "over-budget" | "calls-exhausted" => "over-budget",
            "internal" | "bad-reply" | "no-agent" | "agent-off" => "internal",
            // A job that ended without a word of its own, such as one that broke a limit, had its attempts.
            _ => "final",
        };
        failure(kind, format!("`{agent}` gave no requirements to go on with: {}", self.why))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wit::anvil::agent::claude::Extra;

    #[test]
    fn a_job_that_failed_is_judged_by_its_own_word() {
        let extra = |name: &str, value: &str| Extra { name: name.to_owned(), value: value.to_owned() };
        let failed = team::Failure {
            kind: "failed".to_owned(),
            message: "job X failed:\nno money".to_owned(),
            job_id: Some("X".to_owned()),
            extras: vec![extra("kind", "\"over-budget\""), extra("cost_nanodollars", "17")],
        };
        let refusal = Refusal::of(&failed);
        assert_eq!((refusal.kind.as_str(), refusal.cost, refusal.is_for_money()), ("over-budget", 17, true));
        assert_eq!(refusal.why, "job X failed: no money");
        let odd =
            team::Failure { extras: vec![extra("kind", "7"), extra("cost_nanodollars", "{")], ..failed };
        assert_eq!((Refusal::of(&odd).kind.as_str(), Refusal::of(&odd).cost), ("failed", 0));
    }
}
