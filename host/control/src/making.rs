//! From what was asked for to a job.

use crate::parts::ControlParts;
use crate::{Submission, SubmitError, upload};
use anvil_store::{Store, StoreError};
use anvil_types::words::BadValue;
use anvil_types::{
    Clock, InputLimits, JobId, MOST_PARENTS, Nanodollars, NewJob, PerAgent, Schedule, Timestamp,
    UpstreamKind, check_tags,
};
use rand::RngExt as _;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Keys with this beginning belong to schedules.
const SCHEDULE_KEY: &str = "schedule:";
/// The longest label and idempotency key, in bytes.
pub(crate) const LONGEST_NAME: usize = 255;

/// Makes jobs of the upstream that is asked.
#[derive(Clone)]
pub(crate) struct Making {
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    upstream: UpstreamKind,
    inputs: Arc<PerAgent<InputLimits>>,
    /// The most that a job of an agent may spend that says nothing of it, where that is the agent's own.
    own_costs: Arc<BTreeMap<String, Nanodollars>>,
}

impl Making {
    pub(crate) fn new(parts: &ControlParts) -> Self {
        Self {
            store: parts.store.clone(),
            clock: parts.clock.clone(),
            upstream: parts.settings.upstream,
            inputs: Arc::new(parts.settings.inputs.clone()),
            own_costs: Arc::new(parts.settings.own_costs.clone()),
        }
    }

    /// The most that a job may spend that says nothing of it, where that is not its agent's own.
    pub(crate) async fn usual_cost(&self) -> Result<Nanodollars, StoreError> {
        Ok(self.store.limits().await?.limits.job_usd)
    }

    fn cost_of(&self, agent: &str, usual: Nanodollars) -> Nanodollars {
        self.own_costs.get(agent).copied().unwrap_or(usual)
    }

    /// Makes the job of a submission whose payload was checked.
    pub(crate) fn job(&self, submission: Submission, usual: Nanodollars) -> Result<NewJob, SubmitError> {
        check_tags(&submission.tags).map_err(SubmitError::Invalid)?;
        let max_cost = submission.max_cost.unwrap_or_else(|| self.cost_of(&submission.agent, usual));
        if max_cost <= Nanodollars::ZERO {
            return Err(BadValue::NoCost.into());
        }
        if let Some(key) = &submission.idempotency_key {
            check_key(key)?;
        }
        upload::check(&submission.inputs, self.inputs.of(&submission.agent))?;
        let mut after = Vec::with_capacity(submission.after.len().min(MOST_PARENTS));
        for parent in submission.after {
            if !after.contains(&parent) {
                after.push(parent);
            }
            if after.len() > MOST_PARENTS {
                return Err(BadValue::TooManyParents.into());
            }
        }
        Ok(NewJob {
            id: JobId::new(self.clock.now(), rand::rng().random()),
            agent: submission.agent,
            action: submission.action,
            payload: submission.payload,
            priority: submission.priority,
            run_at: submission.run_at,
            idempotency_key: submission.idempotency_key,
            max_cost,
            tags: submission.tags,
            after,
            schedule: None,
            inputs: submission.inputs,
            economy: submission.economy,
            upstream: self.upstream,
        })
    }

    /// The job of a schedule: of one of its times, or of none where a person asked for it. It is not checked
    /// against the agent of today: one that is gone is waited for.
    pub(crate) fn scheduled(
        &self,
        schedule: &Schedule,
        usual: Nanodollars,
        time: Option<Timestamp>,
    ) -> NewJob {
        let job = &schedule.job;
        NewJob {
            id: JobId::new(self.clock.now(), rand::rng().random()),
            agent: job.agent.clone(),
            action: job.action.clone(),
            payload: job.payload.clone(),
            priority: job.priority,
            run_at: time,
            idempotency_key: time.map(|time| format!("{SCHEDULE_KEY}{}:{time}", schedule.id)),
            max_cost: job.max_cost.unwrap_or_else(|| self.cost_of(&job.agent, usual)),
            tags: job.tags.clone(),
            after: Vec::new(),
            schedule: Some(schedule.name.clone()),
            inputs: Vec::new(),
            economy: None,
            upstream: self.upstream,
        }
    }
}

fn check_key(key: &str) -> Result<(), BadValue> {
    if key.is_empty() || key.len() > LONGEST_NAME {
        return Err(BadValue::KeyLength { most: LONGEST_NAME, bytes: key.len() });
    }
    if key.trim().is_empty() || key.chars().any(char::is_control) {
        return Err(BadValue::KeyUnseen);
    }
    if key.starts_with(SCHEDULE_KEY) {
        return Err(BadValue::KeyOfSchedules { beginning: SCHEDULE_KEY });
    }
    Ok(())
}
