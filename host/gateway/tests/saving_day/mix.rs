//! The day's jobs, by a seed: when each comes and what it asks.

use crate::kinds::{Comes, KINDS, Kind, Work};
use crate::texts::prose;
use crate::transcripts::{Transcript, Who, held_out};
use anvil_types::{ContentBlock, Message, Request, Role, Tool};
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use std::time::Duration;

const SEED: u64 = 14;
/// Jobs of a whole day. A day of fewer is shorter, so that they come as close upon one another.
pub(crate) const WHOLE: usize = 2_000;
/// Bytes of a conversation with a tool, at most: with the rest of its prompt it has to stay below the preset's 8,000 tokens.
const LONGEST_TALK: usize = 14_000;
/// So many transcripts that do not fit any more end a conversation.
const MISFITS: usize = 2;
/// What tools give, by the kinds of the transcripts, in equal parts.
const TOOL_TEXTS: [&str; 4] = ["json", "logs", "repeated", "code"];

/// The turns of a conversation.
type Talk = Vec<Message>;

/// One job of the day.
pub(crate) struct DayJob {
    pub(crate) kind: &'static Kind,
    /// Its number among those of its kind.
    pub(crate) number: usize,
    /// When it comes, from the day's beginning on.
    pub(crate) comes: Duration,
    system: String,
    turns: Vec<Message>,
    /// How many turns each of its calls asks with.
    asks: Vec<usize>,
    /// What passes between an answer and the next call.
    pub(crate) thinks: Duration,
}

/// How long a day of so many jobs is.
pub(crate) fn length(jobs: usize) -> Duration {
    Duration::from_hours(24).mul_f64(share_of_day(jobs))
}

#[expect(clippy::cast_precision_loss, reason = "some thousands")]
fn share_of_day(jobs: usize) -> f64 {
    jobs as f64 / WHOLE as f64
}

/// The jobs of the day, by the time at which they come.
pub(crate) fn day(jobs: usize) -> Vec<DayJob> {
    let mut random = StdRng::seed_from_u64(SEED);
    let talks = TOOL_TEXTS.map(talks);
    let mut all = Vec::new();
    for kind in &KINDS {
        let system =
            format!("You are the {} of an office.\n\n{}", kind.name, prose(&mut random, kind.system));
        let count = jobs * kind.percent / 100;
        let mut times: Vec<f64> = (0..count).map(|number| hour(kind, number, count, &mut random)).collect();
        times.sort_by(f64::total_cmp);
        let mut asked: Vec<Vec<Message>> = Vec::new();
        for (number, hour) in times.into_iter().enumerate() {
            let words = kind.answers[random.random_range(0..kind.answers.len())];
            let turns = match kind.work {
                Work::Question(said) | Work::Document(said) => {
                    vec![new(&mut random, kind, number, said, words)]
                }
                Work::AskedAgain(said) => {
                    let again = asked.len().checked_sub(1).filter(|_| random.random_bool(0.5));
                    match again {
                        Some(last) => asked[random.random_range(0..=last)].clone(),
                        None => {
                            asked.push(vec![new(&mut random, kind, number, said, words)]);
                            asked[asked.len() - 1].clone()
                        }
                    }
                }
                Work::Tool => {
                    let mut turns = talk(&mut random, &talks);
                    let case = format!("Case {number}. Answer in about {words} words each time.");
                    turns[0].content.insert(0, ContentBlock::Text { text: case });
                    turns
                }
            };
            all.push(DayJob {
                kind,
                number,
                comes: Duration::from_secs_f64(hour * 3_600.0 * share_of_day(jobs)),
                system: system.clone(),
                asks: asks(&turns),
                turns,
                thinks: Duration::from_millis(random.random_range(5_000..20_000)),
            });
        }
    }
    all.sort_by_key(|job| job.comes);
    all
}

// At which hour of a whole day a job of a kind comes.
fn hour(kind: &Kind, number: usize, count: usize, random: &mut StdRng) -> f64 {
    match kind.comes {
        Comes::Between(from, to) => random.random_range(from..to),
        Comes::At(hours) => hours[number * hours.len() / count],
    }
}

fn new(random: &mut StdRng, kind: &Kind, number: usize, said: usize, words: usize) -> Message {
    let said = prose(random, said);
    let text = format!("{} {number}. {said}\n\nAnswer in about {words} words.", kind.name);
    Message { role: Role::User, content: vec![ContentBlock::Text { text }] }
}

// A transcript's turns; what a tool gave answers what was asked of it.
fn conversation(transcript: &Transcript) -> Talk {
    let mut turns: Vec<Message> = Vec::new();
    for (at, said) in transcript.said.iter().enumerate() {
        let text = ContentBlock::Text { text: said.text.clone() };
        let (role, block) = match (said.who, turns.last_mut()) {
            (Who::Assistant, _) => (Role::Assistant, text),
            (Who::Result, Some(last)) if last.role == Role::Assistant => {
                let id = format!("tool-{at}");
                let used = ContentBlock::ToolUse { id: id.clone(), name: "read".into(), input: "{}".into() };
                last.content.push(used);
                let content = said.text.clone();
                (Role::User, ContentBlock::ToolResult { tool_use_id: id, content, is_error: false })
            }
            _ => (Role::User, text),
        };
        match turns.last_mut().filter(|last| last.role == role) {
            Some(last) => last.content.push(block),
            None => turns.push(Message { role, content: vec![block] }),
        }
    }
    turns
}

// The transcripts of a kind that fit into a conversation.
fn talks(kind: &str) -> Vec<Talk> {
    let all = held_out();
    let of_kind = all.iter().filter(|transcript| transcript.kind == kind);
    of_kind.map(conversation).filter(|talk| bytes(talk) <= LONGEST_TALK).collect()
}

// Transcripts one after another, as long as they fit.
fn talk(random: &mut StdRng, talks: &[Vec<Talk>]) -> Talk {
    let mut turns: Vec<Message> = Vec::new();
    let mut misfits = 0;
    while misfits < MISFITS {
        let of_kind = &talks[random.random_range(0..talks.len())];
        let next = &of_kind[random.random_range(0..of_kind.len())];
        if bytes(&turns) + bytes(next) > LONGEST_TALK {
            misfits += 1;
            continue;
        }
        if !turns.is_empty() {
            let text = prose(random, 25);
            turns.push(Message { role: Role::Assistant, content: vec![ContentBlock::Text { text }] });
        }
        let ids = format!("{}-", turns.len());
        turns.extend(next.iter().cloned().map(|turn| with_ids(turn, &ids)));
    }
    turns
}

// Of two transcripts in one conversation each has ids of its own.
fn with_ids(mut turn: Message, before: &str) -> Message {
    for block in &mut turn.content {
        match block {
            ContentBlock::ToolUse { id, .. } | ContentBlock::ToolResult { tool_use_id: id, .. } => {
                id.insert_str(0, before);
            }
            _ => {}
        }
    }
    turn
}

fn bytes(turns: &[Message]) -> usize {
    let of = |block: &ContentBlock| match block {
        ContentBlock::Text { text } => text.len(),
        ContentBlock::ToolResult { content, .. } => content.len(),
        _ => 0,
    };
    turns.iter().flat_map(|turn| &turn.content).map(of).sum()
}

// Each turn of the user's is asked with, together with all before it.
fn asks(turns: &[Message]) -> Vec<usize> {
    (1..=turns.len()).filter(|upto| turns[upto - 1].role == Role::User).collect()
}

impl DayJob {
    /// How many calls it makes.
    pub(crate) fn calls(&self) -> usize {
        self.asks.len()
    }

    /// What it asks with its call of this number.
    pub(crate) fn request(&self, call: usize) -> Request {
        let tool = Tool {
            name: "read".into(),
            description: "Reads what is there under a name.".into(),
            input_schema: r#"{"type": "object"}"#.into(),
        };
        let is_tool = matches!(self.kind.work, Work::Tool);
        Request {
            system: Some(self.system.clone()),
            messages: self.turns[..self.asks[call]].to_vec(),
            tools: if is_tool { vec![tool] } else { Vec::new() },
            effort: None,
            max_output_tokens: None,
            stop_sequences: Vec::new(),
            cacheable: matches!(self.kind.work, Work::AskedAgain(_)),
            options: Vec::new(),
        }
    }
}
