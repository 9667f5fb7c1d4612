//! `anvil jobs replay`.

use crate::answer::Answer;
use crate::cli::Globals;
use crate::cli::source::Source;
use crate::client::Client;
use crate::failure::{Exit, Failure};
use crate::show::{clean, differing_lines, pretty_text};
use anvil_api::{Difference, Question, Replayed};
use anvil_types::JournalKind;
use clap::Args;
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
            Some(file) => Some(Source::open(file).await?),
            None => None,
        };
        let answer: Answer<Replayed> = client.post_bytes(&["jobs", &self.id, "replay"], plugin).await?;
        answer.show(globals.json, show)?;
        Ok(if answer.read()?.is_the_same() { Exit::Done } else { Exit::Different })
    }
}

/// A replay, for people.
pub(crate) fn show(replayed: &Replayed) -> String {
    let short = |digest: &str| clean(digest).chars().take(12).collect::<String>();
    let on = if replayed.replayed_on == replayed.ran_on {
        ", which it ran on".to_owned()
    } else {
        format!("; it ran on {}", short(&replayed.ran_on))
    };
    let (version, digest) = (clean(&replayed.version), short(&replayed.replayed_on));
    let (asked, answers) = (replayed.asked_for, replayed.answers);
    let mut out = format!(
        "{} on version {version} ({digest}{on})\n{asked} of {answers} answers of the journal were asked for\n",
        replayed.job
    );
    for one in &replayed.differences {
        let _ = write!(out, "\nposition {}: {}", one.position, what(one));
    }
    match replayed.same_end {
        Some(true) if replayed.differences.is_empty() => {
            out.push_str("No difference: it comes to the same end.\n");
        }
        Some(true) => out.push_str("\nIt comes to the same end.\n"),
        Some(false) => {
            let _ = write!(out, "\nIt comes to another end: {}", end(replayed));
        }
        None => out.push_str("\nIt was stopped there: a replay asks nobody anything.\n"),
    }
    out
}

fn what(difference: &Difference) -> String {
    match (&difference.then, &difference.now) {
        (Some(then), Some(now)) => match (request(then), request(now)) {
            (Some(then), Some(now)) => format!("another question\n{}", differing_lines(&then, &now)),
            (None, Some(now)) if then.kind != JournalKind::Allowance => format!(
                "another question (what was asked is not known: the version that asked is not kept)\n+ {}\n",
                now.replace('\n', "\n+ ")
            ),
            _ => format!("then {}, now {}\n", name(then.kind), name(now.kind)),
        },
        (None, Some(now)) => {
            let words = request(now).unwrap_or_else(|| name(now.kind).to_owned());
            format!("asked now, and never answered\n+ {}\n", words.replace('\n', "\n+ "))
        }
        (Some(then), None) => format!("{} was asked, and is not any more\n", name(then.kind)),
        (None, None) => String::new(),
    }
}

/// What a kind of question is called.
fn name(kind: JournalKind) -> &'static str {
    match kind {
        JournalKind::Allowance => "the allowance",
        JournalKind::Call => "a question to Claude",
        JournalKind::Question => "a question to people",
        JournalKind::State => "a question to the agent's own state",
        JournalKind::Team => "a task for another agent",
    }
}

/// What was asked, as the guest may have written it: untrusted.
fn request(question: &Question) -> Option<String> {
    question.request.as_ref().map(pretty_text)
}

fn end(replayed: &Replayed) -> String {
    match (&replayed.result, &replayed.error) {
        (Some(result), _) => format!("this result\n{}\n", pretty_text(result)),
        (None, Some(error)) => format!("{}: {}\n", clean(&error.kind), clean(&error.message)),
        (None, None) => "an end without a result\n".to_owned(),
    }
}
