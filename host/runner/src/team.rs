//! The tasks of a running attempt on their way to other agents.

use crate::journal::{Next, read, stop};
use crate::payload::{PayloadRefusal, check_payload, in_turn};
use anvil_sandbox::{Catalog, Stop};
use anvil_store::{Store, StoreError, TeamAsk, TeamStep};
use anvil_types::words::{TeamRefusal, WaitCause};
use anvil_types::{
    AgentInfo, AgentState, Clock, JobId, Lease, TeamAnswer, TeamFailure, TeamTask, Timestamp, Wait, clip,
};
use rand::RngExt as _;
use std::collections::HashSet;
use std::sync::{Arc, LazyLock};
use std::time::Duration;
use tokio::sync::Semaphore;

/// Checks of payloads of tasks: no submission waits for them, and they for none.
static CHECKS: LazyLock<Semaphore> = LazyLock::new(|| Semaphore::new(1));

/// When a job looks again whether an agent is there now that it hands work to. No agent's coming wakes it: which one is in a
/// file shows only when that is loaded, and that none is, too.
const LOOK_AGAIN: Duration = Duration::from_secs(2);

/// A task with its place in the journal.
pub(crate) struct Placed {
    pub task: TeamTask,
    pub request_hash: [u8; 32],
    pub occurrence: u32,
    pub next: Next,
}

/// What became of tasks.
pub(crate) enum Handed {
    /// Their answers, and the guest's time after those that came now.
    Answered(Vec<TeamAnswer>, Option<Timestamp>),
    /// The job is parked for them.
    Parked,
    /// None was begun: the job has to wait first.
    Waits(Wait),
}

/// Hands the tasks of one attempt over.
pub(crate) struct Team {
    pub lease: Lease,
    /// The agent whose attempt it is,
    pub agent: String,
    /// and those that it may hand work to.
    pub may_call: Vec<String>,
    pub store: Arc<dyn Store>,
    pub catalog: Catalog,
    pub clock: Arc<dyn Clock>,
}

impl Team {
    /// Answers tasks from the journal, and hands those over that it does not have.
    pub(crate) async fn hand_over(&self, placed: Vec<Placed>) -> Result<Handed, Stop> {
        let mut answers: Vec<Option<TeamAnswer>> = Vec::with_capacity(placed.len());
        let mut live = Vec::new();
        for one in placed {
            let Placed { task, request_hash, occurrence, next } = one;
            match next {
                Next::Known(entry) => answers.push(Some(read(&entry)?)),
                Next::Live { position, .. } => {
                    answers.push(None);
                    let id = JobId::new(self.clock.now(), rand::rng().random());
                    live.push(TeamAsk { position, request_hash, occurrence, task, id, refused: None });
                }
            }
        }
        let mut at = None;
        if !live.is_empty() {
            if let Some(wait) = self.refuse(&mut live).await.map_err(stop)? {
                return Ok(Handed::Waits(wait));
            }
            match self.store.hand_over(self.lease, live).await.map_err(stop)? {
                TeamStep::Parked => return Ok(Handed::Parked),
                TeamStep::Answered { answers: given, at: when } => {
                    let gaps = answers.iter_mut().filter(|answer| answer.is_none());
                    gaps.zip(given).for_each(|(gap, answer)| *gap = Some(answer));
                    at = Some(when);
                }
            }
        }
        Ok(Handed::Answered(answers.into_iter().flatten().collect(), at))
    }

    /// Says of each task that is new why it is not begun, where that is so. One that was begun before is not looked at
    /// again: what has become of its agent since is its own affair. Where nobody knows yet whether an agent is there,
    /// that has to be waited for.
    async fn refuse(&self, asks: &mut [TeamAsk]) -> Result<Option<Wait>, StoreError> {
        let begun: HashSet<_> = self.store.begun_tasks(self.lease.job).await?.into_iter().collect();
        for ask in asks {
            if !begun.contains(&(ask.request_hash, ask.occurrence)) {
                match self.look(&ask.task).await {
                    Ok(refused) => ask.refused = refused,
                    Err(wait) => return Ok(Some(wait)),
                }
            }
        }
        Ok(None)
    }

    /// Why a task is not begun, where it is not; or what has to be waited for before anybody can say.
    async fn look(&self, task: &TeamTask) -> Result<Option<TeamFailure>, Wait> {
        let (named, action) = (clip(&task.agent), clip(&task.action));
        let (lead, agent) = (self.agent.as_str(), named.as_str());
        let because = |refusal: TeamRefusal<'_>| Ok(Some(TeamFailure::of(&refusal, None)));
        if !self.may_call.contains(&task.agent) {
            return because(TeamRefusal::NotAllowed { lead, agent });
        }
        let agents = self.catalog.agents();
        let files: Vec<&AgentInfo> = agents.iter().filter(|file| file.name == task.agent).collect();
        if files.iter().any(|file| file.state == AgentState::Disabled) {
            return because(TeamRefusal::AgentOff { agent });
        }
        // One that is known from before takes jobs while it is compiled anew.
        let known = files.iter().find(|file| {
            let coming =
                matches!(file.state, AgentState::Compiling | AgentState::Delayed | AgentState::Quarantined);
            (file.state.takes_jobs() || coming) && !file.actions.is_empty()
        });
        let Some(known) = known else {
            // Before the folder was looked through nobody knows who is there: the job waits for its agent then.
            if !self.catalog.is_ready() {
                return Ok(None);
            }
            let coming = agents.coming();
            if coming.is_empty() {
                return because(TeamRefusal::NoAgent { agent });
            }
            let wait = WaitCause::HelperComing { agent, coming }.wait(None);
            return Err(Wait { until: Some(self.clock.now() + LOOK_AGAIN), ..wait });
        };
        if !known.actions.iter().any(|known| known.name == task.action) {
            return because(TeamRefusal::NoAction { agent, action: &action });
        }
        let (agents, task) = (agents.clone(), task.clone());
        let checked =
            in_turn(&CHECKS, move || check_payload(&agents, &task.agent, &task.action, &task.payload)).await;
        match checked {
            Ok(()) => Ok(None),
            Err(PayloadRefusal::Misfit(misfit)) => because(TeamRefusal::Misfit { why: misfit.to_string() }),
            Err(PayloadRefusal::Unsaid(fault)) => because(TeamRefusal::Misfit { why: fault.to_string() }),
        }
    }
}
