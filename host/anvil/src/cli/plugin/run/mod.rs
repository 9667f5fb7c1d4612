//! `anvil plugin run`.

mod people;
mod report;
mod transcript;
mod watching;

use super::fixture;
use super::stage::Stage;
use crate::cli::jobs::artifacts::{place, put};
use crate::cli::sent::{self, SentFile, media_type};
use crate::cli::source::{self, Source};
use crate::cli::{Globals, sim, submit};
use crate::connect;
use crate::failure::{Exit, Failure};
use anvil_api::Fixture;
use anvil_control::Upload;
use anvil_runner::TrialJob;
use anvil_sandbox::{CancellationToken, EngineCount, InputSchema, PayloadFault, Plugin};
use anvil_sim::Script;
use anvil_types::{
    ActionInfo, AgentValues, ArtifactName, JobId, Json, Nanodollars, NewInput, NewJob, Priority, UpstreamKind,
};
use clap::Args;
use people::People;
use rand::RngExt as _;
use report::Report;
use serde_json::value::RawValue;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use transcript::Transcript;

/// The most bytes of a file with what another agent gives.
const MOST_RESULT: u64 = 64 << 20;

/// Runs a plugin here, without a host, with the limits of one: the simulator, or a script of answers, is its Claude.
/// Nothing costs money; what it keeps is gone at the end. Ends with 0 where the job succeeded and its result matches the
/// output schema, else with 1.
#[derive(Debug, Args)]
pub(crate) struct RunArgs {
    /// The plugin, a `.wasm` file.
    #[arg(required_unless_present = "save")]
    file: Option<PathBuf>,
    /// What it is to do.
    #[arg(required_unless_present = "from_job")]
    action: Option<String>,
    /// Take action, payload, files and settings of this job of a host, and its answers for as long as the same is asked;
    /// what is asked beyond them, the simulator answers.
    #[arg(long, value_name = "ID", conflicts_with_all = ["action", "payload", "field", "files"])]
    from_job: Option<JobId>,
    /// Keep that job in a file, as a test of its plugin: see `anvil plugin test`. Its settings and files are in there.
    #[arg(long, value_name = "FILE", requires = "from_job")]
    save: Option<PathBuf>,
    /// The payload: JSON, @FILE, or - for standard input.
    #[arg(long, value_name = "JSON")]
    payload: Option<String>,
    /// A field of the payload, as text (name=value) or as JSON (name:=5); can be given several times.
    #[arg(long, value_name = "NAME=VALUE", value_parser = submit::field)]
    field: Vec<(String, Box<RawValue>)>,
    /// A file that the job comes with, by its path or under another name; can be given several times.
    #[arg(long = "file", value_name = "[NAME=]PATH", value_parser = sent::parser())]
    files: Vec<SentFile>,
    /// One of the agent's settings, over those of the settings file; can be given several times.
    #[arg(long, value_name = "NAME=VALUE", value_parser = named)]
    setting: Vec<(String, String)>,
    /// What Claude answers, in order (JSON; TOML where the name ends so), as of `anvil sim --script`.
    #[arg(long, value_name = "FILE")]
    script: Option<PathBuf>,
    /// The most that the job may spend, in dollars that nobody pays.
    #[arg(long, value_name = "USD", value_parser = submit::dollars)]
    max_cost: Option<Nanodollars>,
    /// What a person answers, text or JSON; given several times, one after the other. Without, the terminal is asked.
    #[arg(long, value_name = "VALUE")]
    answer: Vec<String>,
    /// What another agent gives for its tasks (JSON); can be given several times. Tasks for others are refused.
    #[arg(long, value_name = "AGENT=FILE", value_parser = named)]
    task: Vec<(String, String)>,
    /// Write the files that it hands over into this folder.
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Write over files that are there already.
    #[arg(long)]
    force: bool,
    /// Run again whenever the plugin changes, until Ctrl-C. Its state stays from run to run.
    #[arg(long)]
    watch: bool,
}

/// What does not change from run to run.
struct Given {
    what: What,
    script: Script,
    tasks: BTreeMap<String, Json>,
}

/// What is to be done.
enum What {
    /// This action, with this payload and these files.
    Action(String, Json, Vec<NewInput>),
    /// What a job of a host did.
    Past(Box<Fixture>),
}

impl RunArgs {
    pub(super) async fn run(&self, globals: &Globals) -> Result<Exit, Failure> {
        if self.watch && globals.json {
            return Err(Failure::Usage(
                "--json tells of one run, and --watch of many; leave one of them out".to_owned(),
            ));
        }
        let past = match self.from_job {
            Some(id) => Some(fixture::of_host(globals, id).await?),
            None => None,
        };
        if let (Some(past), Some(path)) = (&past, &self.save) {
            fixture::save(past, path, self.force)?;
            eprintln!("{} is in {}; its agent's settings and files are too", past.job.id, path.display());
        }
        let Some(file) = &self.file else { return Ok(Exit::Done) };
        let stage = Stage::set(connect::settings(globals)?, EngineCount::Fuel).await?;
        let given = self.given(&stage, past).await?;
        let cancel = CancellationToken::new();
        let interrupted = cancel.clone();
        tokio::spawn(async move {
            if tokio::signal::ctrl_c().await.is_ok() {
                interrupted.cancel();
            }
        });
        if !self.watch {
            return self.once(&stage, file, &given, globals.json, &cancel).await;
        }
        watching::runs(file, &cancel, async || self.once(&stage, file, &given, false, &cancel).await).await
    }

    async fn given(&self, stage: &Stage, past: Option<Fixture>) -> Result<Given, Failure> {
        let from_stdin = self.files.iter().filter(|file| file.from == "-").count();
        if from_stdin + usize::from(self.payload.as_deref() == Some("-")) > 1 {
            return Err(Failure::Usage("standard input is one file, or the payload".to_owned()));
        }
        let script = self.script.as_deref().map(sim::script).transpose()?.unwrap_or_default();
        let mut tasks = BTreeMap::new();
        for (agent, path) in &self.task {
            let text = source::text(Path::new(path), MOST_RESULT)?;
            let result = text
                .parse::<Json>()
                .map_err(|error| Failure::Usage(format!("{path} has no result of an agent: {error}")))?;
            tasks.insert(agent.clone(), result);
        }
        let what = match (past, &self.action) {
            (Some(past), _) => What::Past(Box::new(past)),
            (None, action) => {
                let action = action.clone().unwrap_or_default();
                What::Action(action, self.payload()?, self.inputs(stage).await?)
            }
        };
        Ok(Given { what, script, tasks })
    }

    fn payload(&self) -> Result<Json, Failure> {
        let payload = submit::payload(self.payload.as_deref(), &self.field)?;
        let payload = payload.get().parse::<Json>();
        payload.map_err(|error| Failure::Usage(format!("the payload cannot be taken: {error}")))
    }

    /// The files, within the bounds that a host has for them.
    async fn inputs(&self, stage: &Stage) -> Result<Vec<NewInput>, Failure> {
        let limits = crate::serve::parts::inputs(&stage.settings).widest();
        let mut upload = Upload::new(limits, stage.folder().to_owned());
        let refused = |error: anvil_control::SubmitError| Failure::Usage(error.to_string());
        for file in &self.files {
            upload.begin(file.name.as_str(), media_type(file.name.as_str())).map_err(refused)?;
            let mut from = Source::open(&file.from).await?;
            loop {
                let piece = from.piece().await.map_err(|unread| Failure::Usage(unread.to_string()))?;
                if piece.is_empty() {
                    break;
                }
                upload.write(&piece).await.map_err(refused)?;
            }
        }
        upload.finish().await.map_err(refused)
    }

    async fn once(
        &self,
        stage: &Stage,
        file: &Path,
        given: &Given,
        json: bool,
        cancel: &CancellationToken,
    ) -> Result<Exit, Failure> {
        let plugin = stage.load(file).await?;
        // A job is there once: one of a host has a place of its own for every run.
        let fresh = match &given.what {
            What::Past(_) => Some(stage.fresh().await?),
            What::Action(..) => None,
        };
        let stage = fresh.as_ref().unwrap_or(stage);
        let tried = self.tried(stage, &plugin, &given.what).await?;
        let action = action(&plugin, &tried.job.action)?;
        fits(&action.input_schema, &tried.job.payload, &action.name)?;
        stage.play(&given.script);
        let id = tried.job.id;
        let people = People::new(self.answer.clone(), cancel.child_token());
        let stop = people.stop();
        let lead = plugin.info.name.clone();
        let transcript =
            Arc::new(Transcript::new(people, lead, given.tasks.clone(), json, stage.clock.clone()));
        let end =
            stage.trial.run(&plugin, tried, transcript.clone(), &stop).await.map_err(anyhow::Error::from)?;
        transcript.told_all()?;
        let files = self.files_of(stage, id).await?;
        let report = Report::of(&plugin, &action, &stage.settings, &end, &files, self.out.is_some());
        report.show(json.then(|| transcript.steps()))?;
        Ok(if cancel.is_cancelled() { Exit::Interrupted } else { report.exit() })
    }

    async fn tried(&self, stage: &Stage, plugin: &Plugin, what: &What) -> Result<TrialJob, Failure> {
        let (action, payload, inputs) = match what {
            What::Past(past) => {
                if past.job.agent != plugin.info.name {
                    let (found, expected) = (&plugin.info.name, &past.job.agent);
                    return Err(Failure::Usage(format!(
                        "the job is one of `{expected}`, and the plugin is `{found}`"
                    )));
                }
                return fixture::on_stage(stage, past, &self.setting, self.max_cost).await;
            }
            What::Action(action, payload, inputs) => (action, payload, inputs),
        };
        let limits = stage.store.limits().await.map_err(anyhow::Error::from)?.limits;
        let job = NewJob {
            id: JobId::new(stage.clock.now(), rand::rng().random()),
            agent: plugin.info.name.clone(),
            action: action.clone(),
            payload: payload.clone(),
            priority: Priority::Normal,
            run_at: None,
            idempotency_key: None,
            max_cost: self.max_cost.unwrap_or(limits.job_usd),
            tags: Vec::new(),
            after: Vec::new(),
            schedule: None,
            inputs: inputs.clone(),
            economy: None,
            upstream: UpstreamKind::Simulated,
        };
        Ok(TrialJob {
            job,
            settings: self.settings(stage, plugin),
            journal: Vec::new(),
            like: None,
            claude: None,
        })
    }

    /// The agent's settings: those of the file, and these over them.
    fn settings(&self, stage: &Stage, plugin: &Plugin) -> AgentValues {
        let own = stage.settings.agents.get(&plugin.info.name);
        let mut values = own.map(|agent| agent.settings.clone()).unwrap_or_default();
        values.extend(self.setting.iter().cloned());
        values.into()
    }

    /// What it handed over: names and sizes. They are written where that is wished.
    async fn files_of(&self, stage: &Stage, job: JobId) -> Result<Vec<(ArtifactName, u64)>, Failure> {
        let files = stage.store.artifacts(job).await.map_err(anyhow::Error::from)?;
        let names: Vec<ArtifactName> = files.iter().map(|file| file.name.clone()).collect();
        if let Some(dir) = &self.out {
            for name in &names {
                let read = stage.store.artifact(job, name).await.map_err(anyhow::Error::from)?;
                if let Some((_, bytes)) = read {
                    put(dir, &place(name, &names), &bytes, self.force || self.watch)?;
                }
            }
        }
        Ok(files.into_iter().map(|file| (file.name, file.size)).collect())
    }
}

/// Reads `NAME=VALUE`.
fn named(text: &str) -> Result<(String, String), String> {
    let (name, value) = text
        .split_once('=')
        .filter(|(name, _)| !name.is_empty())
        .ok_or("a name, `=` and a value are expected")?;
    Ok((name.to_owned(), value.to_owned()))
}

/// The action of this name.
fn action(plugin: &Plugin, name: &str) -> Result<ActionInfo, Failure> {
    let actions = &plugin.info.actions;
    actions.iter().find(|action| action.name == name).cloned().ok_or_else(|| {
        let known: Vec<_> = actions.iter().map(|action| format!("`{}`", action.name)).collect();
        let agent = &plugin.info.name;
        Failure::Usage(format!("`{agent}` has no action `{name}`; it has {}", known.join(", ")))
    })
}

/// A payload that a host would not take is not tried either.
fn fits(schema: &Json, payload: &Json, action: &str) -> Result<(), Failure> {
    InputSchema::new(schema.clone()).check(payload).map_err(|fault| {
        Failure::Usage(format!("the payload does not match the input schema of `{action}`: {}", told(&fault)))
    })
}

/// Where a value misses its schema.
pub(super) fn told(fault: &PayloadFault) -> String {
    let PayloadFault::Misses(misses) = fault else { return fault.to_string() };
    let places = misses.iter().map(|miss| {
        let place = if miss.pointer.is_empty() { "the whole" } else { &miss.pointer };
        format!("{place}: {}", miss.message)
    });
    places.collect::<Vec<_>>().join("; ")
}
