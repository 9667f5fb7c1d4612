//! Checks a submission against what the agents say of themselves.

use crate::names::{nearest, sorted};
use crate::{Submission, SubmitError};
use anvil_runner::{PayloadRefusal, check_payload, check_payload_quickly, in_turn};
use anvil_sandbox::{Catalog, Roster};
use anvil_types::words::AgentsUnlisted;
use anvil_types::{ActionInfo, AgentInfo, Json, clip};
use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};
use tokio::sync::Semaphore;

/// Checks that are quick, at once; and those that take longer, which the quick ones do not wait for. Each is
/// bounded, and however many come they leave processors to everybody else.
static QUICK: LazyLock<Semaphore> = LazyLock::new(|| Semaphore::new(2));
static LONG: LazyLock<Semaphore> = LazyLock::new(|| Semaphore::new(1));
/// How long one of many may keep its turn.
const TURN: Duration = Duration::from_millis(50);

type Checked = Result<(), SubmitError>;

/// Checks submissions against the agents of one moment. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Checker {
    agents: Arc<Roster>,
    /// Why nobody knows yet which agents there are, where that is so.
    unlisted: Option<String>,
}

impl Checker {
    /// Over the agents that there are now.
    pub(crate) fn new(catalog: &Catalog) -> Self {
        let unlisted =
            (!catalog.is_ready()).then(|| catalog.trouble().unwrap_or_else(|| AgentsUnlisted.to_string()));
        Self { agents: catalog.agents(), unlisted }
    }

    fn find(&self, agent: &str, action: &str) -> Result<(), SubmitError> {
        match (find(agent, action, &self.agents), &self.unlisted) {
            // That it is not there is not known.
            (Err(SubmitError::UnknownAgent { name, .. }), Some(why)) => {
                Err(SubmitError::NotYet { name, coming: vec![why.clone()] })
            }
            (found, _) => found.map(drop),
        }
    }

    /// Checks many, away from the threads that everybody waits for, and gives each back with what was found.
    /// `payload` says which agent, action and payload one has; none where nothing is to be checked.
    pub(crate) async fn all<T: Send + 'static>(
        &self,
        many: Vec<T>,
        payload: fn(&T) -> Option<(&str, &str, &Json)>,
    ) -> Vec<(T, Checked)> {
        let mut done = Vec::with_capacity(many.len());
        let mut left = many.into_iter();
        while left.len() > 0 {
            let (checker, began) = (self.clone(), Instant::now());
            let quick = in_turn(&QUICK, move || {
                let mut looked = Vec::new();
                while began.elapsed() < TURN || looked.is_empty() {
                    let Some(one) = left.next() else { break };
                    let checked = match payload(&one) {
                        Some((agent, action, payload)) => checker.quickly(agent, action, payload),
                        None => Some(Ok(())),
                    };
                    looked.push((one, checked));
                }
                (looked, left)
            });
            let looked;
            (looked, left) = quick.await;
            for (one, checked) in looked {
                if let Some(checked) = checked {
                    done.push((one, checked));
                    continue;
                }
                let checker = self.clone();
                let long = in_turn(&LONG, move || {
                    let checked = payload(&one).map_or(Ok(()), |(agent, action, payload)| {
                        checker.check_payload(agent, action, payload)
                    });
                    (one, checked)
                });
                done.push(long.await);
            }
        }
        done
    }

    /// Checks that the agent and the action exist and that the payload matches its schema.
    ///
    /// An agent that is switched off, gone for now or being compiled still takes jobs: they wait.
    pub(crate) async fn check(&self, submission: Submission) -> Result<Submission, SubmitError> {
        let mut checked = self.all(vec![submission], of_submission).await;
        let (submission, checked) = checked.pop().expect("as many come back as were given");
        checked.map(|()| submission)
    }

    /// The same of one payload, on this thread.
    fn check_payload(&self, agent: &str, action: &str, payload: &Json) -> Checked {
        self.find(agent, action)?;
        check_payload(&self.agents, agent, action, payload).map_err(refused)
    }

    /// The same, where that is quick.
    fn quickly(&self, agent: &str, action: &str, payload: &Json) -> Option<Checked> {
        if let Err(unknown) = self.find(agent, action) {
            return Some(Err(unknown));
        }
        check_payload_quickly(&self.agents, agent, action, payload).map(|checked| checked.map_err(refused))
    }
}

fn refused(refusal: PayloadRefusal) -> SubmitError {
    match refusal {
        PayloadRefusal::Misfit(misfit) => SubmitError::InvalidPayload(misfit),
        PayloadRefusal::Unsaid(fault) => SubmitError::Invalid(fault.to_string()),
    }
}

/// What of a submission is checked.
#[expect(clippy::unnecessary_wraps, reason = "beside others whose part to check may be missing")]
pub(crate) fn of_submission(submission: &Submission) -> Option<(&str, &str, &Json)> {
    Some((&submission.agent, &submission.action, &submission.payload))
}

fn find<'a>(agent_name: &str, action_name: &str, agents: &'a Roster) -> Result<&'a ActionInfo, SubmitError> {
    // What a file will be that is compiled for the first time, nobody knows: it has no action yet.
    let known: Vec<&AgentInfo> =
        agents.iter().filter(|agent| agent.state.is_known() && !agent.actions.is_empty()).collect();
    let Some(agent) = known.iter().find(|agent| agent.name == agent_name) else {
        if !agents.coming().is_empty() {
            return Err(SubmitError::NotYet { name: clip(agent_name), coming: agents.coming().to_vec() });
        }
        let names = sorted(known.iter().map(|agent| agent.name.clone()));
        let nearest = nearest(agent_name, &names);
        return Err(SubmitError::UnknownAgent { name: clip(agent_name), nearest, known: names });
    };
    let actions: Vec<_> = agent.actions.iter().map(|action| action.name.clone()).collect();
    agent.actions.iter().find(|action| action.name == action_name).ok_or_else(|| SubmitError::UnknownAction {
        agent: agent.name.clone(),
        action: clip(action_name),
        nearest: nearest(action_name, &actions),
        known: actions.clone(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use anvil_types::{AgentState, Effort, Priority, Timestamp};

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
            actions: vec![action].into(),
            model_floor: None,
            effort: Effort::Standard,
            time_limit_s: None,
            tool_loop: false,
            may_call: Vec::new(),
            loaded_at: Timestamp::default(),
            instead_of: None,
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
            inputs: Vec::new(),
            files_of: None,
            economy: None,
        };
        let checker = Checker { agents: Arc::new(Roster::of(vec![agent()])), unlisted: None };
        let checked = checker.check_payload(&submission.agent, &submission.action, &submission.payload);
        checked.expect_err("a refusal").to_string()
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
             \"integer\"; /requirement: is no field of the schema; /requirements: is required"
        );
    }
}
