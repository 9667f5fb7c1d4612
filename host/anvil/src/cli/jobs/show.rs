//! `anvil jobs show`.

use crate::cli::Globals;
use crate::cli::result::{artifacts, error, headline, shown};
use crate::client::Client;
use crate::failure::{Exit, Failure};
use crate::show::{Moment, items, money, pretty, print, print_json, text};
use serde_json::Value;
use std::fmt::Write as _;

pub(super) async fn run(client: &Client, globals: &Globals, id: &str) -> Result<Exit, Failure> {
    let job = client.get(&["jobs", id], &[]).await?;
    if globals.json {
        print_json(&job)?;
        return Ok(Exit::Done);
    }
    let calls = client.get(&["jobs", id, "calls"], &[]).await?;
    let files = client.get(&["jobs", id, "artifacts"], &[]).await?;
    print(&show(&job, &calls, &files, &Moment::now()))?;
    Ok(Exit::Done)
}

fn list(job: &Value, key: &str, pointer: &str) -> String {
    let each = job.get(key).and_then(Value::as_array).into_iter().flatten();
    each.map(|one| text(one, pointer)).collect::<Vec<_>>().join(", ")
}

fn show(job: &Value, calls: &Value, files: &Value, moment: &Moment) -> String {
    let at = |pointer: &str| text(job, pointer);
    let mut out = headline(job);
    let tags: Vec<_> =
        job.get("tags").and_then(Value::as_array).into_iter().flatten().map(|tag| text(tag, "")).collect();
    let progress =
        job.get("progress").and_then(Value::as_f64).map(|fraction| format!("{:.0} %", fraction * 100.0));
    for (name, value) in [
        ("priority", at("/priority")),
        ("attempts", format!("{} of {}", at("/attempts"), at("/max_attempts"))),
        ("may spend", money(job, "/max_cost_usd")),
        ("held", money(job, "/held_usd")),
        ("unknown", money(job, "/unknown_usd")),
        ("tags", tags.join(", ")),
        ("schedule", at("/schedule")),
        ("after", list(job, "after", "")),
        ("then", list(job, "followed_by", "/id")),
        ("submitted", moment.full(job, "/created_at")),
        ("not before", moment.full(job, "/run_at")),
        ("started", moment.full(job, "/started_at")),
        ("finished", moment.full(job, "/finished_at")),
        ("progress", format!("{} {}", progress.unwrap_or_default(), at("/progress_line")).trim().to_owned()),
        (
            "waits for",
            format!("{} {}", at("/waiting_for/detail"), moment.relative(job, "/waiting_for/until"))
                .trim()
                .to_owned(),
        ),
    ] {
        if !value.is_empty() && value != "$0.00" {
            let _ = writeln!(out, "  {name:<11} {value}");
        }
    }
    let failed = job.get("attempt_history").and_then(Value::as_array).into_iter().flatten();
    for attempt in failed.filter(|attempt| attempt.get("error").is_some_and(|error| !error.is_null())) {
        let _ = writeln!(
            out,
            "  attempt {:<3} {}: {}",
            text(attempt, "/number"),
            text(attempt, "/error/kind"),
            text(attempt, "/error/message")
        );
    }
    if !items(calls).is_empty() {
        let _ = write!(out, "\n{}", crate::cli::spend::calls(calls, moment));
    }
    if !items(files).is_empty() {
        let _ = write!(out, "\n{}", artifacts(files));
    }
    let _ = write!(out, "\npayload\n{}\n", pretty(job.get("payload").unwrap_or(&Value::Null)));
    if let Some(error) = error(job) {
        let _ = write!(out, "\n{error}\n");
    }
    if let Some(result) = job.get("result").filter(|result| !result.is_null()) {
        let _ = write!(out, "\nresult\n{}\n", shown(result));
    }
    out
}
