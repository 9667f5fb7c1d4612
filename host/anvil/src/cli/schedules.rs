//! `anvil schedules`.

use super::Globals;
use super::submit::{dollars, field, payload};
use crate::client::Client;
use crate::failure::{Exit, Failure};
use crate::show::{Moment, Table, first_line, items, pretty, print, print_json, text};
use anvil_types::{MissedRuns, Overlap, Priority};
use clap::{Args, Subcommand};
use reqwest::Method;
use serde::Serialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};
use std::fmt::Write as _;

/// `anvil schedules …`.
#[derive(Debug, Subcommand)]
pub(crate) enum SchedulesCommand {
    /// List schedules with their next times.
    List,
    /// Show a schedule with its next times and its newest jobs.
    Show(NameArgs),
    /// Make a schedule, or change the one of this name.
    Add(Box<AddArgs>),
    /// Delete a schedule; its jobs stay.
    Remove(NameArgs),
    /// Make no jobs until it is resumed.
    Pause(NameArgs),
    /// Make jobs again, from the next time on.
    Resume(NameArgs),
    /// Make a job of it now, beside its times.
    Run(NameArgs),
}

/// One schedule.
#[derive(Debug, Args)]
pub(crate) struct NameArgs {
    /// The schedule.
    name: String,
}

/// As in: anvil schedules add nightly "0 2 * * *" test-automator generate-tests --payload @tests.json
#[derive(Debug, Args)]
pub(crate) struct AddArgs {
    /// Its name.
    name: String,
    /// When: minute, hour, day of the month, month and day of the week, as in "30 6 * * mon-fri".
    cron: String,
    /// The agent.
    agent: String,
    /// What it is to do.
    action: String,
    /// The time zone; else the one of the settings.
    #[arg(long, value_name = "ZONE")]
    time_zone: Option<String>,
    /// What becomes of times while the host was not running: skip, run_once or run_all.
    #[arg(long, value_name = "POLICY")]
    missed: Option<MissedRuns>,
    /// What becomes of times while an earlier job is unfinished: allow, skip or one_at_a_time.
    #[arg(long, value_name = "POLICY")]
    overlap: Option<Overlap>,
    /// The payload: JSON, @FILE, or - for standard input.
    #[arg(long, value_name = "JSON")]
    payload: Option<String>,
    /// A field of the payload, as text (name=value) or as JSON (name:=5); can be given several times.
    #[arg(long, value_name = "NAME=VALUE", value_parser = field)]
    field: Vec<(String, Box<RawValue>)>,
    /// critical, high, normal or low.
    #[arg(long, value_name = "PRIORITY")]
    priority: Option<Priority>,
    /// The most that each job may spend, in dollars.
    #[arg(long, value_name = "USD", value_parser = dollars)]
    max_cost: Option<f64>,
    /// A tag; can be given several times.
    #[arg(long, value_name = "TAG")]
    tag: Vec<String>,
}

#[derive(Serialize)]
struct Body<'a> {
    cron: &'a str,
    agent: &'a str,
    action: &'a str,
    payload: Box<RawValue>,
    time_zone: Option<&'a str>,
    missed: Option<MissedRuns>,
    overlap: Option<Overlap>,
    priority: Option<Priority>,
    max_cost_usd: Option<f64>,
    tags: &'a [String],
}

impl SchedulesCommand {
    pub(crate) async fn run(&self, client: &Client, globals: &Globals) -> Result<Exit, Failure> {
        let moment = Moment::now();
        let (answer, shown) = match self {
            Self::List => {
                let schedules = client.get(&["schedules"], &[]).await?;
                let shown = list(&schedules, &moment);
                (schedules, shown)
            }
            Self::Show(args) => {
                let schedule = client.get(&["schedules", &args.name], &[]).await?;
                let shown = detail(&schedule, &moment);
                (schedule, shown)
            }
            Self::Add(args) => {
                let body = Body {
                    cron: &args.cron,
                    agent: &args.agent,
                    action: &args.action,
                    payload: payload(args.payload.as_deref(), &args.field)?,
                    time_zone: args.time_zone.as_deref(),
                    missed: args.missed,
                    overlap: args.overlap,
                    priority: args.priority,
                    max_cost_usd: args.max_cost,
                    tags: &args.tag,
                };
                let schedule = client.send(Method::PUT, &["schedules", &args.name], &body).await?;
                let shown = state(&schedule, &moment);
                (schedule, shown)
            }
            Self::Remove(args) => {
                client.delete(&["schedules", &args.name]).await?;
                (json!({ "name": args.name, "deleted": true }), format!("{} is deleted", args.name))
            }
            Self::Pause(args) | Self::Resume(args) => {
                let what = if matches!(self, Self::Pause(_)) { "pause" } else { "resume" };
                let schedule = client.post(&["schedules", &args.name, what]).await?;
                let shown = state(&schedule, &moment);
                (schedule, shown)
            }
            Self::Run(args) => {
                let job = client.post(&["schedules", &args.name, "run"]).await?;
                let shown = format!("{} {}", text(&job, "/id"), text(&job, "/state"));
                (job, shown)
            }
        };
        if globals.json {
            print_json(&answer)?;
        } else {
            print(&shown)?;
        }
        Ok(Exit::Done)
    }
}

/// Why it makes no jobs, or what its next does.
fn standing(schedule: &Value) -> String {
    let blocked = text(schedule, "/blocked");
    let resting = text(schedule, "/resting");
    match (blocked.is_empty(), resting.is_empty()) {
        (_, false) => resting,
        (false, true) => format!("tried again: {blocked}"),
        (true, true) => "on".to_owned(),
    }
}

fn state(schedule: &Value, moment: &Moment) -> String {
    let next = moment.full(schedule, "/next_at");
    let next = if next.is_empty() { standing(schedule) } else { format!("next {next}") };
    format!("{}: {next}", text(schedule, "/name"))
}

fn list(schedules: &Value, moment: &Moment) -> String {
    if items(schedules).is_empty() {
        return "There are no schedules; `anvil schedules add` makes one.".to_owned();
    }
    let mut table = Table::new(&["SCHEDULE", "CRON", "ZONE", "JOB", "NEXT", "LAST JOB", "STATE"]);
    for schedule in items(schedules) {
        let at = |pointer: &str| text(schedule, pointer);
        table.row([
            at("/name"),
            at("/cron"),
            at("/time_zone"),
            format!("{}/{}", at("/job/agent"), at("/job/action")),
            moment.relative(schedule, "/next_at"),
            at("/last_job"),
            first_line(&standing(schedule), 60),
        ]);
    }
    table.to_string()
}

fn detail(schedule: &Value, moment: &Moment) -> String {
    let at = |pointer: &str| text(schedule, pointer);
    let mut out = format!("{}: {} {}\n", at("/name"), at("/cron"), at("/time_zone"));
    let _ =
        writeln!(out, "  job         {}/{}, {}", at("/job/agent"), at("/job/action"), at("/job/priority"));
    let _ = writeln!(out, "  missed      {}", at("/missed"));
    let _ = writeln!(out, "  overlap     {}", at("/overlap"));
    let _ = writeln!(out, "  state       {}", standing(schedule));
    let times = schedule.get("next_times").and_then(Value::as_array).map_or(0, Vec::len);
    for place in 0..times {
        let name = if place == 0 { "next" } else { "" };
        let _ = writeln!(out, "  {name:<11} {}", moment.full(schedule, &format!("/next_times/{place}")));
    }
    let jobs = schedule.get("jobs").and_then(Value::as_array).into_iter().flatten();
    for (place, job) in jobs.enumerate() {
        let name = if place == 0 { "jobs" } else { "" };
        let (id, state) = (text(job, "/id"), text(job, "/state"));
        let _ = writeln!(out, "  {name:<11} {id} {state} {}", moment.relative(job, "/created_at"));
    }
    let _ = write!(out, "\npayload\n{}\n", pretty(schedule.pointer("/job/payload").unwrap_or(&Value::Null)));
    out
}
