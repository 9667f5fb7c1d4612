//! Whether a payload fits the schema of its agent's action.

use anvil_api::{FieldError, PayloadMisfit};
use anvil_sandbox::{Catalog, PayloadFault, Roster};
use anvil_types::{Job, Json};
use std::sync::LazyLock;
use tokio::sync::Semaphore;

/// Checks of jobs that begin: no submission waits for them, and they for none.
static AT_START: LazyLock<Semaphore> = LazyLock::new(|| Semaphore::new(2));
/// The longest payload whose look for repeated names is quick, in bytes.
const QUICK_BYTES: usize = 64 * 1024;

/// Why a payload is not taken.
#[derive(Clone, Debug, PartialEq)]
pub enum PayloadRefusal {
    /// It misses the schema.
    Misfit(PayloadMisfit),
    /// Whether it fits, nobody can say.
    Unsaid(PayloadFault),
}

/// Checks a payload, on this thread. That takes up to a second.
pub fn check_payload(
    agents: &Roster,
    agent: &str,
    action: &str,
    payload: &Json,
) -> Result<(), PayloadRefusal> {
    fits(agents, agent, action, payload)?;
    each_name_once(agent, action, payload)?;
    let schema = agents.schema(agent, action);
    told(agent, action, schema.map_or(Ok(()), |schema| schema.check(payload)))
}

/// The same, where that is quick; none where it takes longer.
pub fn check_payload_quickly(
    agents: &Roster,
    agent: &str,
    action: &str,
    payload: &Json,
) -> Option<Result<(), PayloadRefusal>> {
    if let Err(long) = fits(agents, agent, action, payload) {
        return Some(Err(long));
    }
    if payload.as_str().len() > QUICK_BYTES {
        return None;
    }
    if let Err(repeated) = each_name_once(agent, action, payload) {
        return Some(Err(repeated));
    }
    let schema = agents.schema(agent, action);
    let checked = schema.map_or(Some(Ok(())), |schema| schema.check_quickly(payload))?;
    Some(told(agent, action, checked))
}

/// Whether a payload is no longer than a value of its agent may be.
fn fits(agents: &Roster, agent: &str, action: &str, payload: &Json) -> Result<(), PayloadRefusal> {
    let (bound, bytes) = (agents.payload_bound(agent), payload.as_str().len() as u64);
    if bytes <= bound.bytes {
        return Ok(());
    }
    let misfit = PayloadMisfit::too_long(agent, action, bytes, bound.bytes, &bound.setting);
    Err(PayloadRefusal::Misfit(misfit))
}

/// Checks the payload of a job that begins, against the version that it begins on: another than the one that was
/// there when it was submitted, it may be. What misses is told; none where it matches, or where nobody can say just
/// now.
pub(crate) async fn at_start(catalog: &Catalog, digest: &str, job: &Job) -> Option<String> {
    let agents = catalog.agents();
    let current = |agent: &&anvil_types::AgentInfo| {
        agent.name == job.agent && agent.digest == digest && agent.state.is_known()
    };
    let agent = agents.iter().find(current)?;
    if !agent.actions.iter().any(|action| action.name == job.action) {
        return None;
    }
    let job = job.clone();
    let checked =
        in_turn(&AT_START, move || check_payload(&agents, &job.agent, &job.action, &job.payload)).await;
    match checked {
        Err(PayloadRefusal::Misfit(misfit)) => Some(misfit.to_string()),
        _ => None,
    }
}

/// Does something that computes where nobody waits for its thread, when its turn has come.
pub async fn in_turn<T: Send + 'static>(
    turns: &'static Semaphore,
    work: impl FnOnce() -> T + Send + 'static,
) -> T {
    let _turn = turns.acquire().await.expect("the semaphore is never closed");
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done,
        Err(error) => std::panic::resume_unwind(error.into_panic()),
    }
}

/// The schema would be held against one of the two, and the agent may read the other.
fn each_name_once(agent: &str, action: &str, payload: &Json) -> Result<(), PayloadRefusal> {
    match payload.repeated_name() {
        Some(name) => Err(PayloadRefusal::Misfit(PayloadMisfit::repeated(agent, action, &name))),
        None => Ok(()),
    }
}

/// What was found, as it is told to whoever submitted.
fn told(agent: &str, action: &str, checked: Result<(), PayloadFault>) -> Result<(), PayloadRefusal> {
    checked.map_err(|fault| match fault {
        PayloadFault::Misses(misses) => PayloadRefusal::Misfit(PayloadMisfit {
            agent: agent.to_owned(),
            action: action.to_owned(),
            errors: misses
                .into_iter()
                .map(|miss| FieldError { pointer: miss.pointer, message: miss.message })
                .collect(),
        }),
        fault => PayloadRefusal::Unsaid(fault),
    })
}
