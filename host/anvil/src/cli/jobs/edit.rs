//! `anvil jobs edit` and `duplicate`.

use crate::cli::Globals;
use crate::cli::result::headline;
use crate::cli::submit::{dollars, payload, taken, time};
use crate::client::Client;
use crate::failure::{Exit, Failure};
use crate::show::{print, print_json};
use anvil_types::{JobId, Priority, Timestamp};
use clap::Args;
use reqwest::Method;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// A job, and what changes of it.
#[derive(Debug, Args)]
pub(crate) struct EditArgs {
    /// The job's id.
    id: String,
    #[command(flatten)]
    change: ChangeArgs,
}

/// A job, and what is different in its duplicate.
#[derive(Debug, Args)]
pub(crate) struct DuplicateArgs {
    /// The job's id.
    id: String,
    #[command(flatten)]
    change: ChangeArgs,
    /// Do not wait for the jobs that the old one comes after.
    #[arg(long)]
    no_after: bool,
    /// Wait until it is done, and show its result.
    #[arg(long)]
    wait: bool,
}

/// What a job has in place of what it had.
#[derive(Debug, Args)]
struct ChangeArgs {
    /// critical, high, normal or low.
    #[arg(long, value_name = "PRIORITY")]
    priority: Option<Priority>,
    /// Not before this time (2026-12-01T08:00:00Z), after this long (90s, 2h 30m), or now.
    #[arg(long, value_name = "TIME", value_parser = start)]
    run_at: Option<Start>,
    /// A tag, in place of the old ones; can be given several times.
    #[arg(long, value_name = "TAG")]
    tag: Vec<String>,
    /// No tags.
    #[arg(long, conflicts_with = "tag")]
    no_tags: bool,
    /// The most that it may spend, in dollars.
    #[arg(long, value_name = "USD", value_parser = dollars)]
    max_cost: Option<f64>,
    /// The payload: JSON, @FILE, or - for standard input.
    #[arg(long, value_name = "JSON")]
    payload: Option<String>,
}

/// When a job is to start.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Start {
    Now,
    At(Timestamp),
}

fn start(text: &str) -> Result<Start, String> {
    if text == "now" { Ok(Start::Now) } else { time(text).map(Start::At) }
}

/// The fields that change. A time of null is now.
#[derive(Debug, Serialize)]
struct Change {
    #[serde(skip_serializing_if = "Option::is_none")]
    priority: Option<Priority>,
    #[serde(skip_serializing_if = "Option::is_none")]
    run_at: Option<serde_json::Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tags: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_cost_usd: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    payload: Option<Box<RawValue>>,
}

/// What a duplicate has of the old job. Numbers stay as they came.
#[derive(Debug, Deserialize, Serialize)]
struct Copy {
    agent: String,
    action: String,
    payload: Box<RawValue>,
    priority: Priority,
    max_cost_usd: Box<RawValue>,
    tags: Vec<String>,
    after: Vec<JobId>,
    #[serde(skip_deserializing, skip_serializing_if = "Option::is_none")]
    run_at: Option<Timestamp>,
}

impl ChangeArgs {
    fn read(&self) -> Result<Change, Failure> {
        Ok(Change {
            priority: self.priority,
            run_at: self.run_at.map(|start| match start {
                Start::Now => serde_json::Value::Null,
                Start::At(at) => serde_json::Value::String(at.to_string()),
            }),
            tags: self.tags(),
            max_cost_usd: self.max_cost,
            payload: self.payload()?,
        })
    }

    fn tags(&self) -> Option<Vec<String>> {
        (self.no_tags || !self.tag.is_empty()).then(|| self.tag.clone())
    }

    fn payload(&self) -> Result<Option<Box<RawValue>>, Failure> {
        self.payload.as_deref().map(|text| payload(Some(text), &[])).transpose()
    }

    fn is_empty(&self) -> bool {
        let Self { priority, run_at, tag, no_tags, max_cost, payload } = self;
        priority.is_none()
            && run_at.is_none()
            && tag.is_empty()
            && !no_tags
            && max_cost.is_none()
            && payload.is_none()
    }

    /// Lays what is given over a duplicate.
    fn over(&self, copy: &mut Copy) -> Result<(), Failure> {
        if let Some(priority) = self.priority {
            copy.priority = priority;
        }
        if let Some(Start::At(at)) = self.run_at {
            copy.run_at = Some(at);
        }
        if let Some(tags) = self.tags() {
            copy.tags = tags;
        }
        if let Some(most) = self.max_cost {
            copy.max_cost_usd = serde_json::value::to_raw_value(&most).map_err(anyhow::Error::from)?;
        }
        if let Some(payload) = self.payload()? {
            copy.payload = payload;
        }
        Ok(())
    }
}

impl EditArgs {
    pub(super) async fn run(&self, client: &Client, globals: &Globals) -> Result<Exit, Failure> {
        if self.change.is_empty() {
            return Err(Failure::Usage(
                "say what changes: --priority, --run-at, --tag, --no-tags, --max-cost or --payload"
                    .to_owned(),
            ));
        }
        let job = client.send(Method::PATCH, &["jobs", &self.id], &self.change.read()?).await?;
        if globals.json {
            print_json(&job)?;
        } else {
            print(&headline(&job))?;
        }
        Ok(Exit::Done)
    }
}

impl DuplicateArgs {
    pub(super) async fn run(&self, client: &Client, globals: &Globals) -> Result<Exit, Failure> {
        let old = client.bytes(&["jobs", &self.id]).await?;
        let mut copy: Copy = serde_json::from_slice(&old).map_err(anyhow::Error::from)?;
        self.change.over(&mut copy)?;
        if self.no_after {
            copy.after.clear();
        }
        let job = client.send(Method::POST, &["jobs"], &copy).await?;
        taken(client, globals, &job, self.wait).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        change: ChangeArgs,
    }

    fn change(args: &[&str]) -> ChangeArgs {
        Line::try_parse_from([&["x"], args].concat()).expect("arguments").change
    }

    fn body(args: &[&str]) -> String {
        serde_json::to_string(&change(args).read().expect("a change")).expect("JSON")
    }

    #[test]
    fn only_what_is_given_changes() {
        assert!(change(&[]).is_empty());
        assert_eq!(body(&["--run-at", "now", "--no-tags"]), r#"{"run_at":null,"tags":[]}"#);
        assert_eq!(
            body(&["--run-at", "2026-12-01T08:00:00Z", "--tag", "a", "--tag", "b", "--priority", "low"]),
            r#"{"priority":"low","run_at":"2026-12-01T08:00:00Z","tags":["a","b"]}"#
        );
        assert_eq!(
            body(&["--payload", "[12345678901234567890123]", "--max-cost", "0.5"]),
            r#"{"max_cost_usd":0.5,"payload":[12345678901234567890123]}"#
        );
        assert!(Line::try_parse_from(["x", "--tag", "a", "--no-tags"]).is_err());
    }

    #[test]
    fn a_duplicate_is_what_the_old_job_was_but_for_what_is_given() {
        let old = r#"{"id":"x","agent":"a","action":"b","payload":{"n":12345678901234567890123},"state":"failed",
            "priority":"high","max_cost_usd":0.50,"tags":["t"],"after":[],"run_at":"2026-12-01T08:00:00Z"}"#;
        let copied = |args: &[&str]| {
            let mut copy: Copy = serde_json::from_str(old).expect("a job");
            change(args).over(&mut copy).expect("fits");
            serde_json::to_string(&copy).expect("JSON")
        };
        assert_eq!(
            copied(&[]),
            r#"{"agent":"a","action":"b","payload":{"n":12345678901234567890123},"priority":"high","max_cost_usd":0.50,"tags":["t"],"after":[]}"#
        );
        assert_eq!(
            copied(&[
                "--payload",
                "[1]",
                "--tag",
                "u",
                "--max-cost",
                "2",
                "--run-at",
                "2027-01-01T00:00:00Z"
            ]),
            r#"{"agent":"a","action":"b","payload":[1],"priority":"high","max_cost_usd":2.0,"tags":["u"],"after":[],"run_at":"2027-01-01T00:00:00Z"}"#
        );
    }
}
