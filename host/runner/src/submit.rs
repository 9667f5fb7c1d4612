//! Checks a submission against what the agents say of themselves.

use crate::{Submission, SubmitError};
use anvil_api::FieldError;
use anvil_sandbox::{Catalog, PayloadFault, Roster};
use anvil_types::{ActionInfo, AgentInfo, AgentState, Job, Json};
use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};
use tokio::sync::Semaphore;

/// Checks that are quick, at once; and those that take longer, which the quick ones do not wait for. Each is
/// bounded, and however many come they leave processors to everybody else.
static QUICK: LazyLock<Semaphore> = LazyLock::new(|| Semaphore::new(2));
static LONG: LazyLock<Semaphore> = LazyLock::new(|| Semaphore::new(1));
/// Checks of jobs that begin: no submission waits for them, and they for none.
static AT_START: LazyLock<Semaphore> = LazyLock::new(|| Semaphore::new(2));
/// How long one of many may keep its turn.
const TURN: Duration = Duration::from_millis(50);
/// The longest payload whose look for repeated names is quick, in bytes.
const QUICK_BYTES: usize = 64 * 1024;

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
        let unlisted = (!catalog.is_ready()).then(|| {
            catalog.trouble().unwrap_or_else(|| "the plugins folder has not been listed".to_owned())
        });
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

    /// Checks the payload of a job that begins, against the version that it begins on: another than the one that
    /// was there when it was submitted, it may be. What misses is told; none where it matches, or where nobody
    /// can say just now.
    pub(crate) async fn at_start(&self, digest: &str, job: &Job) -> Option<String> {
        let current = self
            .agents
            .iter()
            .any(|agent| agent.name == job.agent && agent.digest == digest && is_known(agent.state));
        if !current {
            return None;
        }
        let (checker, job) = (self.clone(), job.clone());
        let checked =
            in_turn(&AT_START, move || checker.check_payload(&job.agent, &job.action, &job.payload)).await;
        match checked {
            Err(misses @ SubmitError::InvalidPayload { .. }) => Some(misses.to_string()),
            _ => None,
        }
    }

    /// The same of one payload, on this thread.
    fn check_payload(&self, agent: &str, action: &str, payload: &Json) -> Checked {
        self.find(agent, action)?;
        each_name_once(agent, action, payload)?;
        let schema = self.agents.schema(agent, action);
        told(agent, action, schema.map_or(Ok(()), |schema| schema.check(payload)))
    }

    /// The same, where that is quick.
    fn quickly(&self, agent: &str, action: &str, payload: &Json) -> Option<Checked> {
        if let Err(unknown) = self.find(agent, action) {
            return Some(Err(unknown));
        }
        if payload.as_str().len() > QUICK_BYTES {
            return None;
        }
        if let Err(repeated) = each_name_once(agent, action, payload) {
            return Some(Err(repeated));
        }
        let schema = self.agents.schema(agent, action);
        let checked = schema.map_or(Some(Ok(())), |schema| schema.check_quickly(payload))?;
        Some(told(agent, action, checked))
    }
}

/// The schema would be held against one of the two, and the agent may read the other.
fn each_name_once(agent: &str, action: &str, payload: &Json) -> Checked {
    let Some(name) = payload.repeated_name() else { return Ok(()) };
    Err(SubmitError::InvalidPayload {
        agent: agent.to_owned(),
        action: action.to_owned(),
        errors: vec![FieldError {
            pointer: String::new(),
            message: format!(
                "an object in it has `{name}` twice, and nobody can tell which of them is meant"
            ),
        }],
    })
}

/// What was found, as it is told to whoever submitted.
fn told(agent: &str, action: &str, checked: Result<(), PayloadFault>) -> Checked {
    checked.map_err(|fault| match fault {
        PayloadFault::Misses(misses) => SubmitError::InvalidPayload {
            agent: agent.to_owned(),
            action: action.to_owned(),
            errors: misses
                .into_iter()
                .map(|miss| FieldError { pointer: miss.pointer, message: miss.message })
                .collect(),
        },
        fault => SubmitError::Invalid(fault.to_string()),
    })
}

/// Does something that computes where nobody waits for its thread, when its turn has come.
async fn in_turn<T: Send + 'static>(
    turns: &'static Semaphore,
    work: impl FnOnce() -> T + Send + 'static,
) -> T {
    let _turn = turns.acquire().await.expect("the semaphore is never closed");
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done,
        Err(error) => std::panic::resume_unwind(error.into_panic()),
    }
}

/// What of a submission is checked.
#[expect(clippy::unnecessary_wraps, reason = "beside others whose part to check may be missing")]
pub(crate) fn of_submission(submission: &Submission) -> Option<(&str, &str, &Json)> {
    Some((&submission.agent, &submission.action, &submission.payload))
}

/// Whether jobs may be submitted for an agent in this state; they run when it is ready.
fn is_known(state: AgentState) -> bool {
    match state {
        AgentState::Ready | AgentState::Disabled | AgentState::Retired => true,
        AgentState::Compiling | AgentState::Delayed => true,
        AgentState::Rejected | AgentState::Quarantined | AgentState::Shadowed => false,
    }
}

fn find<'a>(agent_name: &str, action_name: &str, agents: &'a Roster) -> Result<&'a ActionInfo, SubmitError> {
    // What a file will be that is compiled for the first time, nobody knows: it has no action yet.
    let known: Vec<&AgentInfo> =
        agents.iter().filter(|agent| is_known(agent.state) && !agent.actions.is_empty()).collect();
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
            actions: vec![action].into(),
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
             \"integer\"; /requirement: is no field of this action; /requirements: is required"
        );
    }
}
