//! Which prompts which model has in its cache, as far as its own answers told.

use anvil_budget::CacheTtl;
use anvil_types::{Timestamp, Usage};
use std::collections::HashMap;
use std::time::Duration;

/// So many prompts are remembered; the ones that expire first go first.
const MOST: usize = 1_024;

/// The prompts that are known to be warm.
#[derive(Debug, Default)]
pub(crate) struct WarmPrompts(HashMap<[u8; 32], Seen>);

/// What answers told of a prompt.
#[derive(Debug)]
struct Seen {
    until: Timestamp,
    /// How many tokens it has, as the last model counted them.
    tokens: u64,
    warm: HashMap<String, Warm>,
}

#[derive(Clone, Copy, Debug)]
struct Warm {
    until: Timestamp,
    tokens: u64,
}

/// What of a request its model's cache goes by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Prompt {
    /// What is the same in every request that has it.
    pub hash: [u8; 32],
    /// For how long the request has the prompt kept.
    pub ttl: CacheTtl,
}

impl WarmPrompts {
    /// How many tokens of the prompt the model would read from its cache.
    pub(crate) fn warm_tokens(&self, prompt: Prompt, model: &str, now: Timestamp) -> u64 {
        let warm = self.0.get(&prompt.hash).and_then(|seen| seen.warm.get(model));
        warm.filter(|warm| warm.until > now).map_or(0, |warm| warm.tokens)
    }

    /// How many tokens the prompt has, where an answer has told.
    pub(crate) fn tokens(&self, prompt: Prompt) -> Option<u64> {
        self.0.get(&prompt.hash).map(|seen| seen.tokens)
    }

    /// Takes what an answer told of its cache.
    pub(crate) fn learn(&mut self, prompt: Prompt, model: &str, usage: &Usage, now: Timestamp) {
        if self.0.len() >= MOST && !self.0.contains_key(&prompt.hash) {
            self.0.retain(|_, seen| seen.until > now);
            let first = self.0.iter().min_by_key(|(_, seen)| seen.until).map(|(hash, _)| *hash);
            if let Some(first) = first.filter(|_| self.0.len() >= MOST) {
                self.0.remove(&first);
            }
        }
        let kept = match prompt.ttl {
            CacheTtl::FiveMinutes => Duration::from_mins(5),
            CacheTtl::Hour => Duration::from_hours(1),
        };
        let (until, tokens) = (now + kept, usage.prompt_tokens());
        let seen = self.0.entry(prompt.hash).or_insert_with(|| Seen { until, tokens, warm: HashMap::new() });
        (seen.until, seen.tokens) = (until, tokens);
        let cached = usage.cached_tokens();
        if cached == 0 {
            seen.warm.remove(model);
        } else {
            seen.warm.insert(model.to_owned(), Warm { until, tokens: cached });
        }
    }
}
