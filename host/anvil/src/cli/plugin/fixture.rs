//! Finished jobs as tests of their plugins: taken from a host, and out of files.

use super::stage::Stage;
use crate::cli::Globals;
use crate::connect::connect;
use crate::failure::Failure;
use anvil_api::Fixture;
use anvil_control::ReadFixture;
use anvil_runner::TrialJob;
use anvil_store::ImportedJob;
use anvil_types::{AgentValues, JobId, Nanodollars, NewJob, UpstreamKind};
use anyhow::anyhow;
use std::io::Read as _;
use std::path::Path;

/// More than this no fixture has: its files in base64, its answers, and what stands around them.
const MOST_BYTES: u64 = 3 * Fixture::MOST_BYTES as u64;

/// The finished job of this id, of the host that is named.
pub(super) async fn of_host(globals: &Globals, id: JobId) -> Result<Fixture, Failure> {
    let client = connect(globals)?;
    let job = id.to_string();
    client.get::<Fixture>(&["jobs", &job, "fixture"], &[]).await?.read()
}

/// Writes it, for people to read and to keep beside the plugin.
pub(super) fn save(fixture: &Fixture, file: &Path, force: bool) -> Result<(), Failure> {
    let text = serde_json::to_string_pretty(fixture).map_err(anyhow::Error::from)?;
    let mut options = std::fs::OpenOptions::new();
    options.write(true).truncate(true).create(true).create_new(!force);
    let written = options
        .open(file)
        .and_then(|mut file| std::io::Write::write_all(&mut file, format!("{text}\n").as_bytes()));
    written.map_err(|error| match error.kind() {
        std::io::ErrorKind::AlreadyExists => {
            Failure::Usage(format!("{} is there already; --force writes over it", file.display()))
        }
        _ => anyhow!("cannot write {}: {error}", file.display()).into(),
    })
}

/// Reads one out of a file.
pub(super) fn of_file(file: &Path) -> Result<Fixture, Failure> {
    let read = || {
        let mut text = String::new();
        std::fs::File::open(file)?.take(MOST_BYTES).read_to_string(&mut text)?;
        std::io::Result::Ok(text)
    };
    let text = read().map_err(|error| Failure::Usage(format!("cannot read {}: {error}", file.display())))?;
    serde_json::from_str(&text)
        .map_err(|error| Failure::Usage(format!("{} is no fixture: {error}", file.display())))
}

/// The job of a fixture on this stage, with all that it was given. Its agent's settings are those of then, with `over`
/// over them.
pub(super) async fn on_stage(
    stage: &Stage,
    fixture: &Fixture,
    over: &[(String, String)],
    max_cost: Option<Nanodollars>,
) -> Result<TrialJob, Failure> {
    let ReadFixture { journal, inputs, others } =
        ReadFixture::of(fixture).map_err(|fault| Failure::Usage(fault.to_string()))?;
    let others = others.into_iter().map(|other| ImportedJob::Finished(Box::new(other))).collect::<Vec<_>>();
    if !others.is_empty() {
        for imported in stage.store.import_jobs(others, None).await.map_err(anyhow::Error::from)? {
            imported.map_err(anyhow::Error::from)?;
        }
    }
    let past = &fixture.job;
    let names = fixture.settings.names().map(str::to_owned);
    let then = names.filter_map(|name| Some((name.clone(), fixture.settings.get(&name)?.to_owned())));
    let settings: std::collections::BTreeMap<_, _> = then.chain(over.iter().cloned()).collect();
    Ok(TrialJob {
        job: NewJob {
            // Its random numbers follow from its id.
            id: past.id,
            agent: past.agent.clone(),
            action: past.action.clone(),
            payload: past.payload.clone(),
            priority: past.priority,
            run_at: None,
            idempotency_key: None,
            max_cost: max_cost.unwrap_or(past.max_cost),
            tags: past.tags.clone(),
            after: past.after.clone(),
            schedule: None,
            inputs,
            economy: None,
            upstream: UpstreamKind::Simulated,
        },
        settings: AgentValues::from(settings),
        journal,
        like: Some(past.clone()),
        claude: None,
    })
}
