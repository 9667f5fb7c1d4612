//! `anvil jobs show`.

use crate::answer::Answer;
use crate::cli::result::{artifacts, error, headline, inputs, shown};
use crate::cli::{Globals, limit_use};
use crate::client::Client;
use crate::failure::{Exit, Failure};
use crate::show::{Moment, Table, clean, pretty_text, print, some};
use anvil_api::{JobDetail, List};
use anvil_types::{ArtifactInfo, AttemptUse, CallRecord, LimitUsed};
use std::fmt::Write as _;

pub(super) async fn run(client: &Client, globals: &Globals, id: &str) -> Result<Exit, Failure> {
    let job: Answer<JobDetail> = client.get(&["jobs", id], &[]).await?;
    if globals.json {
        job.print()?;
        return Ok(Exit::Done);
    }
    let calls: Answer<List<CallRecord>> = client.get(&["jobs", id, "calls"], &[]).await?;
    let files: Answer<List<ArtifactInfo>> = client.get(&["jobs", id, "artifacts"], &[]).await?;
    // An older host does not tell them.
    let limits = client.get::<List<LimitUsed>>(&["jobs", id, "limits"], &[]).await;
    let mut text = show(&job.read()?, &calls.read()?.items, &files.read()?.items, &client.moment());
    if let Ok(limits) = limits {
        let _ = write!(
            text,
            "\nlimits as they are now, and what its latest attempt used of them\n{}",
            limit_use::table(&limits.read()?.items)
        );
    }
    print(&text)?;
    Ok(Exit::Done)
}

fn list<T: ToString>(each: impl IntoIterator<Item = T>) -> String {
    each.into_iter().map(|one| clean(&one.to_string())).collect::<Vec<_>>().join(", ")
}

/// What is known of it beside its headline, each with its name; an empty one is left out.
fn facts(detail: &JobDetail, moment: &Moment) -> [(&'static str, String); 19] {
    let job = &detail.job;
    let progress = job.progress.map(|fraction| format!("{:.0} %", fraction * 100.0)).unwrap_or_default();
    let progress = format!("{progress} {}", some(job.progress_line.as_deref()));
    let wait = job.waiting_for.as_ref();
    let wait = wait.map(|wait| format!("{} {}", clean(&wait.detail), moment.relative(wait.until)));
    [
        ("priority", job.priority.to_string()),
        ("attempts", format!("{} of {}", job.attempts, job.max_attempts)),
        ("may spend", job.max_cost.to_string()),
        ("its team", job.team.to_string()),
        ("held", job.held.to_string()),
        ("unknown", job.unknown.to_string()),
        ("saved", (detail.saved + detail.reply_saved + detail.batch_saved).to_string()),
        ("tags", list(&job.tags)),
        ("schedule", some(job.schedule.as_deref())),
        ("done for", some(job.lead.map(|lead| lead.to_string()).as_deref())),
        ("after", list(&job.after)),
        ("then", list(detail.followed_by.iter().map(|other| other.id))),
        ("submitted", moment.full(job.created_at)),
        ("not before", moment.full(job.run_at)),
        ("started", moment.full(job.started_at)),
        ("finished", moment.full(job.finished_at)),
        ("used", used(detail)),
        ("progress", progress.trim().to_owned()),
        ("waits for", wait.unwrap_or_default().trim().to_owned()),
    ]
}

/// What its attempts have used together.
fn used(detail: &JobDetail) -> String {
    let used =
        detail.attempt_history.iter().fold(AttemptUse::default(), |sum, attempt| sum.and(attempt.used));
    if used == AttemptUse::default() { String::new() } else { used.to_string() }
}

/// The tree that it stands in, with the money of each branch; the job itself is marked.
fn tree(detail: &JobDetail) -> String {
    let mut table = Table::new(&["TREE", "STATE", "JOB", "OWN", "BELOW", "MAY SPEND"]).right(&[3, 4, 5]);
    for branch in &detail.tree {
        let mark = if branch.id == detail.job.id { "* " } else { "  " };
        let indent = "  ".repeat(branch.depth as usize);
        table.row([
            format!("{mark}{indent}{}/{}", branch.agent, branch.action),
            branch.state.to_string(),
            branch.id.to_string(),
            branch.cost.to_string(),
            branch.below.to_string(),
            branch.max_cost.to_string(),
        ]);
    }
    table.to_string()
}

fn show(detail: &JobDetail, calls: &[CallRecord], files: &[ArtifactInfo], moment: &Moment) -> String {
    let job = &detail.job;
    let mut out = headline(job);
    for (name, value) in facts(detail, moment) {
        if !value.is_empty() && value != "$0.00" {
            let _ = writeln!(out, "  {name:<11} {value}");
        }
    }
    for attempt in &detail.attempt_history {
        if let Some(error) = &attempt.error {
            let (kind, message) = (clean(&error.kind), clean(&error.message));
            let _ = writeln!(out, "  attempt {:<3} {kind}: {message}", attempt.number);
        }
    }
    if !job.inputs.is_empty() {
        let _ = write!(out, "\n{}", inputs(&job.inputs));
    }
    if !detail.tree.is_empty() {
        let _ = write!(out, "\n{}", tree(detail));
    }
    if !calls.is_empty() {
        let _ = write!(out, "\n{}", crate::cli::spend::calls(calls, moment));
    }
    if !files.is_empty() {
        let _ = write!(out, "\n{}", artifacts(files));
    }
    let _ = write!(out, "\npayload\n{}\n", pretty_text(&job.payload));
    if let Some(error) = error(job) {
        let _ = write!(out, "\n{error}\n");
    }
    if let Some(result) = &job.result {
        let _ = write!(out, "\nresult\n{}\n", shown(result));
    }
    out
}
