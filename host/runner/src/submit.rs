//! Checks a submission against what the agents say of themselves.

use crate::{FieldError, Submission, SubmitError};
use anvil_types::{ActionInfo, AgentInfo, AgentState, Json};
use jsonschema::error::ValidationErrorKind;
use jsonschema::{ValidationError, Validator};
use std::collections::HashMap;
use std::collections::hash_map::Entry;

/// The most wrong fields that are named.
const MOST_ERRORS: usize = 20;

/// Checks submissions against the agents of one moment; a schema is compiled once.
pub(crate) struct Checker {
    agents: Vec<AgentInfo>,
    schemas: HashMap<(String, String), Validator>,
}

impl Checker {
    pub(crate) fn new(agents: Vec<AgentInfo>) -> Self {
        Self { agents, schemas: HashMap::new() }
    }

    /// Checks that the agent and the action exist and that the payload matches its schema.
    ///
    /// An agent that is switched off or gone for now still takes jobs: they wait.
    pub(crate) fn check(&mut self, submission: &Submission) -> Result<(), SubmitError> {
        self.check_payload(&submission.agent, &submission.action, &submission.payload)
    }

    /// The same of a payload alone.
    pub(crate) fn check_payload(
        &mut self,
        agent: &str,
        action: &str,
        payload: &Json,
    ) -> Result<(), SubmitError> {
        let (agent, action) = (agent.to_owned(), action.to_owned());
        let validator = match self.schemas.entry((agent.clone(), action.clone())) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(new) => new.insert(validator(find(&agent, &action, &self.agents)?)?),
        };
        let errors = misses(validator, payload);
        if errors.is_empty() { Ok(()) } else { Err(SubmitError::InvalidPayload { agent, action, errors }) }
    }
}

fn find<'a>(
    agent_name: &str,
    action_name: &str,
    agents: &'a [AgentInfo],
) -> Result<&'a ActionInfo, SubmitError> {
    let known: Vec<&AgentInfo> = agents
        .iter()
        .filter(|agent| matches!(agent.state, AgentState::Ready | AgentState::Disabled | AgentState::Retired))
        .collect();
    let names = sorted(known.iter().map(|agent| agent.name.clone()));
    let agent =
        known.iter().find(|agent| agent.name == agent_name).ok_or_else(|| SubmitError::UnknownAgent {
            name: clip(agent_name),
            nearest: nearest(agent_name, &names),
            known: names.clone(),
        })?;
    let actions: Vec<_> = agent.actions.iter().map(|action| action.name.clone()).collect();
    agent.actions.iter().find(|action| action.name == action_name).ok_or_else(|| SubmitError::UnknownAction {
        agent: agent.name.clone(),
        action: clip(action_name),
        nearest: nearest(action_name, &actions),
        known: actions.clone(),
    })
}

fn validator(action: &ActionInfo) -> Result<Validator, SubmitError> {
    jsonschema::validator_for(&action.input_schema.value()).map_err(|error| {
        SubmitError::Invalid(format!("the schema of the action `{}` is itself wrong: {error}", action.name))
    })
}

fn misses(validator: &Validator, payload: &Json) -> Vec<FieldError> {
    let payload = payload.value();
    let errors = validator.iter_errors(&payload).flat_map(|error| field_errors(&error));
    let mut errors: Vec<_> = errors.take(MOST_ERRORS).collect();
    errors.sort_by(|one, other| one.pointer.cmp(&other.pointer));
    errors
}

// A field that is missing, or one too many, is named itself, not the object that it belongs into.
fn field_errors(error: &ValidationError<'_>) -> Vec<FieldError> {
    let place = error.instance_path().to_string();
    let field = |name: &str, message: &str| FieldError {
        pointer: format!("{place}/{}", clip(name).replace('~', "~0").replace('/', "~1")),
        message: message.to_owned(),
    };
    match error.kind() {
        ValidationErrorKind::Required { property } => {
            vec![field(property.as_str().unwrap_or_default(), "is required")]
        }
        ValidationErrorKind::AdditionalProperties { unexpected } => {
            unexpected.iter().map(|name| field(name, "is no field of this action")).collect()
        }
        _ => vec![FieldError { message: clip(&error.to_string()), pointer: place }],
    }
}

pub(crate) fn sorted(names: impl Iterator<Item = String>) -> Vec<String> {
    let mut names: Vec<_> = names.collect();
    names.sort_unstable();
    names.dedup();
    names
}

// What a client sent is repeated to it, but not by the megabyte.
pub(crate) fn clip(text: &str) -> String {
    if text.chars().count() <= 300 {
        text.to_owned()
    } else {
        text.chars().take(300).chain(['…']).collect()
    }
}

pub(crate) fn nearest(name: &str, known: &[String]) -> Option<String> {
    let near = known.iter().map(|other| (strsim::jaro_winkler(name, other), other));
    near.filter(|(likeness, _)| *likeness > 0.75)
        .max_by(|one, other| one.0.total_cmp(&other.0))
        .map(|(_, other)| other.clone())
}

#[cfg(test)]
mod tests {
    use super::*;
    use anvil_types::{Effort, Priority, Timestamp};

    fn agent() -> AgentInfo {
        let schema = r#"{"type":"object","required":["requirements"],"additionalProperties":false,
            "properties":{"requirements":{"type":"string","minLength":1},"files_max":{"type":"integer"}}}"#;
        let action = ActionInfo {
            name: "generate".into(),
            summary: String::new(),
            input_schema: schema.parse().expect("JSON"),
            output_schema: Json::null(),
        };
        AgentInfo {
            name: "code-generator".into(),
            version: "0.1.0".into(),
            summary: String::new(),
            file: String::new(),
            digest: String::new(),
            size: 0,
            state: AgentState::Ready,
            reason: None,
            actions: vec![action],
            model_floor: None,
            effort: Effort::Standard,
            time_limit_s: None,
            loaded_at: Timestamp::default(),
        }
    }

    fn refusal(agent_name: &str, action: &str, payload: &str) -> String {
        let submission = Submission {
            agent: agent_name.into(),
            action: action.into(),
            payload: payload.parse().expect("JSON"),
            priority: Priority::Normal,
            run_at: None,
            idempotency_key: None,
            max_cost: None,
            tags: Vec::new(),
            after: Vec::new(),
        };
        Checker::new(vec![agent()]).check(&submission).expect_err("a refusal").to_string()
    }

    #[test]
    fn a_refusal_names_what_there_is_and_points_at_the_field() {
        assert_eq!(
            refusal("code-generatr", "generate", "{}"),
            "there is no agent `code-generatr` (did you mean `code-generator`?); the agents are: code-generator"
        );
        assert_eq!(
            refusal("code-generator", "write", "{}"),
            "the agent `code-generator` has no action `write`; its actions are: generate"
        );
        assert_eq!(
            refusal("code-generator", "generate", r#"{"requirement":"x","files_max":"two"}"#),
            "the payload does not match the schema of code-generator/generate: /files_max: \"two\" is not of type \
             \"integer\"; /requirement: is no field of this action; /requirements: is required"
        );
    }
}
