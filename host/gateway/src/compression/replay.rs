//! What an agent's latest calls would have cost with compression and without it, with all that the prompt cache would have
//! done: by that it is switched off for an agent where it costs more than it saves.
//!
//! Each call is reckoned twice, each time with a prompt cache of its own, by the price row of the call and by how soon
//! the agent's prompts came again. What was sent is not what is compared: both are what the rules would have come to.

use crate::prompt_cache::outline::{Digest, Outline};
use anvil_budget::{CacheTtl, PriceRow, Reads, Reuse};
use anvil_types::{CompressionReplay, Nanodollars, Timestamp, Usage};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap, VecDeque};

/// So many calls of an agent decide.
pub(crate) const LATEST: usize = 200;
/// So many agents are known.
const AGENTS: usize = 128;
/// So many beginnings of an agent's prompts are kept in mind, each time.
const BEGINNINGS: usize = 512;

/// An agent's latest calls, replayed.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Replay {
    /// What each would have cost more without compression, in nano-dollars.
    more: VecDeque<i64>,
    #[serde(skip)]
    with: Kept,
    #[serde(skip)]
    without: Kept,
}

/// What a model's cache would have.
#[derive(Debug, Default)]
struct Kept(HashMap<(Digest, String), (Timestamp, CacheTtl)>);

/// A call that was answered.
pub(crate) struct Past<'a> {
    pub outline: &'a Outline,
    pub row: &'a PriceRow,
    /// What it used.
    pub usage: &'a Usage,
    /// What the rules removed, or would have: behind which turn, and how many tokens as the model counts.
    pub cuts: &'a [(usize, u64)],
    /// Whether it was sent so.
    pub was_sent: bool,
    pub at: Timestamp,
    /// How soon prompts came again: tools and system, and conversations.
    pub reuse: [Reuse; 2],
    /// How often the model had what it was to have.
    pub reads: Reads,
    /// Tokens of the shortest prefix that the model caches.
    pub minimum: u64,
    /// Whether prompts are marked at all.
    pub marked: bool,
}

/// A beginning, in one of the two ways of sending it.
struct Beginning {
    digest: Digest,
    tokens: u64,
}

impl Past<'_> {
    /// The beginnings by rising length, and the tokens of the whole.
    fn beginnings(&self, compressed: bool) -> Vec<Beginning> {
        let removed: u64 = self.cuts.iter().map(|(_, tokens)| tokens).sum();
        let told = self.usage.prompt_tokens();
        let plain = if self.was_sent { told + removed } else { told };
        let stem = self.outline.stem().map(|stem| (None, stem));
        let turns = self.outline.turns().enumerate().map(|(at, turn)| (Some(at), turn));
        let all = stem.into_iter().chain(turns);
        all.map(|(turn, beginning)| {
            let cut: u64 = self
                .cuts
                .iter()
                .filter(|(at, _)| compressed && turn.is_some_and(|turn| *at <= turn))
                .map(|(_, tokens)| tokens)
                .sum();
            let tokens = self.outline.tokens(beginning, plain).saturating_sub(cut);
            Beginning { digest: beginning.digest, tokens }
        })
        .collect()
    }
}

impl Kept {
    /// What a call costs; what it leaves in the cache is kept in mind.
    fn cost(&mut self, past: &Past<'_>, compressed: bool) -> Nanodollars {
        let all = past.beginnings(compressed);
        let Some(whole) = all.last() else { return Nanodollars::ZERO };
        let warm = |one: &Beginning| {
            let (until, ttl) = self.0.get(&(one.digest, past.row.model.clone()))?;
            (*until > past.at).then_some(*ttl)
        };
        let read = all.iter().rev().find_map(|one| Some((one, warm(one)?)));
        let keep = |one: &Beginning, of: usize, warm: Option<CacheTtl>| {
            let long_enough = past.marked && one.tokens >= past.minimum;
            long_enough
                .then(|| warm.or_else(|| past.reuse[of].keep(past.row, whole.tokens, past.reads)))
                .flatten()
        };
        let stem = all.first().filter(|_| past.outline.stem().is_some());
        let of_turns = read.filter(|(one, _)| stem.is_none_or(|stem| stem.digest != one.digest));
        let marks = [
            keep(whole, 1, of_turns.map(|(_, ttl)| ttl)).map(|ttl| (whole, ttl)),
            stem.and_then(|stem| Some((stem, keep(stem, 0, warm(stem))?))),
        ];
        let read_tokens = read.map_or(0, |(one, _)| one.tokens);
        let mut usage = Usage { cache_read_tokens: read_tokens, ..past.usage.without_cache() };
        if let Some((one, ttl)) = marks.iter().flatten().next() {
            let written = one.tokens.saturating_sub(read_tokens);
            match ttl {
                CacheTtl::FiveMinutes => usage.cache_write_5m_tokens = written,
                CacheTtl::Hour => usage.cache_write_1h_tokens = written,
            }
        }
        usage.input_tokens = whole.tokens.saturating_sub(usage.cached_tokens());
        for (one, ttl) in read.into_iter().chain(marks.into_iter().flatten()) {
            self.0.insert((one.digest, past.row.model.clone()), (past.at + ttl.duration(), ttl));
        }
        if self.0.len() > BEGINNINGS {
            self.0.retain(|_, (until, _)| *until > past.at);
        }
        if self.0.len() > BEGINNINGS {
            self.0.clear();
        }
        past.row.cost(&usage)
    }
}

impl Replay {
    fn push(&mut self, past: &Past<'_>) {
        let (with, without) = (self.with.cost(past, true), self.without.cost(past, false));
        self.more.push_back((without - with).get());
        if self.more.len() > LATEST {
            self.more.pop_front();
        }
    }

    fn more(&self) -> Nanodollars {
        self.more.iter().map(|more| Nanodollars::new(*more)).sum()
    }

    /// Whether the latest calls would have cost less without it. Of an agent that has not made so many it is not said.
    fn costs_more(&self) -> bool {
        self.more.len() >= LATEST && self.more() < Nanodollars::ZERO
    }
}

/// The latest calls of all agents.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Replays {
    agents: BTreeMap<String, Replay>,
}

impl Replays {
    /// Whether an agent's calls are better not compressed.
    pub(crate) fn costs_more(&self, agent: &str) -> bool {
        self.agents.get(agent).is_some_and(Replay::costs_more)
    }

    /// A call of an agent was answered.
    pub(crate) fn push(&mut self, agent: &str, past: &Past<'_>) {
        if self.agents.len() >= AGENTS && !self.agents.contains_key(agent) {
            return;
        }
        self.agents.entry(agent.to_owned()).or_default().push(past);
    }

    /// How it stands with each agent.
    pub(crate) fn all(&self) -> Vec<CompressionReplay> {
        let one = |(agent, replay): (&String, &Replay)| CompressionReplay {
            agent: agent.clone(),
            calls: replay.more.len() as u64,
            saved: replay.more(),
            off: replay.costs_more(),
        };
        self.agents.iter().map(one).collect()
    }
}
