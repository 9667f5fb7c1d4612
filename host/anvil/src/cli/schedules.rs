//! `anvil schedules`.

use super::Globals;
use super::submit::{dollars, field, payload};
use crate::answer::Answer;
use crate::client::Client;
use crate::failure::{Exit, Failure};
use crate::show::{Moment, Table, clean, first_line, pretty_text, print, print_json};
use anvil_api::{List, ScheduleDetail, ScheduleRequest, ScheduleView};
use anvil_types::{Job, MissedRuns, Nanodollars, Overlap, Priority};
use clap::{Args, Subcommand};
use reqwest::Method;
use serde_json::json;
use serde_json::value::RawValue;
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
    #[arg(long, value_name = "USD", value_parser = dollars, allow_negative_numbers = true)]
    max_cost: Option<Nanodollars>,
    /// A tag; can be given several times.
    #[arg(long, value_name = "TAG")]
    tag: Vec<String>,
}

impl SchedulesCommand {
    pub(crate) async fn run(&self, client: &Client, globals: &Globals) -> Result<Exit, Failure> {
        match self {
            Self::List => {
                let schedules: Answer<List<ScheduleView>> = client.get(&["schedules"], &[]).await?;
                schedules.show(globals.json, |schedules| list(&schedules.items, &client.moment()))?;
            }
            Self::Show(args) => {
                let schedule: Answer<ScheduleDetail> = client.get(&["schedules", &args.name], &[]).await?;
                schedule.show(globals.json, |schedule| detail(schedule, &client.moment()))?;
            }
            Self::Add(args) => {
                let schedule: Answer<ScheduleView> =
                    client.send(Method::PUT, &["schedules", &args.name], &args.body()?).await?;
                schedule.show(globals.json, |schedule| state(schedule, &client.moment()))?;
            }
            Self::Remove(args) => {
                client.delete(&["schedules", &args.name]).await?;
                if globals.json {
                    print_json(&json!({ "name": args.name, "deleted": true }))?;
                } else {
                    print(&format!("{} is deleted", args.name))?;
                }
            }
            Self::Pause(args) | Self::Resume(args) => {
                let what = if matches!(self, Self::Pause(_)) { "pause" } else { "resume" };
                let schedule: Answer<ScheduleView> = client.post(&["schedules", &args.name, what]).await?;
                schedule.show(globals.json, |schedule| state(schedule, &client.moment()))?;
            }
            Self::Run(args) => {
                let job: Answer<Job> = client.post(&["schedules", &args.name, "run"]).await?;
                job.show(globals.json, |job| format!("{} {}", job.id, job.state))?;
            }
        }
        Ok(Exit::Done)
    }
}

impl AddArgs {
    fn body(&self) -> Result<ScheduleRequest, Failure> {
        Ok(ScheduleRequest {
            cron: self.cron.clone(),
            agent: self.agent.clone(),
            action: self.action.clone(),
            payload: Some(payload(self.payload.as_deref(), &self.field)?),
            time_zone: self.time_zone.clone(),
            missed: self.missed,
            overlap: self.overlap,
            priority: self.priority,
            max_cost_usd: self.max_cost,
            tags: self.tag.clone(),
            enabled: None,
        })
    }
}

/// Why it makes no jobs, or what its next does.
fn standing(view: &ScheduleView) -> String {
    match (&view.resting, &view.schedule.blocked) {
        (Some(resting), _) => clean(resting),
        (None, Some(blocked)) => format!("tried again: {}", clean(blocked)),
        (None, None) => "on".to_owned(),
    }
}

fn state(view: &ScheduleView, moment: &Moment) -> String {
    let next = view.schedule.next_at.map(|next| format!("next {}", moment.full(next)));
    format!("{}: {}", clean(&view.schedule.name), next.unwrap_or_else(|| standing(view)))
}

fn list(schedules: &[ScheduleView], moment: &Moment) -> String {
    if schedules.is_empty() {
        return "There are no schedules; `anvil schedules add` makes one.".to_owned();
    }
    let mut table = Table::new(&["SCHEDULE", "CRON", "ZONE", "JOB", "NEXT", "LAST JOB", "STATE"]);
    for view in schedules {
        let schedule = &view.schedule;
        table.row([
            schedule.name.clone(),
            schedule.cron.clone(),
            schedule.time_zone.clone(),
            format!("{}/{}", schedule.job.agent, schedule.job.action),
            moment.relative(schedule.next_at),
            schedule.last_job.map(|job| job.to_string()).unwrap_or_default(),
            first_line(&standing(view), 60),
        ]);
    }
    table.to_string()
}

fn detail(detail: &ScheduleDetail, moment: &Moment) -> String {
    let (view, schedule) = (&detail.schedule, &detail.schedule.schedule);
    let (name, cron, zone) = (clean(&schedule.name), clean(&schedule.cron), clean(&schedule.time_zone));
    let mut out = format!("{name}: {cron} {zone}\n");
    let job = &schedule.job;
    let (agent, action) = (clean(&job.agent), clean(&job.action));
    let _ = writeln!(out, "  job         {agent}/{action}, {}", job.priority);
    let _ = writeln!(out, "  missed      {}", schedule.missed);
    let _ = writeln!(out, "  overlap     {}", schedule.overlap);
    let _ = writeln!(out, "  state       {}", standing(view));
    for (place, time) in view.next_times.iter().enumerate() {
        let name = if place == 0 { "next" } else { "" };
        let _ = writeln!(out, "  {name:<11} {}", moment.full(*time));
    }
    for (place, job) in detail.jobs.iter().enumerate() {
        let name = if place == 0 { "jobs" } else { "" };
        let _ = writeln!(out, "  {name:<11} {} {} {}", job.id, job.state, moment.relative(job.created_at));
    }
    let _ = write!(out, "\npayload\n{}\n", pretty_text(&schedule.job.payload));
    out
}
