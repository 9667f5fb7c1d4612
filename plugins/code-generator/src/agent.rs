//! The flow: plan, write, go on where the answer was cut, have mended what cannot be used, hand over.
//!
//! The agent keeps nothing but what its calls answered, and decides by nothing else. So when the host
//! runs it again from its journal, it asks the same questions and gets to the same place.

use crate::answer::Answer;
use crate::description::GENERATE;
use crate::failure::{self, failure};
use crate::files::{self, Harvest, Skipped};
use crate::host::Host;
use crate::payload::Payload;
use crate::plan::Plan;
use crate::prompt::{self, Room};
use crate::report::{Entry, Report, Spent, count};
use crate::wit::anvil::agent::claude::{ContentBlock, Message, Request};
use crate::wit::anvil::agent::job::Level;
use crate::wit::exports::anvil::agent::agent_api::{Failure, Job, Outcome};

/// How often a cut answer is continued.
pub const CONTINUATIONS: u32 = 6;

/// The owner's setting with rules that hold for all code, such as `Indent with tabs.`
const HOUSE_RULES: &str = "house_rules";

/// Does a job.
pub fn run(host: &mut impl Host, job: &Job) -> Result<Outcome, Failure> {
    if job.action != GENERATE {
        let message = format!("there is no action `{}`; there is `{GENERATE}`", job.action);
        return Err(failure("invalid-input", message));
    }
    let payload = Payload::read(&job.payload).map_err(|message| failure("invalid-input", message))?;
    let house_rules = host.setting(HOUSE_RULES);
    let mut work = Work { host, payload, house_rules, spent: Spent::default() };
    let plan = work.plan()?;
    let task = prompt::task_turns(&work.payload, &plan);
    let (answer, gap) = work.write(&plan, &task)?;
    let (harvest, gap) = work.mend(&task, &answer, gap)?;
    let report = work.deliver(plan, harvest, gap)?;
    let result = serde_json::to_string(&report).expect("a report is strings and finite numbers");
    Ok(Outcome { result, extras: Vec::new() })
}

/// Why an answer that was cut was not continued.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Gap {
    /// The job's money or calls do not reach.
    Spent(String),
    /// It was continued as often as it may be, or there is nothing to continue.
    Unfinished(String),
}

impl Gap {
    /// What a failed continuation leaves: a job without any complete file fails with it, any other
    /// keeps what it has.
    fn of(failure: Failure, answer: &Answer) -> Result<Self, Failure> {
        if failure.kind == "over-budget" {
            Ok(Self::Spent(failure.message))
        } else if files::harvest(answer.texts()).files.is_empty() {
            Err(failure)
        } else {
            Ok(Self::Unfinished(format!("asking for the rest failed: {}", failure.message)))
        }
    }
}

/// How a reply's length stands to its limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Limit {
    /// The reply ended by itself.
    Kept,
    /// It was ended: by the limit on its length, or by whatever else is no end of Claude's own.
    Reached,
}

/// What to do after a part of the answer.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Next {
    /// The answer is as whole as it gets.
    Done,
    /// It is not whole, and stays so.
    Stop(Gap),
    /// Ask for the rest; a call has this much room.
    GoOn(Room),
}

/// A job under way.
struct Work<'a, H> {
    host: &'a mut H,
    payload: Payload,
    house_rules: Option<String>,
    spent: Spent,
}

impl<H: Host> Work<'_, H> {
    fn plan(&mut self) -> Result<Plan, Failure> {
        self.host.progress(0.05, "Planning");
        let room = self.room();
        let request = prompt::plan(&self.payload, self.house_rules.as_deref(), room);
        let (text, limit) = self.ask(&request)?;
        if limit == Limit::Reached {
            self.host.log(Level::Warn, "the plan is cut off; going on with what there is of it");
        }
        let plan = Plan::read(&text);
        if plan.steps.is_empty() {
            self.host.log(Level::Warn, "the plan has no numbered steps; going on without one");
        } else {
            self.host.log(Level::Info, &format!("the plan has {}", count(plan.steps.len(), "step")));
        }
        Ok(plan)
    }

    fn write(&mut self, plan: &Plan, task: &[Message]) -> Result<(Answer, Option<Gap>), Failure> {
        self.host.progress(0.2, "Writing");
        let planned: Vec<String> = plan.files().collect();
        self.answer(task, &planned)
    }

    /// Asks for code until the answer is whole, or nothing more can be done. `wanted`: the names of its files, as far as
    /// they are known.
    fn answer(&mut self, turns: &[Message], wanted: &[String]) -> Result<(Answer, Option<Gap>), Failure> {
        let mut answer = Answer::default();
        let room = self.room();
        let mut request = prompt::code(turns, self.house_rules.as_deref(), room);
        let mut part = 0;
        loop {
            part += 1;
            let (text, limit) = match self.ask(&request) {
                Ok(said) => said,
                Err(failure) if part > 1 => {
                    let gap = Gap::of(failure, &answer)?;
                    return Ok((answer, Some(gap)));
                }
                Err(failure) => return Err(failure),
            };
            answer.add(&text);
            match self.judge(&answer, wanted, limit, part) {
                Next::Done => return Ok((answer, None)),
                Next::Stop(gap) => return Ok((answer, Some(gap))),
                Next::GoOn(room) => {
                    self.host.progress(f64::from(2 + part) / 10.0, "Writing on where the answer was cut");
                    request = prompt::go_on(turns, &answer, self.house_rules.as_deref(), room);
                }
            }
        }
    }

    /// What can be used of an answer. Where something of a whole one cannot, Claude is told what and why, once, and
    /// what it gives in its place is taken.
    fn mend(
        &mut self,
        task: &[Message],
        answer: &Answer,
        gap: Option<Gap>,
    ) -> Result<(Harvest, Option<Gap>), Failure> {
        let harvest = files::harvest(answer.texts());
        let faults = harvest.faults();
        if faults.is_empty() || gap.is_some() {
            return Ok((harvest.sound(), gap));
        }
        let list: Vec<String> =
            faults.iter().map(|Skipped { name, reason }| format!("{name}: {reason}")).collect();
        self.host.log(Level::Warn, &format!("repair: {}", list.join("; ")));
        let had = harvest.clone().sound();
        let room = match self.room_to_go_on() {
            Ok(room) => room,
            Err(reason) => return Ok((had, Some(Gap::Spent(reason)))),
        };
        self.host.progress(0.85, "Asking once more for what cannot be used");
        let turns = prompt::mend_turns(task, answer, &faults, room);
        let wanted: Vec<String> = faults.iter().map(|fault| fault.name.clone()).collect();
        match self.answer(&turns, &wanted) {
            Ok((mended, gap)) => Ok((harvest.mended(&faults, files::harvest(mended.texts())).sound(), gap)),
            Err(failure) if had.files.is_empty() => Err(failure),
            Err(failure) if failure.kind == "over-budget" => Ok((had, Some(Gap::Spent(failure.message)))),
            Err(failure) => {
                let reason = format!("asking once more failed: {}", failure.message);
                Ok((had, Some(Gap::Unfinished(reason))))
            }
        }
    }

    /// What follows the answer's latest part.
    fn judge(&mut self, answer: &Answer, wanted: &[String], limit: Limit, part: u32) -> Next {
        let limited = limit == Limit::Reached;
        if !answer.is_open() && (!limited || has_all(answer, wanted)) {
            return Next::Done;
        }
        // Where no limit cut it, asking on once is worth its price, and more often is not.
        if !limited && part > 1 {
            return Next::Done;
        }
        if answer.is_blank() || part > CONTINUATIONS {
            return Next::Stop(Gap::Unfinished(format!("it was cut {}", count(part as usize, "time"))));
        }
        match self.room_to_go_on() {
            Err(reason) => Next::Stop(Gap::Spent(reason)),
            Ok(room) => {
                self.host.log(Level::Info, &format!("part {part} is cut off; asking for the rest"));
                Next::GoOn(room)
            }
        }
    }

    /// Hands over what is complete.
    fn deliver(&mut self, plan: Plan, harvest: Harvest, gap: Option<Gap>) -> Result<Report, Failure> {
        self.host.progress(0.9, "Handing over");
        if let Some(Gap::Spent(reason) | Gap::Unfinished(reason)) = &gap {
            self.host.log(Level::Warn, &format!("the answer is not whole: {reason}"));
        }
        let Harvest { mut files, mut skipped, ignored } = harvest;
        if gap.is_some() {
            let unwritten = plan.files().filter(|name| {
                files.iter().all(|file| file.name != *name)
                    && skipped.iter().all(|skipped| skipped.name != *name)
            });
            let unwritten: Vec<Skipped> =
                unwritten.map(|name| Skipped::new(&name, "it was planned, and is not written")).collect();
            skipped.extend(unwritten);
        }
        if ignored > 0 {
            let blocks = count(ignored, "unnamed block");
            self.host.log(Level::Debug, &format!("{blocks} taken for commands or examples"));
        }
        let most = self.payload.files_max.unwrap_or(usize::MAX).min(files.len());
        for file in files.drain(most..) {
            skipped.push(Skipped::new(&file.name, "more files than `files_max` allows"));
        }
        let mut given = Vec::new();
        for file in &files {
            let entry = Entry::of(file);
            match self.host.hand_over(&entry.name, entry.media_type, file.content.as_bytes()) {
                Ok(()) => {
                    self.host.log(Level::Info, &format!("{}: {}", entry.name, count(entry.bytes, "byte")));
                    given.push(entry);
                }
                Err(reason) => skipped.push(Skipped::new(&entry.name, reason)),
            }
        }
        for Skipped { name, reason } in &skipped {
            self.host.log(Level::Warn, &format!("{name} is left out: {reason}"));
        }
        if given.is_empty() {
            return Err(nothing(&skipped, gap));
        }
        let report = Report::new(plan, given, skipped, self.spent);
        self.host.progress(1.0, &report.summary);
        Ok(report)
    }

    /// Asks Claude: the text of the reply, and whether it was cut. The API gains reasons for an end: each but those that
    /// are known for Claude's own is a cut.
    fn ask(&mut self, request: &Request) -> Result<(String, Limit), Failure> {
        let reply = self.host.ask(request).map_err(|error| failure::of_call(&error))?;
        self.spent.count(reply.cost_nanodollars);
        let limit = match reply.stop_reason.as_str() {
            "refusal" => return Err(failure("final", "Claude declined to do this")),
            "end_turn" | "stop_sequence" => Limit::Kept,
            _ => Limit::Reached,
        };
        let texts = reply.content.iter().filter_map(|block| match block {
            ContentBlock::Text(text) => Some(text.as_str()),
            _ => None,
        });
        Ok((texts.collect(), limit))
    }

    fn room(&mut self) -> Room {
        let left = self.host.allowance();
        Room { input: left.max_input_tokens, output: left.max_output_tokens }
    }

    /// The room of a further call, when the job can pay for one. A window that is full is no reason
    /// to stop: the host waits, and has the job wait with it.
    fn room_to_go_on(&mut self) -> Result<Room, String> {
        let left = self.host.allowance();
        if left.calls == 0 {
            return Err("the job's calls are spent".to_owned());
        }
        if left.job_nanodollars < self.spent.dearest.saturating_mul(2) {
            return Err("the job's money may not reach for another part".to_owned());
        }
        Ok(Room { input: left.max_input_tokens, output: left.max_output_tokens })
    }
}

/// Whether an answer has every file that is wanted, where that is known.
fn has_all(answer: &Answer, wanted: &[String]) -> bool {
    let files = files::harvest(answer.texts()).files;
    !wanted.is_empty() && wanted.iter().all(|name| files.iter().any(|file| file.name == *name))
}

/// The failure of a job without a file.
fn nothing(skipped: &[Skipped], gap: Option<Gap>) -> Failure {
    let details: Vec<String> =
        skipped.iter().map(|s| format!("; {}: {}", s.name, s.reason)).take(5).collect();
    let details = details.concat();
    match gap {
        Some(Gap::Spent(reason)) => {
            failure("over-budget", format!("no file was complete before the budget ended: {reason}{details}"))
        }
        Some(Gap::Unfinished(reason)) => failure(
            "final",
            format!(
                "the answer holds no complete file: {reason}; more output tokens a call may help{details}"
            ),
        ),
        None => failure(
            "bad-reply",
            format!(
                "the answer holds no file that can be used, and neither does the one that was asked for in its place{details}"
            ),
        ),
    }
}
