//! The result of a job.

use crate::money;
use crate::steps::Step;
use crate::text;
use serde::Serialize;

/// The most sentences of what is missing.
const MOST_MISSING: usize = 200;
/// The most characters of one.
const LONGEST: usize = 1_000;

/// How it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// Nothing is missing.
    Delivered,
    /// `missing` says what is.
    Partial,
    /// A person did not want it built.
    Stopped,
}

/// What became of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum StepState {
    /// It was done.
    Done,
    /// It was not.
    Failed,
    /// It was not begun, since something before it is not there.
    Skipped,
}

/// One step.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct StepEntry {
    /// Which.
    pub step: Step,
    /// Who did it.
    pub agent: &'static str,
    /// The job, where one was made.
    pub job: Option<String>,
    /// What became of it.
    pub state: StepState,
    /// What it cost, in US dollars.
    pub cost_usd: f64,
    /// Why it is not done, or not whole.
    pub note: String,
}

/// One file of the delivered folder.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FileEntry {
    /// Where it stands.
    pub path: String,
    /// Whose it is.
    pub from: &'static str,
    /// Its length.
    pub bytes: usize,
}

/// What the job did; the shape is in `schema/result.json`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Report {
    /// How it ended.
    pub state: State,
    /// What was done, in order.
    pub steps: Vec<StepEntry>,
    /// Who approved the design.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub approved_by: Option<String>,
    /// What people wanted changed in it.
    pub amendments: Vec<String>,
    /// The delivered folder.
    pub files: Vec<FileEntry>,
    /// What is not there.
    pub missing: Vec<String>,
    /// What all of it cost, in US dollars.
    pub cost_usd: f64,
    #[serde(skip)]
    cost: u64,
    #[serde(skip)]
    late: u64,
    #[serde(skip)]
    unsaid: usize,
}

impl Default for Report {
    fn default() -> Self {
        Self {
            state: State::Partial,
            steps: Vec::new(),
            approved_by: None,
            amendments: Vec::new(),
            files: Vec::new(),
            missing: Vec::new(),
            cost_usd: 0.0,
            cost: 0,
            late: 0,
            unsaid: 0,
        }
    }
}

impl Report {
    /// A step came to its end; `cost` in nano-dollars.
    pub fn step(
        &mut self,
        step: Step,
        state: StepState,
        job: Option<String>,
        cost: u64,
        note: impl Into<String>,
    ) {
        self.cost = self.cost.saturating_add(cost);
        self.cost_usd = money::usd(self.cost);
        let (agent, note) = (step.agent(), note.into());
        self.steps.push(StepEntry { step, agent, job, state, cost_usd: money::usd(cost), note });
    }

    /// Something is not there. Of very many things only the number is told.
    pub fn missing(&mut self, sentence: impl AsRef<str>) {
        if self.missing.len() < MOST_MISSING {
            self.missing.push(text::line(sentence.as_ref(), LONGEST));
        } else {
            self.unsaid += 1;
        }
    }

    /// What all of it cost, in nano-dollars.
    pub fn cost(&self) -> u64 {
        self.cost
    }

    /// Whether a step's job ended without a result. What such a one cost may have been settled after that was told.
    pub fn is_unsettled(&self) -> bool {
        self.steps.iter().any(|step| step.state == StepState::Failed && step.job.is_some())
    }

    /// All that the job spent, in nano-dollars: what is more than the steps were told to have cost came later.
    pub fn settle(&mut self, spent: u64) {
        self.late = spent.saturating_sub(self.cost);
        self.cost = self.cost.saturating_add(self.late);
        self.cost_usd = money::usd(self.cost);
    }

    /// What came later than the steps' own figures, in nano-dollars.
    pub fn late(&self) -> u64 {
        self.late
    }

    /// Ends it; `stopped`: a person did not want it built.
    pub fn end(&mut self, stopped: bool) {
        let unsaid = std::mem::take(&mut self.unsaid);
        if unsaid > 0 {
            self.missing.push(format!("and {unsaid} more"));
        }
        self.state = match (stopped, self.missing.is_empty()) {
            (true, _) => State::Stopped,
            (false, true) => State::Delivered,
            (false, false) => State::Partial,
        };
    }
}
