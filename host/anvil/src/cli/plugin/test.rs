//! `anvil plugin test`.

use super::fixture::{of_file, on_stage};
use super::stage::Stage;
use crate::cli::Globals;
use crate::cli::jobs::replay;
use crate::connect;
use crate::failure::{Exit, Failure};
use crate::show::{print, print_json};
use anvil_api::Replayed;
use anvil_control::compared;
use anvil_runner::Past;
use anvil_sandbox::{EngineCount, Plugin};
use anyhow::anyhow;
use clap::Args;
use serde_json::json;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Runs finished jobs once more on a plugin, each answered from its own journal: nobody is asked and nothing is spent.
/// Ends with 0 where every job asks the same and comes to the same end, with 1 where any differs, and with 2 where a
/// fixture cannot be read.
#[derive(Debug, Args)]
pub(crate) struct TestArgs {
    /// The plugin, a `.wasm` file.
    file: PathBuf,
    /// Jobs, as `anvil plugin run --from-job ID --save FIXTURE` writes them.
    #[arg(required = true, value_name = "FIXTURE")]
    fixtures: Vec<PathBuf>,
}

impl TestArgs {
    pub(super) async fn run(&self, globals: &Globals) -> Result<Exit, Failure> {
        let settings = connect::settings(globals)?;
        let first = Stage::set(settings.clone(), EngineCount::Nothing).await?;
        let plugin = first.load(&self.file).await?;
        let mut told = Vec::with_capacity(self.fixtures.len());
        let mut different = 0;
        for path in &self.fixtures {
            // Each job has a store of its own: two fixtures may be one job.
            let stage = first.fresh().await?;
            let replayed = replayed(&stage, &plugin, path).await?;
            different += usize::from(!replayed.is_the_same());
            if globals.json {
                told.push(json!({ "fixture": path.display().to_string(), "replayed": replayed }));
            } else {
                print(&shown(path, &replayed))?;
            }
        }
        if globals.json {
            print_json(&json!({ "different": different, "fixtures": told }))?;
        } else if self.fixtures.len() > 1 {
            eprintln!("{} the same, {different} different", self.fixtures.len() - different);
        }
        Ok(if different == 0 { Exit::Done } else { Exit::Different })
    }
}

async fn replayed(stage: &Stage, plugin: &Arc<Plugin>, path: &Path) -> Result<Replayed, Failure> {
    let fixture = of_file(path)?;
    let job = &fixture.job;
    if plugin.info.name != job.agent {
        let (found, expected) = (&plugin.info.name, &job.agent);
        let path = path.display();
        return Err(Failure::Usage(format!("{path} is a job of `{expected}`, and the plugin is `{found}`")));
    }
    let tried = on_stage(stage, &fixture, &[], None).await?;
    let journal = tried.journal.clone();
    let past = Past { job, journal: &journal, live_since: fixture.live_since };
    let rehearsed = stage.trial.rehearse(plugin, tried, &past).await.map_err(anyhow::Error::from)?;
    let mut replayed = compared(job, &journal, plugin, rehearsed)
        .map_err(|stop| anyhow!("{}: the run was stopped: {stop}", path.display()))?;
    for difference in &mut replayed.differences {
        let then = fixture.journal.iter().find(|answer| answer.position == difference.position);
        if let (Some(question), Some(answer)) = (&mut difference.then, then) {
            question.request.clone_from(&answer.request);
        }
    }
    Ok(replayed)
}

fn shown(path: &Path, replayed: &Replayed) -> String {
    let path = path.display();
    if replayed.is_the_same() {
        return format!("same       {path}: {} answers", replayed.answers);
    }
    let first = replayed.differences.iter().map(|difference| difference.position).min();
    let at =
        first.map_or_else(|| "at its end".to_owned(), |position| format!("first at position {position}"));
    format!("different  {path}: {at}\n{}", replay::show(replayed))
}
