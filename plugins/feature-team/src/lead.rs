//! A job under way: its folder, what it reports, and its tasks.

use crate::failure::Refusal;
use crate::folder::{self, TextFile};
use crate::host::Host;
use crate::money::{self, share};
use crate::payload::Payload;
use crate::report::{FileEntry, Report, StepState};
use crate::steps::Step;
use crate::tasks::{self, Errand, Order};
use crate::text;
use crate::told::Told;
use crate::wit::anvil::agent::job::Level;
use crate::wit::anvil::agent::team::{Done, Task};
use serde_json::Value;

/// The owner's setting with rules that hold for all that is delivered, such as `No dependencies.`
const HOUSE_RULES: &str = "house_rules";

/// What a step gave in words.
#[derive(Clone, Debug, Default)]
pub(crate) struct Page {
    /// For people.
    pub(crate) text: String,
    /// For whoever writes the code.
    pub(crate) digest: String,
    /// In lists.
    pub(crate) told: Told,
}

/// A job under way.
pub(crate) struct Lead<'a, H> {
    pub(crate) host: &'a mut H,
    pub(crate) payload: Payload,
    pub(crate) order: Order,
    pub(crate) report: Report,
    /// An agent that was not there when its step came: the job ends as failed, so that it can be run again.
    pub(crate) away: Option<String>,
    /// What the job might spend when it began, in nano-dollars.
    had: u64,
    /// How far the bar is.
    far: f64,
}

impl<'a, H: Host> Lead<'a, H> {
    pub(crate) fn new(host: &'a mut H, payload: Payload) -> Self {
        let rules = host.setting(HOUSE_RULES).filter(|rules| !rules.trim().is_empty());
        let rules = rules.map(|rules| format!("Rules of this house:\n{}", rules.trim()));
        let constraints: Vec<String> = payload.constraints.clone().into_iter().chain(rules).collect();
        let left = host.allowance();
        let order = Order {
            brief: payload.brief.clone(),
            language: payload.language.clone(),
            constraints: Some(constraints.join("\n\n")).filter(|text| !text.is_empty()),
            files: Vec::new(),
            room: tasks::room(left.max_input_tokens),
        };
        let had = left.job_nanodollars;
        let mut lead = Self { host, payload, order, report: Report::default(), away: None, had, far: 0.0 };
        lead.order.files = lead.inputs();
        lead
    }

    /// The texts among the files that the job came with.
    fn inputs(&mut self) -> Vec<TextFile> {
        let mut files = Vec::new();
        for file in self.host.inputs() {
            let read = self.host.input(&file.name);
            match read.as_deref().map(text::of_bytes) {
                Ok(Some(content)) => files.push(TextFile { path: file.name, content: content.to_owned() }),
                Ok(None) => self.lacks(&format!("{} was not read: it is no text", file.name)),
                Err(why) => self.lacks(&format!("{} was not read: {why}", file.name)),
            }
        }
        files
    }

    /// Has a step done. What its payload has no room for and what it says is missing is reported here; so is why it
    /// is not done. A step on which the rest stands and whose share did not reach has all that is left, once.
    pub(crate) fn step(&mut self, step: Step, errand: &Errand) -> Result<Done, Refusal> {
        self.progress(step.fraction(), &format!("{step}: {} is at work", step.agent()));
        for what in &errand.left_out {
            self.lacks(&format!("{step}: {} was not told all: {what}", step.agent()));
        }
        let cap = share(self.host.allowance().job_nanodollars, step);
        let first = self.have_done(step, &errand.payload, cap);
        let short = match &first {
            Ok((_, told)) => told.ran_short,
            Err(refusal) => refusal.is_for_money(),
        };
        let again = if short && step.carries_the_rest() { self.once_more(step, errand, cap) } else { None };
        // What was done in part is better than nothing.
        let outcome = match (first, again) {
            (first, None) | (first @ Ok(_), Some(Err(_))) => first,
            (_, Some(again)) => again,
        };
        match outcome {
            Ok((done, told)) => {
                self.says_missing(step, &told);
                Ok(done)
            }
            Err(refusal) => {
                self.lacks(&format!("{step}: {}", refusal.why));
                if refusal.is_away() {
                    let so_far = "what was done is kept, and the job goes on from there when it is run again";
                    self.away = Some(format!("{step}: {}; {so_far}", refusal.why));
                }
                Err(refusal)
            }
        }
    }

    /// The step once more with all the money that is left, where that is more than it could have before.
    fn once_more(&mut self, step: Step, errand: &Errand, cap: u64) -> Option<Result<(Done, Told), Refusal>> {
        let left = self.host.allowance().job_nanodollars;
        if left <= cap {
            return None;
        }
        let what = format!("{step}: {} did not reach; once more with all that is left", money::shown(cap));
        self.host.log(Level::Warn, &what);
        Some(self.have_done(step, &errand.payload, left))
    }

    /// What a step that was done says is not there.
    fn says_missing(&mut self, step: Step, told: &Told) {
        for what in &told.missing {
            self.lacks(&format!("{step}: {what}"));
        }
        if told.incomplete && told.missing.is_empty() {
            self.lacks(&format!("{step}: {} says that it is not complete", step.agent()));
        }
    }

    /// What the job spent by now where that may be more than its steps said when they ended, as the host counts it.
    pub(crate) fn settle(&mut self) {
        if self.report.is_unsettled() {
            let left = self.host.allowance().job_nanodollars;
            self.report.settle(self.had.saturating_sub(left));
        }
    }

    fn have_done(&mut self, step: Step, payload: &Value, cap: u64) -> Result<(Done, Told), Refusal> {
        if cap == 0 {
            let why = "no money is left".to_owned();
            self.report.step(step, StepState::Failed, None, 0, &why);
            return Err(Refusal { kind: "over-budget".to_owned(), why, job: None, cost: 0 });
        }
        let task = Task {
            agent: step.agent().to_owned(),
            action: step.action().to_owned(),
            payload: payload.to_string(),
            max_cost_nanodollars: Some(cap),
            extras: Vec::new(),
        };
        match self.host.have_done(&task) {
            Ok(done) => {
                let told = Told::read(&done.result);
                let note = if told.incomplete || !told.missing.is_empty() { "not complete" } else { "" };
                self.report.step(
                    step,
                    StepState::Done,
                    Some(done.job_id.clone()),
                    done.cost_nanodollars,
                    note,
                );
                let files = done.artifacts.len();
                self.host.log(Level::Info, &format!("{step}: done by job {}, {files} files", done.job_id));
                Ok((done, told))
            }
            Err(failed) => {
                let refusal = Refusal::of(&failed);
                self.report.step(step, StepState::Failed, refusal.job.clone(), refusal.cost, &refusal.why);
                Err(refusal)
            }
        }
    }

    /// The page of a step: the file for people, else the result itself.
    pub(crate) fn page(&mut self, step: Step, done: &Done, digest: fn(&Value) -> Option<String>) -> Page {
        let result: Value = serde_json::from_str(&done.result).unwrap_or_default();
        let text = self.files(step, done).pop().map(|file| file.content).unwrap_or_else(|| {
            let shown = serde_json::to_string_pretty(&result).unwrap_or_default();
            self.host.log(Level::Warn, &format!("{step}: there is no page of it; its result is taken"));
            let page = format!("# {step}\n\n{}", text::block(&shown));
            let path = format!("{step}.md");
            self.deliver_file(&path, "text/markdown", page.as_bytes(), step);
            page
        });
        let digest = digest(&result).unwrap_or_else(|| text.clone());
        Page { digest, told: Told::read(&done.result), text }
    }

    /// Takes the files of a task over into the folder. What of them is text, for the next agents.
    pub(crate) fn files(&mut self, step: Step, done: &Done) -> Vec<TextFile> {
        let mut texts = Vec::new();
        for file in &done.artifacts {
            let Some(path) = folder::place(step, &file.name) else { continue };
            let bytes = match self.host.file_of(&done.job_id, &file.name) {
                Ok(bytes) => bytes,
                Err(why) => {
                    self.lacks(&format!("{path}: {why}"));
                    continue;
                }
            };
            if !self.deliver_file(&path, &file.media_type, &bytes, step) {
                continue;
            }
            if let Some(content) = text::of_bytes(&bytes) {
                texts.push(TextFile { path, content: content.to_owned() });
            } else {
                self.host.log(Level::Info, &format!("{path} is no text, and is told nobody"));
            }
        }
        texts
    }

    /// Puts a file of a step into the folder; whether it is there.
    fn deliver_file(&mut self, path: &str, media_type: &str, bytes: &[u8], step: Step) -> bool {
        // A design that was amended takes the place of the one before; other files have their own.
        let taken = self.report.files.iter().any(|file| file.path == path);
        if taken && step > Step::Design {
            self.lacks(&format!("{path}: two files have this name, and the first is kept"));
            return false;
        }
        match self.put(path, media_type, bytes, step.agent()) {
            Ok(()) => true,
            Err(why) => {
                self.lacks(&format!("{path}: {why}"));
                false
            }
        }
    }

    /// Tells how far it is. A design that is made again is no way back.
    pub(crate) fn progress(&mut self, fraction: f64, line: &str) {
        self.far = self.far.max(fraction);
        self.host.progress(self.far, line);
    }

    pub(crate) fn put(
        &mut self,
        path: &str,
        media_type: &str,
        bytes: &[u8],
        from: &'static str,
    ) -> Result<(), String> {
        self.host.hand_over(path, media_type, bytes)?;
        self.report.files.retain(|file| file.path != path);
        self.report.files.push(FileEntry { path: path.to_owned(), from, bytes: bytes.len() });
        Ok(())
    }

    pub(crate) fn skip(&mut self, steps: &[Step], why: &str) {
        for step in steps {
            self.report.step(*step, StepState::Skipped, None, 0, why);
        }
        let names: Vec<&str> = steps.iter().map(|step| step.name()).collect();
        self.lacks(&format!("{}: {why}", names.join(", ")));
    }

    /// Something is not there.
    pub(crate) fn lacks(&mut self, sentence: &str) {
        self.host.log(Level::Warn, &text::line(sentence, 1_000));
        self.report.missing(sentence);
    }
}
