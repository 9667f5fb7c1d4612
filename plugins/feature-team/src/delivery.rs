//! `DELIVERY.md`: what the folder has, how it came about, and what is missing. It is made of what is known: no call.

use crate::folder::DELIVERY;
use crate::money;
use crate::payload::Payload;
use crate::report::{FileEntry, Report, State, StepEntry, StepState};
use crate::text;
use crate::told::Told;
use std::fmt::Write as _;

/// The most bytes of the brief that are repeated.
const BRIEF: usize = 8_000;

/// The page. The report has come to its end.
pub fn page(payload: &Payload, report: &Report, requirements: &Told, tests: &Told) -> String {
    let mut out = format!("# Delivery\n\n{}\n", state(report));
    if !report.missing.is_empty() {
        listed(&mut out, "Missing", &report.missing);
    }
    let _ = write!(out, "\n## The brief\n\n{}", text::block(text::beginning(payload.brief.trim(), BRIEF).0));
    files(&mut out, &report.files);
    approval(&mut out, report);
    listed(&mut out, "Questions that the brief leaves open", &requirements.open_questions);
    listed(&mut out, "Taken for granted", &requirements.assumptions);
    listed(&mut out, "Not tested", &tests.untested);
    steps(&mut out, report);
    out
}

fn state(report: &Report) -> &'static str {
    match report.state {
        State::Delivered => "Everything that was asked for is here.",
        State::Partial => "Not everything is here: see what is missing.",
        State::Stopped => "A person read the design and did not want it built.",
    }
}

fn files(out: &mut String, files: &[FileEntry]) {
    out.push_str("\n## Files\n\n");
    for file in files.iter().filter(|file| file.path != DELIVERY) {
        let unit = if file.bytes == 1 { "byte" } else { "bytes" };
        let _ = writeln!(out, "- {}: {} {unit}, from {}", text::span(&file.path), file.bytes, file.from);
    }
}

fn approval(out: &mut String, report: &Report) {
    out.push_str("\n## Approval\n\n");
    let _ = match (&report.approved_by, report.state) {
        (Some(by), _) => writeln!(out, "{} approved the design.", text::span(&text::line(by, 200))),
        (None, State::Stopped) => writeln!(out, "The design was not approved."),
        (None, _) => writeln!(out, "Nobody approved the design."),
    };
    if !report.amendments.is_empty() {
        out.push_str("\nIt was amended before:\n\n");
        for amendment in &report.amendments {
            let _ = writeln!(out, "- {}", text::line(amendment, 4_000));
        }
    }
}

fn listed(out: &mut String, title: &str, entries: &[String]) {
    if !entries.is_empty() {
        let _ = writeln!(out, "\n## {title}\n");
        for entry in entries {
            let _ = writeln!(out, "- {}", text::line(entry, 1_000));
        }
    }
}

fn steps(out: &mut String, report: &Report) {
    out.push_str("\n## Steps\n\n");
    for StepEntry { step, agent, job, state, cost_usd, note } in &report.steps {
        let state = match state {
            StepState::Done => "done",
            StepState::Failed => "failed",
            StepState::Skipped => "skipped",
        };
        let _ = write!(out, "- {step}: {state}, by {agent}");
        if let Some(job) = job {
            let _ = write!(out, " (job {job}, ${cost_usd:.4})");
        }
        let _ = if note.is_empty() { writeln!(out) } else { writeln!(out, ": {note}") };
    }
    let _ = write!(out, "\nTogether: {}", money::shown(report.cost()));
    let _ = match report.late() {
        0 => writeln!(out, "."),
        late => writeln!(out, ", of which {} came when a step had ended already.", money::shown(late)),
    };
}
