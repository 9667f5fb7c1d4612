//! Checks a submission against what the agents say of themselves.

use crate::{FieldError, Submission, SubmitError};
use anvil_types::{ActionInfo, AgentInfo, AgentState, Json};

/// The most wrong fields that are named.
const MOST_ERRORS: usize = 20;

/// Checks that the agent and the action exist and that the payload matches its schema.
///
/// An agent that is switched off or gone for now still takes jobs: they wait.
pub(crate) fn check(submission: &Submission, agents: &[AgentInfo]) -> Result<(), SubmitError> {
    let known: Vec<&AgentInfo> = agents
        .iter()
        .filter(|agent| matches!(agent.state, AgentState::Ready | AgentState::Disabled | AgentState::Retired))
        .collect();
    let names = sorted(known.iter().map(|agent| agent.name.clone()));
    let agent = known.iter().find(|agent| agent.name == submission.agent).ok_or_else(|| {
        SubmitError::UnknownAgent {
            name: clip(&submission.agent),
            nearest: nearest(&submission.agent, &names),
            known: names.clone(),
        }
    })?;
    let actions: Vec<_> = agent.actions.iter().map(|action| action.name.clone()).collect();
    let action = agent.actions.iter().find(|action| action.name == submission.action).ok_or_else(|| {
        SubmitError::UnknownAction {
            agent: agent.name.clone(),
            action: clip(&submission.action),
            nearest: nearest(&submission.action, &actions),
            known: actions.clone(),
        }
    })?;
    let errors = misses(action, &submission.payload).map_err(SubmitError::Invalid)?;
    if errors.is_empty() {
        return Ok(());
    }
    Err(SubmitError::InvalidPayload { agent: agent.name.clone(), action: action.name.clone(), errors })
}

fn misses(action: &ActionInfo, payload: &Json) -> Result<Vec<FieldError>, String> {
    let validator = jsonschema::validator_for(&action.input_schema.value())
        .map_err(|error| format!("the schema of the action `{}` is itself wrong: {error}", action.name))?;
    let payload = payload.value();
    let errors = validator.iter_errors(&payload).take(MOST_ERRORS);
    let mut errors: Vec<_> = errors
        .map(|error| FieldError {
            pointer: error.instance_path().to_string(),
            message: clip(&error.to_string()),
        })
        .collect();
    errors.sort_by(|one, other| one.pointer.cmp(&other.pointer));
    Ok(errors)
}

fn sorted(names: impl Iterator<Item = String>) -> Vec<String> {
    let mut names: Vec<_> = names.collect();
    names.sort_unstable();
    names.dedup();
    names
}

// What a client sent is repeated to it, but not by the megabyte.
fn clip(text: &str) -> String {
    if text.chars().count() <= 300 {
        text.to_owned()
    } else {
        text.chars().take(300).chain(['…']).collect()
    }
}

fn nearest(name: &str, known: &[String]) -> Option<String> {
    let near = known.iter().map(|other| (strsim::jaro_winkler(name, other), other));
    near.filter(|(likeness, _)| *likeness > 0.75)
        .max_by(|one, other| one.0.total_cmp(&other.0))
        .map(|(_, other)| other.clone())
}
