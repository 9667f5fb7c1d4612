//! Why a job fails, in the contract's words.

use crate::wit::anvil::agent::claude::CallError;
use crate::wit::exports::anvil::agent::agent_api::Failure;

/// A failure of a kind that the contract knows.
pub fn failure(kind: &str, message: impl Into<String>) -> Failure {
    Failure { kind: kind.to_owned(), message: message.into(), extras: Vec::new() }
}

/// The failure that follows when a call has no reply: what waiting or money can't mend is final,
/// anything else, kinds of the future included, is worth another attempt.
pub fn of_call(error: &CallError) -> Failure {
    match error.kind.as_str() {
        "over-budget" | "calls-exhausted" => failure("over-budget", &error.message),
        "too-large" => {
            failure("invalid-input", format!("the job is too large for one call: {}", error.message))
        }
        "invalid-request" | "unbounded-content" => failure("final", &error.message),
        kind => failure("internal", format!("{kind}: {}", error.message)),
    }
}
