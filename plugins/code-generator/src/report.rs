//! The result of a job.

use crate::files::{File, Skipped};
use crate::language;
use crate::plan::Plan;
use serde::Serialize;
use std::fmt::Write as _;

/// What the job did; the shape is in `schema/result.json`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Report {
    /// One sentence.
    pub summary: String,
    /// The steps of the plan.
    pub plan: Vec<String>,
    /// The files that were handed over.
    pub files: Vec<Entry>,
    /// What was left out, and why.
    pub skipped: Vec<Skipped>,
    /// How many calls got a reply.
    pub calls: u32,
    /// What they cost, in US dollars.
    pub cost_usd: f64,
}

/// One file that was handed over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Entry {
    /// Its name.
    pub name: String,
    /// Its media type.
    pub media_type: &'static str,
    /// Its length.
    pub bytes: usize,
    /// Its language.
    pub language: String,
}

impl Entry {
    /// The entry of a file.
    pub fn of(file: &File) -> Self {
        Self {
            name: file.name.clone(),
            media_type: language::media_type(&file.name),
            bytes: file.content.len(),
            language: file.language.clone(),
        }
    }
}

/// The calls of a job so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Spent {
    /// How many got a reply.
    pub calls: u32,
    /// What they cost, in nano-dollars.
    pub nanodollars: u64,
    /// What the dearest of them cost.
    pub dearest: u64,
}

impl Spent {
    /// Counts a reply.
    pub fn count(&mut self, nanodollars: u64) {
        self.calls += 1;
        self.nanodollars = self.nanodollars.saturating_add(nanodollars);
        self.dearest = self.dearest.max(nanodollars);
    }

    /// In dollars, for people.
    #[expect(clippy::cast_precision_loss, reason = "a job's cost is far below 2^53 nano-dollars")]
    pub fn usd(self) -> f64 {
        self.nanodollars as f64 / 1e9
    }
}

impl Report {
    /// The report of a job that handed over these files.
    pub fn new(plan: Plan, files: Vec<Entry>, skipped: Vec<Skipped>, spent: Spent) -> Self {
        let names: Vec<&str> = files.iter().map(|file| file.name.as_str()).take(5).collect();
        let more = if files.len() > 5 { ", …" } else { "" };
        let mut summary = format!("Wrote {}: {}{more}.", count(files.len(), "file"), names.join(", "));
        if !skipped.is_empty() {
            let left_out: Vec<&str> = skipped.iter().map(|s| s.name.as_str()).take(5).collect();
            let _ = write!(summary, " Left out {}: {}.", skipped.len(), left_out.join(", "));
        }
        Self { summary, plan: plan.steps, files, skipped, calls: spent.calls, cost_usd: spent.usd() }
    }
}

/// `1 file`, `2 files`.
pub fn count(number: usize, noun: &str) -> String {
    format!("{number} {noun}{}", if number == 1 { "" } else { "s" })
}
