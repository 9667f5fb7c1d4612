//! `anvil jobs edit` and `duplicate`.

use crate::answer::Answer;
use crate::cli::Globals;
use crate::cli::result::headline;
use crate::cli::sent::{self, SentFile};
use crate::cli::submit::{dollars, payload, send, taken, time};
use crate::client::Client;
use crate::failure::{Exit, Failure};
use anvil_api::{EditRequest, JobCopy, SubmitRequest};
use anvil_types::{Job, Nanodollars, Priority, Timestamp};
use clap::Args;
use reqwest::Method;
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
    /// A file that it comes with, in place of the old one of its name, by its path or under another name (- for
    /// standard input); can be given several times.
    #[arg(long, value_name = "[NAME=]PATH", value_parser = sent::parser())]
    file: Vec<SentFile>,
    /// Leave out the files that the old one came with.
    #[arg(long)]
    no_files: bool,
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
    #[arg(long, value_name = "USD", value_parser = dollars, allow_negative_numbers = true)]
    max_cost: Option<Nanodollars>,
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

impl ChangeArgs {
    fn read(&self) -> Result<EditRequest, Failure> {
        Ok(EditRequest {
            priority: self.priority,
            run_at: self.run_at.map(|start| match start {
                Start::Now => None,
                Start::At(at) => Some(at),
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

    /// A job like an old one, with what is given laid over it.
    fn over(&self, old: JobCopy) -> Result<SubmitRequest, Failure> {
        Ok(SubmitRequest {
            agent: Some(old.agent),
            action: old.action,
            payload: Some(self.payload()?.unwrap_or(old.payload)),
            priority: Some(self.priority.unwrap_or(old.priority)),
            run_at: self.run_at.and_then(|start| match start {
                Start::Now => None,
                Start::At(at) => Some(at),
            }),
            max_cost_usd: Some(self.max_cost.unwrap_or(old.max_cost_usd)),
            tags: self.tags().unwrap_or(old.tags),
            after: old.after,
            economy: old.economy,
            ..SubmitRequest::default()
        })
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
        let job: Answer<Job> = client.send(Method::PATCH, &["jobs", &self.id], &self.change.read()?).await?;
        job.show(globals.json, headline)?;
        Ok(Exit::Done)
    }
}

impl DuplicateArgs {
    pub(super) async fn run(&self, client: &Client, globals: &Globals) -> Result<Exit, Failure> {
        let old: Answer<JobCopy> = client.get(&["jobs", &self.id], &[]).await?;
        let old = old.read()?;
        let has_files = !old.inputs.is_empty();
        let mut copy = self.change.over(old)?;
        if has_files && !self.no_files {
            copy.files_of = self.id.parse().ok();
        }
        if self.no_after {
            copy.after.clear();
        }
        let job = send(client, &copy, &self.file).await?;
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
            let old: JobCopy = serde_json::from_str(old).expect("a job");
            let copy = change(args).over(old).expect("fits");
            serde_json::to_string(&copy).expect("JSON")
        };
        assert_eq!(
            copied(&[]),
            r#"{"agent":"a","action":"b","payload":{"n":12345678901234567890123},"priority":"high","max_cost_usd":0.5,"tags":["t"]}"#
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
            r#"{"agent":"a","action":"b","payload":[1],"priority":"high","run_at":"2027-01-01T00:00:00Z","max_cost_usd":2.0,"tags":["u"]}"#
        );
    }
}
