//! `anvil jobs cancel`, `retry`, `resume`, `prioritise` and `delete`: jobs by their ids, or all that match a filter.

use super::filter::FilterArgs;
use crate::answer::Answer;
use crate::cli::Globals;
use crate::cli::result::headline;
use crate::client::Client;
use crate::failure::{Exit, Failure};
use crate::show::{clean, indented, print};
use anvil_api::{ActionPlanned, ActionRequest};
use anvil_types::{ActionRun, ActionState, Job, JobFilter, Priority};
use clap::Args;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use reqwest::Method;
use std::collections::BTreeMap;
use std::io::{BufRead as _, IsTerminal as _, Write as _};
use std::time::Duration;

/// How often an action is looked at.
const LOOK: Duration = Duration::from_millis(300);

/// Jobs by their ids, or all that match.
#[derive(Debug, Args)]
pub(crate) struct ActArgs {
    /// The jobs' ids; else all jobs that match the filter.
    ids: Vec<String>,
    #[command(flatten)]
    many: ManyArgs,
}

/// All jobs that match.
#[derive(Debug, Args)]
pub(crate) struct ManyArgs {
    #[command(flatten)]
    filter: FilterArgs,
    /// All jobs, without a filter.
    #[arg(long)]
    all: bool,
    /// Count what would be touched, and touch nothing.
    #[arg(long)]
    dry_run: bool,
    /// Do not ask.
    #[arg(long, short)]
    yes: bool,
}

/// All jobs that match, and the priority that they get.
#[derive(Debug, Args)]
pub(crate) struct PrioritiseArgs {
    /// The priority that they get.
    #[arg(long, value_name = "PRIORITY")]
    to: Priority,
    #[command(flatten)]
    many: ManyArgs,
}

impl ActArgs {
    pub(super) async fn run(&self, client: &Client, globals: &Globals, what: &str) -> Result<Exit, Failure> {
        if self.ids.is_empty() {
            return self.many.run(client, globals, what, None).await;
        }
        if !self.many.filter.is_empty() || self.many.all {
            return Err(Failure::Usage("give jobs' ids or a filter, not both".to_owned()));
        }
        turn(client, globals, &self.ids, what).await
    }
}

impl PrioritiseArgs {
    pub(super) async fn run(&self, client: &Client, globals: &Globals) -> Result<Exit, Failure> {
        self.many.run(client, globals, "prioritise", Some(self.to)).await
    }
}

impl ManyArgs {
    /// Counts, asks, begins, and shows how far it is.
    pub(super) async fn run(
        &self,
        client: &Client,
        globals: &Globals,
        action: &str,
        priority: Option<Priority>,
    ) -> Result<Exit, Failure> {
        if self.filter.is_empty() != self.all {
            return Err(Failure::Usage("say which jobs: by a filter, or --all".to_owned()));
        }
        let filter: JobFilter = self.filter.body();
        let mut body = ActionRequest { action: action.to_owned(), priority, filter, dry_run: true };
        let path = ["jobs", "actions"];
        let plan: Answer<ActionPlanned> = client.send(Method::POST, &path, &body).await?;
        if self.dry_run {
            plan.show(globals.json, planned)?;
            return Ok(Exit::Done);
        }
        let counted = plan.read()?;
        if counted.plan.touched == 0 {
            plan.show(globals.json, planned)?;
            return Ok(Exit::Done);
        }
        if !self.yes {
            eprintln!("{}", planned(&counted));
            if !agreed()? {
                return Err(Failure::Usage("nothing was done; --yes does it without asking".to_owned()));
            }
        }
        body.dry_run = false;
        let run: Answer<ActionRun> = client.send(Method::POST, &path, &body).await?;
        follow(client, globals, run).await?.show(globals.json, told)?;
        Ok(Exit::Done)
    }
}

/// Asks, where there is somebody to ask.
fn agreed() -> Result<bool, Failure> {
    if !std::io::stdin().is_terminal() {
        return Ok(false);
    }
    eprint!("Go on? [y/N] ");
    let _ = std::io::stderr().flush();
    let mut answer = String::new();
    std::io::stdin().lock().read_line(&mut answer).map_err(anyhow::Error::from)?;
    Ok(matches!(answer.trim(), "y" | "Y" | "yes"))
}

/// Shows how far it is until it is over; it goes on by itself where the wait is interrupted.
async fn follow(
    client: &Client,
    globals: &Globals,
    mut answer: Answer<ActionRun>,
) -> Result<Answer<ActionRun>, Failure> {
    let mut run = answer.read()?;
    let id = run.id.to_string();
    let bar = (std::io::stderr().is_terminal() && !globals.json).then(|| {
        let bar = ProgressBar::with_draw_target(Some(0), ProgressDrawTarget::stderr());
        let style = ProgressStyle::with_template("{spinner} {elapsed} [{bar:30}] {pos} of {len} {wide_msg}")
            .unwrap_or_else(|_| ProgressStyle::default_bar());
        bar.set_style(style.progress_chars("=> "));
        bar.enable_steady_tick(Duration::from_millis(120));
        bar
    });
    while run.state == ActionState::Running {
        if let Some(bar) = &bar {
            bar.set_length(run.planned.max(run.touched));
            bar.set_position(run.touched);
            bar.set_message(run.waits.as_deref().map(clean).unwrap_or_default());
        }
        tokio::select! {
            () = tokio::time::sleep(LOOK) => {}
            _ = tokio::signal::ctrl_c() => {
                eprintln!("it goes on without you: {}/jobs/actions", client.base());
                break;
            }
        }
        answer = client.get(&["jobs", "actions", &id], &[]).await?;
        run = answer.read()?;
    }
    if let Some(bar) = &bar {
        bar.finish_and_clear();
    }
    Ok(answer)
}

fn planned(planned: &ActionPlanned) -> String {
    let plan = &planned.plan;
    format!(
        "{}{} would be touched ({}).{}",
        if plan.at_least { "At least " } else { "" },
        jobs(plan.touched),
        planned.action.name(),
        left(&plan.left)
    )
}

fn told(run: &ActionRun) -> String {
    let (action, state) = (run.action.name(), run.state.name());
    format!("{action} {state}: {} touched.{}", jobs(run.touched), left(&run.left))
}

fn left(left: &BTreeMap<String, u64>) -> String {
    left.iter().fold(String::new(), |told, (why, count)| {
        format!("{told}\n  {} left as they are: {}", jobs(*count), clean(why))
    })
}

fn jobs(count: u64) -> String {
    if count == 1 { "1 job".to_owned() } else { format!("{count} jobs") }
}

/// Does the same to each job; goes on after an error, and ends with the last one.
async fn turn(client: &Client, globals: &Globals, ids: &[String], what: &str) -> Result<Exit, Failure> {
    let mut turned: Vec<String> = Vec::new();
    let mut failed = None;
    for id in ids {
        match client.post::<Job>(&["jobs", id, what]).await {
            Ok(job) => {
                if !globals.json {
                    print(&headline(&job.read()?))?;
                }
                turned.push(job.text());
            }
            Err(failure @ Failure::Unreachable { .. }) => return Err(failure),
            Err(failure) => {
                if let Some(earlier) = failed.replace(failure) {
                    earlier.report();
                }
            }
        }
    }
    if globals.json {
        match turned.as_slice() {
            [job] if ids.len() == 1 => print(&indented(job))?,
            // Each as it came, numbers to the digit.
            _ => print(&indented(&format!("{{\"items\":[{}]}}", turned.join(","))))?,
        }
    }
    failed.map_or(Ok(Exit::Done), Err)
}
