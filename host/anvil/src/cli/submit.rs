//! `anvil submit`.

use super::Globals;
use super::sent::{self, Form, SentFile};
use super::source::whole;
use super::{progress, result};
use crate::answer::Answer;
use crate::client::Client;
use crate::failure::{Exit, Failure};
use crate::show::print;
use anvil_api::SubmitRequest;
use anvil_types::{Clock as _, Job, JobId, Nanodollars, Priority, SystemClock, Timestamp, encoding};
use clap::Args;
use reqwest::Method;
use serde_json::value::RawValue;
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::time::Duration;

/// As in: anvil submit code-generator generate --field requirements="Build a login form" --wait
#[derive(Debug, Args)]
pub(crate) struct SubmitArgs {
    /// The agent; `anvil agents list` shows them.
    #[arg(required_unless_present = "bulk")]
    agent: Option<String>,
    /// What it is to do; `anvil agents show AGENT` shows its actions.
    #[arg(required_unless_present = "bulk")]
    action: Option<String>,
    /// Submit a job for each line of a file (- for standard input), as JSON: the fields of POST
    /// /api/v1/jobs, with `"ref": "NAME"` to name a line and `"after": ["ref:NAME"]` to come after it.
    #[arg(
        long,
        value_name = "FILE",
        conflicts_with_all = ["agent", "action", "payload", "field", "priority", "run_at", "idempotency_key", "max_cost", "tag", "economy", "after", "file", "wait"]
    )]
    bulk: Option<OsString>,
    /// The payload: JSON, @FILE, or - for standard input.
    #[arg(long, value_name = "JSON")]
    payload: Option<String>,
    /// A field of the payload, as text (name=value) or as JSON (name:=5); can be given several times.
    #[arg(long, value_name = "NAME=VALUE", value_parser = field)]
    field: Vec<(String, Box<RawValue>)>,
    /// critical, high, normal or low.
    #[arg(long, value_name = "PRIORITY")]
    priority: Option<Priority>,
    /// Not before this time (2026-12-01T08:00:00Z), or after this long (90s, 2h 30m).
    #[arg(long, value_name = "TIME", value_parser = time)]
    run_at: Option<Timestamp>,
    /// A second submission with the same key and content gives the first job.
    #[arg(long, value_name = "KEY")]
    idempotency_key: Option<String>,
    /// The most that it may spend, in dollars.
    #[arg(long, value_name = "USD", value_parser = dollars, allow_negative_numbers = true)]
    max_cost: Option<Nanodollars>,
    /// A tag; can be given several times.
    #[arg(long, value_name = "TAG")]
    tag: Vec<String>,
    /// Send its calls in batches, at half price: it waits for them, most for less than an hour, all for less than a day.
    #[arg(long)]
    economy: bool,
    /// Start after this job has succeeded, with its result and files; can be given several times.
    #[arg(long, value_name = "ID")]
    after: Vec<JobId>,
    /// A file that the job comes with, by its path or under another name (- for standard input); can be given several
    /// times.
    #[arg(long, value_name = "[NAME=]PATH", value_parser = sent::parser())]
    file: Vec<SentFile>,
    /// Wait until it is done, and show its result.
    #[arg(long)]
    wait: bool,
}

impl SubmitArgs {
    pub(crate) async fn run(&self, client: &Client, globals: &Globals) -> Result<Exit, Failure> {
        if let Some(file) = &self.bulk {
            return super::bulk::run(client, globals, file).await;
        }
        if self.payload.as_deref() == Some("-") && self.file.iter().any(|file| file.from == "-") {
            return Err(Failure::Usage("standard input is either the payload or a file".to_owned()));
        }
        if self.file.iter().filter(|file| file.from == "-").count() > 1 {
            return Err(Failure::Usage("standard input can be one file, and is named for two".to_owned()));
        }
        let body = SubmitRequest {
            agent: self.agent.clone(),
            agent_type: None,
            action: self.action.clone().unwrap_or_default(),
            payload: Some(payload(self.payload.as_deref(), &self.field)?),
            priority: self.priority,
            run_at: self.run_at,
            idempotency_key: self.idempotency_key.clone(),
            max_cost_usd: self.max_cost,
            tags: self.tag.clone(),
            economy: self.economy.then_some(true),
            after: self.after.clone(),
            files_of: None,
        };
        let job = send(client, &body, &self.file).await?;
        taken(client, globals, &job, self.wait).await
    }
}

/// Sends a job, and the files that it comes with.
pub(super) async fn send(
    client: &Client,
    body: &SubmitRequest,
    files: &[SentFile],
) -> Result<Answer<Job>, Failure> {
    if files.is_empty() {
        return client.send(Method::POST, &["jobs"], body).await;
    }
    let job = serde_json::to_vec(body).map_err(|error| Failure::Other(error.into()))?;
    let Form { boundary, length, body } = Form::of(job, files).await?;
    client.send_form(&["jobs"], &boundary, length, body).await
}

/// Tells of a job that was taken in, or waits until it is done.
pub(super) async fn taken(
    client: &Client,
    globals: &Globals,
    job: &Answer<Job>,
    wait: bool,
) -> Result<Exit, Failure> {
    let Job { id, state, .. } = job.read()?;
    if wait {
        let id = id.to_string();
        return if let Some(job) = progress::wait(client, &id, globals.json).await? {
            result::finished(client, &job, globals.json).await
        } else {
            eprintln!("The job goes on.\nnext: anvil jobs show {id}");
            Ok(Exit::Interrupted)
        };
    }
    if globals.json {
        job.print()?;
    } else {
        print(&format!("{id} {state}"))?;
        eprintln!("next: anvil jobs show {id}");
    }
    Ok(Exit::Done)
}

/// A payload with fields over it. Numbers stay as they were written.
pub(crate) fn payload(
    payload: Option<&str>,
    over: &[(String, Box<RawValue>)],
) -> Result<Box<RawValue>, Failure> {
    let text = match payload {
        None => "{}".to_owned(),
        Some("-") => {
            let bytes = whole("-").map_err(|error| unreadable("standard input", &error))?;
            read_text("standard input", &bytes)?
        }
        Some(text) => match text.strip_prefix('@') {
            Some(path) => read_text(path, &whole(path).map_err(|error| unreadable(path, &error))?)?,
            None => text.to_owned(),
        },
    };
    let payload: Box<RawValue> = serde_json::from_str(text.trim())
        .map_err(|error| Failure::Usage(format!("the payload is not valid JSON: {error}")))?;
    if over.is_empty() {
        return Ok(payload);
    }
    let twice =
        over.iter().enumerate().find(|(at, (name, _))| over[..*at].iter().any(|(other, _)| other == name));
    if let Some((_, (name, _))) = twice {
        return Err(Failure::Usage(format!("--field {name} is given twice; give each field once")));
    }
    let fields: Result<BTreeMap<String, Box<RawValue>>, _> = serde_json::from_str(payload.get());
    let mut fields = fields.map_err(|_| {
        Failure::Usage("--field adds to a payload that is a JSON object; this one is not".to_owned())
    })?;
    fields.extend(over.iter().cloned());
    serde_json::value::to_raw_value(&fields).map_err(|error| Failure::Other(error.into()))
}

fn read_text(from: &str, bytes: &[u8]) -> Result<String, Failure> {
    encoding::utf8(bytes).map(str::to_owned).map_err(|error| unreadable(from, &error))
}

fn unreadable(from: &str, error: &dyn std::fmt::Display) -> Failure {
    Failure::Usage(format!("cannot read the payload from {from}: {error}"))
}

pub(crate) fn field(text: &str) -> Result<(String, Box<RawValue>), String> {
    let (name, value) = text
        .split_once('=')
        .filter(|(name, _)| !name.trim_end_matches(':').is_empty())
        .ok_or("a name, `=` and a value are expected, as in requirements=\"Build a login form\"")?;
    let value = match name.strip_suffix(':') {
        Some(_) => serde_json::from_str(value)
            .map_err(|error| format!("what follows `:=` is not valid JSON: {error}"))?,
        None => serde_json::value::to_raw_value(value).map_err(|error| error.to_string())?,
    };
    Ok((name.trim_end_matches(':').to_owned(), value))
}

pub(super) fn time(text: &str) -> Result<Timestamp, String> {
    if let Ok(at) = text.parse() {
        return Ok(at);
    }
    let length: Option<Duration> =
        text.parse::<jiff::SignedDuration>().ok().and_then(|length| length.try_into().ok());
    length.map(|length| SystemClock::new().now() + length).ok_or_else(|| {
        "a time such as 2026-12-01T08:00:00Z, or a length such as 90s or 2h 30m, is expected".to_owned()
    })
}

pub(crate) fn dollars(text: &str) -> Result<Nanodollars, String> {
    let amount = Nanodollars::from_decimal(text.trim_start_matches('$'));
    amount
        .filter(|amount| *amount > Nanodollars::ZERO)
        .ok_or_else(|| "an amount of dollars above 0 is expected".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn args(payload: Option<&str>, fields: &[&str]) -> SubmitArgs {
        SubmitArgs {
            agent: Some("a".to_owned()),
            action: Some("b".to_owned()),
            bulk: None,
            payload: payload.map(str::to_owned),
            field: fields.iter().map(|text| field(text).expect("a field")).collect(),
            priority: None,
            run_at: None,
            idempotency_key: None,
            max_cost: None,
            tag: Vec::new(),
            economy: false,
            after: Vec::new(),
            file: Vec::new(),
            wait: false,
        }
    }

    fn payload_of(args: &SubmitArgs) -> Result<Box<RawValue>, Failure> {
        payload(args.payload.as_deref(), &args.field)
    }

    #[test]
    fn fields_lie_over_the_payload_and_numbers_stay_exact() {
        let payload = args(Some(r#"{"n": 12345678901234567890123, "a": 1}"#), &["a=x=y", "b:=[1.50]"]);
        let payload = payload_of(&payload).expect("a payload");
        assert_eq!(payload.get(), r#"{"a":"x=y","b":[1.50],"n":12345678901234567890123}"#);
        assert_eq!(payload_of(&args(None, &[])).expect("a payload").get(), "{}");
    }

    #[test]
    fn what_is_no_payload_is_refused() {
        assert!(payload_of(&args(Some("{"), &[])).is_err());
        assert!(payload_of(&args(Some("[1]"), &["a=1"])).is_err());
        assert!(payload_of(&args(Some("@/nowhere/at/all"), &[])).is_err());
        assert!(field("novalue").is_err() && field("=x").is_err() && field("n:={").is_err());
    }

    #[test]
    fn a_time_is_a_point_or_a_length() {
        assert_eq!(time("2026-12-01T08:00:00Z").expect("a time").to_string(), "2026-12-01T08:00:00Z");
        assert!(time("2h 30m").expect("a length") > SystemClock::new().now());
        assert!(time("soon").is_err());
        assert!(
            dollars("0").is_err()
                && dollars("nan").is_err()
                && dollars("$0.5") == Ok(Nanodollars::new(500_000_000))
        );
    }
}
