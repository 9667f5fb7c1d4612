//! The way: requirements, design, a person's word, code, tests, documentation.
//!
//! The agent keeps nothing but what it was answered, and decides by nothing else. So when the host runs it again from
//! its journal, after every wait for a task or a person, it comes to the same place.

use crate::approval::{self, Matter, Word};
use crate::delivery;
use crate::description::DELIVER;
use crate::digest;
use crate::failure::{Refusal, failure};
use crate::folder::{self, TextFile};
use crate::host::Host;
use crate::lead::{Lead, Page};
use crate::payload::{ApprovalMode, Payload};
use crate::report::Report;
use crate::steps::Step;
use crate::tasks;
use crate::text;
use crate::told::Told;
use crate::wit::anvil::agent::job::Level;
use crate::wit::exports::anvil::agent::agent_api::{Failure, Job, Outcome};

/// Does a job.
pub fn run(host: &mut impl Host, job: &Job) -> Result<Outcome, Failure> {
    if job.action != DELIVER {
        let message = format!("there is no action `{}`; there is `{DELIVER}`", job.action);
        return Err(failure("invalid-input", message));
    }
    let payload = Payload::read(&job.payload).map_err(|message| failure("invalid-input", message))?;
    let mut lead = Lead::new(host, payload);
    let requirements = lead.requirements()?;
    let way = lead.agree(&requirements);
    let tests = match &way {
        Way::Build(design) => lead.build(&requirements, design),
        Way::Leave { why, .. } => lead.leave(why),
    };
    let away = lead.away.take();
    let report = lead.deliver(
        &requirements.told,
        &tests,
        matches!(way, Way::Leave { stopped: true, .. }),
        away.is_some(),
    );
    if let Some(why) = away {
        return Err(failure("internal", why));
    }
    let result = serde_json::to_string(&report).expect("a report is strings and finite numbers");
    Ok(Outcome { result, extras: Vec::new() })
}

/// Where it goes after the design.
#[derive(Debug)]
enum Way {
    /// This is to be built.
    Build(Page),
    /// Nothing is to be built.
    Leave { why: String, stopped: bool },
}

impl<H: Host> Lead<'_, H> {
    /// What is wanted, made exact. Without it there is nothing to deliver.
    fn requirements(&mut self) -> Result<Page, Failure> {
        let errand = tasks::requirements(&self.order);
        match self.step(Step::Requirements, &errand) {
            Ok(done) => Ok(self.page(Step::Requirements, &done, digest::requirements)),
            Err(refusal) => Err(refusal.of_all(Step::Requirements.agent())),
        }
    }

    /// Designs until a person has nothing more to change.
    fn agree(&mut self, requirements: &Page) -> Way {
        let leave = |why: String| Way::Leave { why, stopped: false };
        let mut design = match self.design(requirements, None) {
            Ok(design) => design,
            Err(refusal) => return leave(format!("there is no design: {}", refusal.why)),
        };
        if self.payload.approval == ApprovalMode::Skip {
            return Way::Build(design);
        }
        let mut unclear: Option<String> = None;
        loop {
            let (word, who) = match self.ask(requirements, &design, unclear.take().as_deref()) {
                Ok(answered) => answered,
                Err(why) => return leave(why),
            };
            match word {
                Word::Unclear(why) => unclear = Some(why),
                Word::Approved => {
                    self.report.approved_by = Some(who);
                    return Way::Build(design);
                }
                Word::Stopped => {
                    return Way::Leave { why: format!("{who} stopped it at the design"), stopped: true };
                }
                Word::Amended(wish) => {
                    self.report.amendments.push(wish);
                    design = match self.design(requirements, Some(&design)) {
                        Ok(design) => design,
                        Err(refusal) => {
                            return leave(format!(
                                "the design is not amended as {who} asked: {}",
                                refusal.why
                            ));
                        }
                    };
                }
            }
        }
    }

    /// A design, or one that is changed as people want it.
    fn design(&mut self, requirements: &Page, so_far: Option<&Page>) -> Result<Page, Refusal> {
        let amendments = self.report.amendments.clone();
        let so_far = so_far.map(|page| (page.text.as_str(), amendments.as_slice()));
        let errand = tasks::design(&self.order, &requirements.text, so_far);
        let done = self.step(Step::Design, &errand)?;
        Ok(self.page(Step::Design, &done, digest::design))
    }

    /// Asks a person about a design: their word, and who they are.
    /// `unclear`: why the answer before cannot be used.
    fn ask(
        &mut self,
        requirements: &Page,
        design: &Page,
        unclear: Option<&str>,
    ) -> Result<(Word, String), String> {
        self.progress(0.3, "A person is asked about the design");
        let matter = Matter {
            payload: &self.payload,
            requirements: &requirements.told,
            design: &design.text,
            amendments: &self.report.amendments,
            spent: self.report.cost(),
            left: self.host.allowance().job_nanodollars,
            unclear,
        };
        let question = approval::question(&matter);
        let answer = self.host.ask(&question);
        let answer = answer.map_err(|error| {
            format!("nobody could be asked about the design: {}", text::line(&error.message, 500))
        })?;
        let word = approval::word(&answer);
        let last = self.report.amendments.len() >= approval::ROUNDS;
        if last && matches!(word, Word::Amended(_)) {
            return Err("the design was amended as often as it can be, and is not approved".to_owned());
        }
        let who = answer.who.unwrap_or_else(|| "nobody".to_owned());
        self.host.log(Level::Info, &format!("{who} answered about the design"));
        Ok((word, who))
    }

    /// Code, tests and documentation. What there is to tell of the tests.
    fn build(&mut self, requirements: &Page, design: &Page) -> Told {
        let amendments = self.report.amendments.clone();
        let errand = tasks::code(&self.order, &requirements.digest, &design.digest, &amendments);
        let code = match self.step(Step::Code, &errand) {
            Ok(done) => self.files(Step::Code, &done),
            Err(refusal) => {
                self.skip(&[Step::Tests, Step::Docs], &format!("there is no code: {}", refusal.why));
                return Told::default();
            }
        };
        let errand = tasks::tests(&self.order, &requirements.text, &code);
        let (told, tests) = if code.is_empty() {
            self.skip(&[Step::Tests], "no file of the code is a text");
            (Told::default(), Vec::new())
        } else {
            match self.step(Step::Tests, &errand) {
                Ok(done) => (Told::read(&done.result), self.files(Step::Tests, &done)),
                Err(_) => (Told::default(), Vec::new()),
            }
        };
        let files: Vec<TextFile> = code.into_iter().chain(tests).collect();
        let errand = tasks::docs(&self.order, &requirements.text, &design.text, &files);
        if self.away.is_some() {
            self.skip(&[Step::Docs], "the job ends at the tests");
        } else if let Ok(done) = self.step(Step::Docs, &errand) {
            self.files(Step::Docs, &done);
        }
        told
    }

    /// Nothing is built.
    fn leave(&mut self, why: &str) -> Told {
        self.skip(&[Step::Code, Step::Tests, Step::Docs], why);
        Told::default()
    }

    /// Hands over the page that explains the folder, and ends the report.
    /// `fails`: it is no end but for now, and nothing more is asked of the host, whose answers the next attempt gets.
    fn deliver(mut self, requirements: &Told, tests: &Told, stopped: bool, fails: bool) -> Report {
        if !fails {
            self.settle();
        }
        self.report.end(stopped);
        let page = delivery::page(&self.payload, &self.report, requirements, tests);
        if let Err(why) = self.put(folder::DELIVERY, "text/markdown", page.as_bytes(), env!("CARGO_PKG_NAME"))
        {
            self.lacks(&format!("{}: {why}", folder::DELIVERY));
            self.report.end(stopped);
        }
        self.progress(1.0, &format!("{} files in the folder", self.report.files.len()));
        self.report
    }
}
