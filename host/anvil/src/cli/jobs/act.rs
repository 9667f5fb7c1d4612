//! `anvil jobs cancel`, `retry`, `resume`, `prioritise` and `delete`: jobs by their ids, or all that match a filter.

use super::filter::FilterArgs;
use crate::cli::Globals;
use crate::cli::result::headline;
use crate::client::Client;
use crate::failure::{Exit, Failure};
use crate::show::{print, print_json, text};
use anvil_types::Priority;
use clap::Args;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use reqwest::Method;
use serde_json::{Value, json};
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
            return self.many.run(client, globals, json!({ "action": what })).await;
        }
        if !self.many.filter.is_empty() || self.many.all {
            return Err(Failure::Usage("give jobs' ids or a filter, not both".to_owned()));
        }
        turn(client, globals, &self.ids, what).await
    }
}

impl PrioritiseArgs {
    pub(super) async fn run(&self, client: &Client, globals: &Globals) -> Result<Exit, Failure> {
        self.many.run(client, globals, json!({ "action": "prioritise", "priority": self.to })).await
    }
}

impl ManyArgs {
    /// Counts, asks, begins, and shows how far it is.
    pub(super) async fn run(
        &self,
        client: &Client,
        globals: &Globals,
        action: Value,
    ) -> Result<Exit, Failure> {
        if self.filter.is_empty() != self.all {
            return Err(Failure::Usage("say which jobs: by a filter, or --all".to_owned()));
        }
        let mut body = action;
        body["filter"] = Value::Object(self.filter.body());
        body["dry_run"] = json!(true);
        let path = ["jobs", "actions"];
        let plan = client.send(Method::POST, &path, &body).await?;
        if self.dry_run {
            show(globals, &plan, planned)?;
            return Ok(Exit::Done);
        }
        if plan.get("touched").and_then(Value::as_u64) == Some(0) {
            show(globals, &plan, planned)?;
            return Ok(Exit::Done);
        }
        if !self.yes {
            eprintln!("{}", planned(&plan));
            if !agreed()? {
                return Err(Failure::Usage("nothing was done; --yes does it without asking".to_owned()));
            }
        }
        body["dry_run"] = json!(false);
        let run = client.send(Method::POST, &path, &body).await?;
        let run = follow(client, globals, run).await?;
        show(globals, &run, told)?;
        Ok(Exit::Done)
    }
}

/// As JSON, or in words.
fn show(globals: &Globals, value: &Value, words: fn(&Value) -> String) -> Result<(), Failure> {
    if globals.json { print_json(value) } else { print(&words(value)) }
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
async fn follow(client: &Client, globals: &Globals, run: Value) -> Result<Value, Failure> {
    let id = text(&run, "/id");
    let bar = (std::io::stderr().is_terminal() && !globals.json).then(|| {
        let bar = ProgressBar::with_draw_target(Some(0), ProgressDrawTarget::stderr());
        let style = ProgressStyle::with_template("{spinner} {elapsed} [{bar:30}] {pos} of {len} {wide_msg}")
            .unwrap_or_else(|_| ProgressStyle::default_bar());
        bar.set_style(style.progress_chars("=> "));
        bar.enable_steady_tick(Duration::from_millis(120));
        bar
    });
    let mut run = run;
    while run.get("state").and_then(Value::as_str) == Some("running") {
        if let Some(bar) = &bar {
            let number = |name: &str| run.get(name).and_then(Value::as_u64).unwrap_or(0);
            bar.set_length(number("planned").max(number("touched")));
            bar.set_position(number("touched"));
            bar.set_message(text(&run, "/waits"));
        }
        tokio::select! {
            () = tokio::time::sleep(LOOK) => {}
            _ = tokio::signal::ctrl_c() => {
                eprintln!("it goes on without you: {}/jobs/actions", client.base());
                break;
            }
        }
        run = client.get(&["jobs", "actions", &id], &[]).await?;
    }
    if let Some(bar) = &bar {
        bar.finish_and_clear();
    }
    Ok(run)
}

fn planned(plan: &Value) -> String {
    let least = plan.get("at_least").and_then(Value::as_bool).unwrap_or(false);
    format!(
        "{}{} would be touched ({}).{}",
        if least { "At least " } else { "" },
        jobs(plan.get("touched")),
        text(plan, "/action"),
        left(plan)
    )
}

fn told(run: &Value) -> String {
    format!(
        "{} {}: {} touched.{}",
        text(run, "/action"),
        text(run, "/state"),
        jobs(run.get("touched")),
        left(run)
    )
}

fn left(of: &Value) -> String {
    let each = of.get("left").and_then(Value::as_object).into_iter().flatten();
    each.flat_map(|(why, count)| ["\n  ".to_owned(), jobs(Some(count)), format!(" left as they are: {why}")])
        .collect()
}

fn jobs(count: Option<&Value>) -> String {
    match count.and_then(Value::as_u64).unwrap_or(0) {
        1 => "1 job".to_owned(),
        count => format!("{count} jobs"),
    }
}

/// Does the same to each job; goes on after an error, and ends with the last one.
async fn turn(client: &Client, globals: &Globals, ids: &[String], what: &str) -> Result<Exit, Failure> {
    let mut turned: Vec<Value> = Vec::new();
    let mut failed = None;
    for id in ids {
        match client.post(&["jobs", id, what]).await {
            Ok(job) => {
                if !globals.json {
                    print(&headline(&job))?;
                }
                turned.push(job);
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
            [job] if ids.len() == 1 => print_json(job)?,
            _ => print_json(&json!({ "items": turned }))?,
        }
    }
    failed.map_or(Ok(Exit::Done), Err)
}
