//! `anvil jobs replay`.

use crate::cli::Globals;
use crate::client::Client;
use crate::failure::{Exit, Failure};
use crate::show::{clean_lines, differing_lines, pretty, print, print_json, text};
use anyhow::Context as _;
use clap::Args;
use serde_json::Value;
use std::fmt::Write as _;
use std::path::PathBuf;

/// A past job is run once more, answered from its journal. Nothing is sent or spent, and nothing of the job changes.
/// It ends where the plugin asks something that the job was not answered; the exit is 1 where anything differs.
#[derive(Debug, Args)]
pub(crate) struct ReplayArgs {
    /// The job's id. It has to be finished.
    id: String,
    /// Another build of the plugin (.wasm) to replay on; else the version that the job ran on.
    #[arg(long, value_name = "FILE")]
    plugin: Option<PathBuf>,
}

impl ReplayArgs {
    pub(crate) async fn run(&self, client: &Client, globals: &Globals) -> Result<Exit, Failure> {
        let plugin = match &self.plugin {
            Some(file) => std::fs::read(file).with_context(|| format!("cannot read {}", file.display()))?,
            None => Vec::new(),
        };
        let replayed = client.post_bytes(&["jobs", &self.id, "replay"], plugin).await?;
        if globals.json {
            print_json(&replayed)?;
        } else {
            print(&show(&replayed))?;
        }
        Ok(if is_the_same(&replayed) { Exit::Done } else { Exit::Different })
    }
}

fn differences(replayed: &Value) -> &[Value] {
    replayed.get("differences").and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

fn is_the_same(replayed: &Value) -> bool {
    differences(replayed).is_empty() && replayed.get("same_end") == Some(&Value::Bool(true))
}

fn show(replayed: &Value) -> String {
    let at = |pointer: &str| text(replayed, pointer);
    let short = |digest: String| digest.chars().take(12).collect::<String>();
    let mut out = format!(
        "{} on version {} ({}{})\n{} of {} answers of the journal were asked for\n",
        at("/job"),
        at("/version"),
        short(at("/replayed_on")),
        if at("/replayed_on") == at("/ran_on") {
            ", which it ran on".to_owned()
        } else {
            format!("; it ran on {}", short(at("/ran_on")))
        },
        at("/asked_for"),
        at("/answers"),
    );
    for one in differences(replayed) {
        let _ = write!(out, "\nposition {}: {}", text(one, "/position"), what(one));
    }
    match replayed.get("same_end").and_then(Value::as_bool) {
        Some(true) if differences(replayed).is_empty() => {
            out.push_str("No difference: it comes to the same end.\n");
        }
        Some(true) => out.push_str("\nIt comes to the same end.\n"),
        Some(false) => {
            let _ = write!(out, "\nIt comes to another end: {}", end(replayed));
        }
        None => out.push_str("\nIt was stopped there: a replay asks Claude nothing.\n"),
    }
    out
}

fn what(difference: &Value) -> String {
    let question = |side: &str| difference.get(side).filter(|question| !question.is_null());
    match (question("then"), question("now")) {
        (Some(then), Some(now)) => {
            let (kinds, requests) = ([then, now].map(|one| text(one, "/kind")), [then, now].map(request));
            match requests {
                [Some(then), Some(now)] => {
                    format!("another question\n{}", differing_lines(&then, &now))
                }
                [None, Some(now)] if kinds[0] == "call" => format!(
                    "another question (what was asked is not known: the version that asked is not kept)\n+ {}\n",
                    now.replace('\n', "\n+ ")
                ),
                _ => format!("then {}, now {}\n", name(&kinds[0]), name(&kinds[1])),
            }
        }
        (None, Some(now)) => {
            let words = request(now).unwrap_or_else(|| name(&text(now, "/kind")).to_owned());
            format!("asked now, and never answered\n+ {}\n", words.replace('\n', "\n+ "))
        }
        (Some(then), None) => format!("{} was asked, and is not any more\n", name(&text(then, "/kind"))),
        (None, None) => String::new(),
    }
}

/// What a kind of question is called.
fn name(kind: &str) -> &'static str {
    if kind == "allowance" { "the allowance" } else { "a question to Claude" }
}

/// What was asked, as the guest may have written it: untrusted.
fn request(question: &Value) -> Option<String> {
    let request = question.get("request").filter(|request| !request.is_null())?;
    Some(clean_lines(&pretty(request)))
}

fn end(replayed: &Value) -> String {
    match replayed.get("result").filter(|result| !result.is_null()) {
        Some(result) => format!("this result\n{}\n", clean_lines(&pretty(result))),
        None => format!("{}: {}\n", text(replayed, "/error/kind"), text(replayed, "/error/message")),
    }
}
