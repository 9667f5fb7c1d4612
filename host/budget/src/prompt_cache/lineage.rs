//! What an agent's prompt was before this one: by it a changed prompt is told from a new one.

use crate::prompt_cache::outline::{Digest, Outline, Place};
use anvil_types::{JobId, Timestamp};
use std::collections::HashMap;

/// So many agents' latest prompts are remembered, each with some 32 KiB of its system's text …
const AGENTS: usize = 128;
/// … and so many jobs' latest conversations.
const JOBS: usize = 512;

/// Whose prompt it is.
#[derive(Clone, Copy, Debug)]
pub struct Whose<'a> {
    /// The agent, or what stands in its place.
    pub who: &'a str,
    /// The job whose conversation it is, where one asks.
    pub job: Option<JobId>,
}

/// The latest prompts.
#[derive(Debug, Default)]
pub(super) struct Lineages {
    agents: HashMap<String, Latest>,
    jobs: HashMap<JobId, Turns>,
}

#[derive(Debug)]
struct Latest {
    at: Timestamp,
    tools: Digest,
    system: Box<str>,
}

/// The turns of a job's latest prompt, each with what stood before it.
#[derive(Debug)]
struct Turns {
    at: Timestamp,
    digests: Vec<Digest>,
}

/// How a prompt differs from the one before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Difference {
    /// In its tools.
    Tools,
    /// From this byte of it on.
    From(u64),
}

impl Lineages {
    /// Keeps the latest prompt.
    pub(super) fn keep(&mut self, whose: Whose<'_>, outline: &Outline, now: Timestamp) {
        let system = outline.system.clone();
        room(&mut self.agents, AGENTS, whose.who, |latest| latest.at);
        self.agents.insert(whose.who.to_owned(), Latest { at: now, tools: outline.tools.0, system });
        if let Some(job) = whose.job {
            room(&mut self.jobs, JOBS, &job, |turns| turns.at);
            let digests = outline.turns().map(|turn| turn.digest).collect();
            self.jobs.insert(job, Turns { at: now, digests });
        }
    }

    /// How a prompt up to a place differs from the latest of its agent, or of its job where tools and system are the same;
    /// none where there was none, or it only goes on.
    pub(super) fn difference(&self, whose: Whose<'_>, outline: &Outline, to: Place) -> Option<Difference> {
        let latest = self.agents.get(whose.who)?;
        if latest.tools != outline.tools.0 {
            return Some(Difference::Tools);
        }
        if latest.system != outline.system {
            let same =
                latest.system.bytes().zip(outline.system.bytes()).take_while(|(one, other)| one == other);
            return Some(Difference::From(outline.tools.1.saturating_add(same.count() as u64)));
        }
        if to == Place::Stem {
            return None;
        }
        let turns = self.jobs.get(&whose.job?)?;
        let mut before = outline.stem().map_or(outline.tools.1, |stem| stem.bytes);
        for (turn, earlier) in outline.turns().zip(&turns.digests) {
            if turn.digest != *earlier {
                return Some(Difference::From(before));
            }
            before = turn.bytes;
        }
        None
    }
}

/// Makes room for one more, by the oldest.
fn room<K, Q, V>(kept: &mut HashMap<K, V>, most: usize, next: &Q, at: impl Fn(&V) -> Timestamp)
where
    K: std::hash::Hash + Eq + Clone + std::borrow::Borrow<Q>,
    Q: std::hash::Hash + Eq + ?Sized,
{
    if kept.len() < most || kept.contains_key(next) {
        return;
    }
    let oldest = kept.iter().min_by_key(|(_, value)| at(value)).map(|(key, _)| key.clone());
    oldest.and_then(|key| kept.remove(key.borrow()));
}
