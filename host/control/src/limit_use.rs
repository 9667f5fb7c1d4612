//! The limits of an agent beside what was used of them: those of an attempt, and those of its jobs and of what it keeps.

use crate::parts::ControlParts;
use anvil_runner::{JobUse, Runner};
use anvil_store::{QuestionFilter, Store, StoreError};
use anvil_types::{
    InputLimits, Job, LimitUnit, LimitUsed, Nanodollars, PerAgent, QuestionState, QuestionSubject, StateSize,
};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The most questions of a page of the store.
const PAGE: u32 = 500;

/// Reads limits and what was used of them.
pub(crate) struct LimitUses {
    store: Arc<dyn Store>,
    runner: Runner,
    inputs: PerAgent<InputLimits>,
    attempts: PerAgent<u32>,
    state: PerAgent<StateSize>,
    own_costs: BTreeMap<String, Nanodollars>,
}

/// What a job used of what bounds it as a whole; nothing where it is about an agent.
#[derive(Default)]
struct WholeJob {
    cost: Option<u64>,
    attempts: Option<u64>,
    files: Option<u64>,
    largest: Option<u64>,
    bytes: Option<u64>,
    questions: Option<u64>,
}

impl LimitUses {
    pub(crate) fn new(parts: &ControlParts) -> Self {
        let settings = &parts.settings;
        Self {
            store: parts.store.clone(),
            runner: parts.runner.clone(),
            inputs: settings.inputs.clone(),
            attempts: settings.attempts.clone(),
            state: settings.state.clone(),
            own_costs: settings.own_costs.clone(),
        }
    }

    /// The limits of an agent, each beside the most that one attempt of the version that ran last used of it, and what
    /// it keeps and asks now.
    pub(crate) async fn of_agent(&self, agent: &str) -> Result<Vec<LimitUsed>, StoreError> {
        let uses = self.store.agent_uses().await?;
        let most = uses.into_iter().find(|used| used.agent == agent).map(|used| used.most);
        let used = JobUse { attempt: most.unwrap_or_default(), ..JobUse::default() };
        let mut all = self.runner.limits_of(agent, &used);
        all.extend(self.of_whole_jobs(agent, &WholeJob::default()).await?);
        let kept = self.store.state_size(agent).await?.unwrap_or_default();
        let asked = self.store.open_questions_of(agent).await?;
        let (quota, questions) = (*self.state.of(agent), self.runner.questions_of(agent));
        let count = LimitUnit::Count;
        let of = |name, everyones, unit, pair| self.runner.limit_of(agent, name, everyones, unit, pair);
        all.extend([
            of("open_of_agent", "people.open_of_agent", count, (questions.open_of_asker, Some(asked))),
            of("state_keys", "sandbox.state_keys", count, (quota.keys, Some(kept.keys))),
            of("state_bytes", "sandbox.state_bytes", LimitUnit::Bytes, (quota.bytes, Some(kept.bytes))),
        ]);
        Ok(all)
    }

    /// The limits of a job as they are now, each beside what its latest attempt, or the job, used of it.
    pub(crate) async fn of_job(&self, job: &Job) -> Result<Vec<LimitUsed>, StoreError> {
        let latest = self.store.attempts(job.id).await?.pop();
        let files = self.store.artifacts(job.id).await?;
        let used = JobUse {
            attempt: latest.map(|attempt| attempt.used).unwrap_or_default(),
            calls: Some(job.calls.into()),
            artifacts: Some(files.len() as u64),
            artifact_bytes: Some(files.iter().map(|file| file.size).sum()),
        };
        let open = QuestionFilter {
            states: vec![QuestionState::Open],
            subject: Some(QuestionSubject::Job(job.id)),
            after: None,
            limit: PAGE,
        };
        let whole = WholeJob {
            cost: Some(nanodollars(job.cost + job.unknown)),
            attempts: Some(job.attempts.into()),
            files: Some(job.inputs.len() as u64),
            largest: job.inputs.iter().map(|file| file.size).max().or(Some(0)),
            bytes: Some(job.inputs.iter().map(|file| file.size).sum()),
            questions: Some(self.store.questions(open).await?.items.len() as u64),
        };
        let mut all = self.runner.limits_of(&job.agent, &used);
        let mut whole = self.of_whole_jobs(&job.agent, &whole).await?;
        // What a job was made with is its own, and no setting's that says another thing by now.
        for limit in &mut whole {
            match limit.name.as_str() {
                "job_usd" if limit.limit != nanodollars(job.max_cost) => {
                    (limit.limit, limit.setting) = (nanodollars(job.max_cost), "max_cost_usd".to_owned());
                }
                "max_attempts" if limit.limit != u64::from(job.max_attempts) => {
                    (limit.limit, limit.setting) = (job.max_attempts.into(), "max_attempts".to_owned());
                }
                _ => {}
            }
        }
        all.extend(whole);
        Ok(all)
    }

    async fn of_whole_jobs(&self, agent: &str, used: &WholeJob) -> Result<Vec<LimitUsed>, StoreError> {
        let everyones = self.store.limits().await?.limits.job_usd;
        let cost = self.own_costs.get(agent).copied().unwrap_or(everyones);
        let (inputs, questions) = (self.inputs.of(agent), self.runner.questions_of(agent));
        let attempts = u64::from(*self.attempts.of(agent));
        let (count, bytes) = (LimitUnit::Count, LimitUnit::Bytes);
        let of = |name, everyones, unit, pair| self.runner.limit_of(agent, name, everyones, unit, pair);
        Ok(vec![
            of("job_usd", "limits.job_usd", LimitUnit::Nanodollars, (nanodollars(cost), used.cost)),
            of("max_attempts", "jobs.max_attempts", count, (attempts, used.attempts)),
            of("input_files", "jobs.input_files", count, (inputs.files as u64, used.files)),
            of("input_file_bytes", "jobs.input_file_bytes", bytes, (inputs.file_bytes, used.largest)),
            of("input_bytes", "jobs.input_bytes", bytes, (inputs.bytes, used.bytes)),
            of("open_of_job", "people.open_of_job", count, (questions.open_of_subject, used.questions)),
        ])
    }
}

fn nanodollars(amount: Nanodollars) -> u64 {
    u64::try_from(amount.get()).unwrap_or_default()
}
