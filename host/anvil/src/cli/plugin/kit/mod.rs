//! The conformance kit: what a host finds out about a plugin only when jobs run, found out before.

mod example;
#[cfg(test)]
mod page;
mod quiet;

use super::stage::Stage;
use crate::failure::Failure;
use anvil_runner::{Past, TrialEnd, TrialJob};
use anvil_sandbox::{AttemptEnd, EngineCount, InputSchema, Plugin, PluginFault, RESULT_NOT_JSON, Rejection};
use anvil_settings::Settings;
use anvil_types::{
    ActionInfo, AgentValues, CallError, CallErrorKind, JobError, JobId, Json, NewJob, Priority, Timestamp,
    UpstreamKind,
};
use anyhow::anyhow;
use quiet::{PATIENCE, Quiet};
use rand::RngExt as _;
use std::path::Path;
use std::sync::Arc;

/// An action that no agent has.
const NO_ACTION: &str = "an-action-that-no-agent-has";
/// The longest that one run may take here, by the wall.
const WALL_S: u64 = 60;

/// What the kit found.
#[derive(Debug)]
pub(super) struct Found {
    /// What is wrong.
    pub(super) fault: PluginFault,
    /// In this case.
    pub(super) detail: String,
}

/// What the kit came to.
pub(super) struct Verdict {
    /// The plugin, where it loads.
    pub(super) plugin: Option<Arc<Plugin>>,
    /// What is wrong with it.
    pub(super) found: Vec<Found>,
    /// What could not be looked at.
    pub(super) notes: Vec<String>,
}

/// Looks at a file. An error says that the host could not, and nothing of the file.
pub(super) async fn examine(file: &Path, mut settings: Settings) -> Result<Verdict, Failure> {
    settings.jobs.wall_s = settings.jobs.wall_s.min(WALL_S);
    let stage = Stage::set(settings, EngineCount::Nothing).await?;
    let mut verdict = Verdict { plugin: None, found: Vec::new(), notes: Vec::new() };
    let plugin = match stage.examine(file).await {
        Ok(plugin) => plugin,
        Err(rejection) => {
            verdict.found.push(rejected(file, &rejection)?);
            return Ok(verdict);
        }
    };
    let mut kit = Kit { stage: &stage, plugin: &plugin, verdict: &mut verdict };
    kit.describes_alike().await?;
    kit.refuses_what_it_has_not().await?;
    for action in plugin.info.actions.iter() {
        kit.action(action).await?;
    }
    verdict.plugin = Some(plugin);
    Ok(verdict)
}

fn rejected(file: &Path, rejection: &Rejection) -> Result<Found, Failure> {
    match rejection.fault() {
        Some(fault) => Ok(Found { fault, detail: format!("it {rejection}") }),
        None => Err(anyhow!("{} {rejection}", file.display()).into()),
    }
}

struct Kit<'a> {
    stage: &'a Stage,
    plugin: &'a Arc<Plugin>,
    verdict: &'a mut Verdict,
}

impl Kit<'_> {
    fn found(&mut self, fault: PluginFault, detail: impl Into<String>) {
        self.verdict.found.push(Found { fault, detail: detail.into() });
    }

    /// Asks it again what it is.
    async fn describes_alike(&mut self) -> Result<(), Failure> {
        if let Err(rejection) = self.stage.describes_alike(self.plugin).await {
            let fault =
                rejection.fault().ok_or_else(|| anyhow!("when it was asked again, it {rejection}"))?;
            self.found(fault, format!("when it was asked again, it {rejection}"));
        }
        Ok(())
    }

    /// An action that it does not have.
    async fn refuses_what_it_has_not(&mut self) -> Result<(), Failure> {
        let end = self.run(NO_ACTION, &Json::of(&serde_json::json!({})), None).await?;
        let how = match &end.end {
            AttemptEnd::Failed(error) if error.kind == "invalid-input" => return Ok(()),
            AttemptEnd::Succeeded { .. } => "it succeeded at".to_owned(),
            AttemptEnd::Failed(error) | AttemptEnd::Broke(error) => {
                format!("it ended with `{}` at", error.kind)
            }
            AttemptEnd::Stopped(stop) => format!("{stop} at"),
        };
        self.found(PluginFault::UnknownAction, format!("{how} the action `{NO_ACTION}`"));
        Ok(())
    }

    async fn action(&mut self, action: &ActionInfo) -> Result<(), Failure> {
        let name = &action.name;
        for (which, schema) in [("input", &action.input_schema), ("output", &action.output_schema)] {
            for misfit in example::misfits(schema) {
                let (place, example) = (misfit.place, misfit.example);
                let detail = format!("in the {which} schema of `{name}` the example {example} at {place}");
                self.found(PluginFault::ExampleMisses, detail);
            }
        }
        if let Some(payload) = example::missing(&action.input_schema) {
            self.refuses(action, &payload).await?;
        }
        let Some(payload) = example::matching(&action.input_schema) else {
            self.verdict.notes.push(format!(
                "`{name}` was not run: no payload could be made of its input schema; give it `examples`"
            ));
            return Ok(());
        };
        let first = self.run_kept(action, &payload).await?;
        self.ended_well(action, &payload, &first.end);
        if let AttemptEnd::Succeeded { .. } | AttemptEnd::Failed(_) = first.end.end {
            self.asks_alike(action, &payload, first).await?;
        }
        self.ends_on_errors(action, &payload).await
    }

    /// A payload that misses the schema: a host lets none through, so that any failure is one.
    async fn refuses(&mut self, action: &ActionInfo, payload: &Json) -> Result<(), Failure> {
        let end = self.run(&action.name, payload, None).await?;
        let how = match &end.end {
            AttemptEnd::Failed(_) => return Ok(()),
            AttemptEnd::Succeeded { .. } => "succeeded at".to_owned(),
            AttemptEnd::Broke(error) => format!("ended with `{}` at", error.kind),
            AttemptEnd::Stopped(stop) => format!("({stop})"),
        };
        let (name, payload) = (&action.name, payload.as_str());
        self.found(PluginFault::BadPayload, format!("`{name}` {how} the payload {payload}"));
        Ok(())
    }

    /// A run on a payload that matches.
    fn ended_well(&mut self, action: &ActionInfo, payload: &Json, end: &TrialEnd) {
        let (name, payload) = (&action.name, payload.as_str());
        match &end.end {
            AttemptEnd::Succeeded { result, .. } => {
                if let Err(fault) = InputSchema::new(action.output_schema.clone()).check(result) {
                    let told = super::run::told(&fault);
                    self.found(PluginFault::ResultMisses, format!("`{name}` at {payload}: {told}"));
                }
            }
            AttemptEnd::Failed(error) if error.kind == "invalid-input" => {
                let refused = format!("`{name}` at {payload}: {}", error.message);
                // What a schema cannot say (a file is needed, one of two fields) is no fault of who refuses a made one.
                if example::is_given(&action.input_schema) {
                    self.found(PluginFault::RefusesExample, refused);
                } else {
                    self.verdict.notes.push(format!(
                        "no job could be done with a payload made of the input schema; give that `examples`, of \
                         which the first is taken: {refused}"
                    ));
                }
            }
            AttemptEnd::Failed(error) if error.message.starts_with(RESULT_NOT_JSON) => {
                self.found(PluginFault::ResultNoJson, format!("`{name}` at {payload}: {}", error.message));
            }
            AttemptEnd::Failed(error) => {
                let note = format!("`{name}` failed at {payload} with the simulator's answers: {error}");
                self.verdict.notes.push(note);
            }
            AttemptEnd::Broke(error) => {
                self.found(broke(error), format!("`{name}` at {payload}: {error}"));
            }
            AttemptEnd::Stopped(stop) => {
                let why = end.waits.clone().unwrap_or_else(|| stop.to_string());
                self.verdict.notes.push(format!("`{name}` did not come to an end at {payload}: {why}"));
            }
        }
    }

    /// The same job once more, with the same answers, as a host does that starts again.
    async fn asks_alike(&mut self, action: &ActionInfo, payload: &Json, first: Kept) -> Result<(), Failure> {
        let Kept { end, journal, id } = first;
        let stage = self.stage.fresh().await?;
        let tried = TrialJob { journal: journal.clone(), ..self.tried(&action.name, payload, id).await? };
        let mut job = end.job.clone();
        job.attempts = job.attempts.max(1);
        // Every answer is older than the run that is told it: all come out of the journal.
        let past =
            Past { job: &job, journal: &journal, live_since: Timestamp::from_secs(i64::from(u32::MAX)) };
        let again = stage.trial.rehearse(self.plugin, tried, &past).await.map_err(anyhow::Error::from)?;
        let name = &action.name;
        if let Some(other) = again.asked.iter().find(|asked| !asked.known) {
            let at = other.position + 1;
            let detail =
                format!("`{name}`: question {at} is another when the same answers come out of the journal");
            self.found(PluginFault::AsksOtherwise, detail);
        } else if !alike(&end.end, &again.end) {
            let detail =
                format!("`{name}` comes to another end when the same answers come out of the journal");
            self.found(PluginFault::AsksOtherwise, detail);
        }
        Ok(())
    }

    /// Every answer of Claude's is an error.
    async fn ends_on_errors(&mut self, action: &ActionInfo, payload: &Json) -> Result<(), Failure> {
        let mut error =
            CallError::unsent(CallErrorKind::Overloaded, "Claude is overloaded (the kit plays it)");
        error.retry_after_ms = Some(1_000);
        let (end, quiet) = self.run_with(&action.name, payload, Some(error)).await?;
        let name = &action.name;
        if quiet.stop().is_cancelled() {
            self.found(
                PluginFault::IgnoresErrors,
                format!("`{name}` asked on after {PATIENCE} errors in a row"),
            );
        } else if let AttemptEnd::Broke(error) = &end.end {
            let detail = format!("`{name}`, where every answer of Claude's is an error: {error}");
            if !self.verdict.found.iter().any(|found| found.fault == broke(error)) {
                self.found(broke(error), detail);
            }
        }
        Ok(())
    }

    async fn run(
        &self,
        action: &str,
        payload: &Json,
        claude: Option<CallError>,
    ) -> Result<TrialEnd, Failure> {
        Ok(self.run_with(action, payload, claude).await?.0)
    }

    async fn run_with(
        &self,
        action: &str,
        payload: &Json,
        claude: Option<CallError>,
    ) -> Result<(TrialEnd, Arc<Quiet>), Failure> {
        let id = self.new_id();
        let tried = TrialJob { claude, ..self.tried(action, payload, id).await? };
        let quiet = Arc::new(Quiet::new(&self.plugin.info.name, self.stage.clock.clone()));
        let run = self.stage.trial.run(self.plugin, tried, quiet.clone(), quiet.stop());
        Ok((run.await.map_err(anyhow::Error::from)?, quiet))
    }

    /// A run whose journal is kept.
    async fn run_kept(&self, action: &ActionInfo, payload: &Json) -> Result<Kept, Failure> {
        let id = self.new_id();
        let tried = self.tried(&action.name, payload, id).await?;
        let quiet = Arc::new(Quiet::new(&self.plugin.info.name, self.stage.clock.clone()));
        let run = self.stage.trial.run(self.plugin, tried, quiet.clone(), quiet.stop());
        let end = run.await.map_err(anyhow::Error::from)?;
        let journal = self.stage.store.journal_of(id).await.map_err(anyhow::Error::from)?;
        Ok(Kept { end, journal, id })
    }

    fn new_id(&self) -> JobId {
        JobId::new(self.stage.clock.now(), rand::rng().random())
    }

    async fn tried(&self, action: &str, payload: &Json, id: JobId) -> Result<TrialJob, Failure> {
        let limits = self.stage.store.limits().await.map_err(anyhow::Error::from)?.limits;
        let agent = self.plugin.info.name.clone();
        let own = self.stage.settings.agents.get(&agent);
        let settings: AgentValues = own.map(|agent| agent.settings.clone()).unwrap_or_default().into();
        let job = NewJob {
            id,
            agent,
            action: action.to_owned(),
            payload: payload.clone(),
            priority: Priority::Normal,
            run_at: None,
            idempotency_key: None,
            max_cost: limits.job_usd,
            tags: Vec::new(),
            after: Vec::new(),
            schedule: None,
            inputs: Vec::new(),
            economy: None,
            upstream: UpstreamKind::Simulated,
        };
        Ok(TrialJob { job, settings, journal: Vec::new(), like: None, claude: None })
    }
}

/// A run with what it was answered.
struct Kept {
    end: TrialEnd,
    journal: Vec<anvil_store::JournalEntry>,
    id: JobId,
}

fn broke(error: &JobError) -> PluginFault {
    match error.kind.as_str() {
        "protocol" => PluginFault::Protocol,
        "instantiate" => PluginFault::StartFails,
        "trap" | "exit" | "stack" => PluginFault::RunTraps,
        _ => PluginFault::RunLimit,
    }
}

/// Whether two ends are one for whoever reads them: what a failure says beside its word may name a place in the code.
fn alike(one: &AttemptEnd, other: &AttemptEnd) -> bool {
    match (one, other) {
        (AttemptEnd::Succeeded { result: one, .. }, AttemptEnd::Succeeded { result: other, .. }) => {
            one == other
        }
        (AttemptEnd::Failed(one), AttemptEnd::Failed(other)) => one.kind == other.kind,
        _ => false,
    }
}
