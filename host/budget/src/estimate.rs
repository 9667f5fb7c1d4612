//! What a call probably takes, learnt from what calls took.
//!
//! Pace and `max_input_tokens` go by this; money never does: a hold is made by the upper bound
//! ([`crate::bound`]), whatever was learnt.

use crate::bound::{InputSize, framing_tokens};
use crate::pool::tokenizer_of;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The share that the newest observation has, once enough were made: what was learnt forgets.
const NEWEST: f64 = 1.0 / 16.0;
/// One observation moves a factor by no more than this, up or down: one odd text teaches little.
const MOST_STEP: f64 = 1.5;
/// A token has at least a byte; more than twelve have not been seen on average.
const BYTES_PER_TOKEN: (f64, f64) = (1.0, 12.0);
/// Below this many bytes of text framing says more than text.
const LEAST_BYTES: u64 = 256;
/// The spread of an input's estimate before anything was learnt, as a share of it.
const UNLEARNT_SPREAD: f64 = 0.25;
/// Pairs of agent and model whose output is learnt, at most.
const MOST_OUTPUTS: usize = 1_024;

/// A number of tokens, and how far the truth is from it on average (its standard deviation).
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Estimate {
    /// The mean.
    pub tokens: u64,
    /// The spread.
    pub spread: u64,
}

/// A mean and a variance that forget.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Learnt {
    seen: u64,
    mean: f64,
    variance: f64,
}

impl Learnt {
    fn learn(&mut self, value: f64) {
        self.seen = self.seen.saturating_add(1);
        let share = (1.0 / float(self.seen)).max(NEWEST);
        let off = value - self.mean;
        self.mean += share * off;
        self.variance = (1.0 - share) * (self.variance + share * off * off);
    }
}

/// What was learnt so far. As JSON it survives a restart.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Estimator {
    /// By tokenizer: real tokens of text over those of the table's factor.
    input: BTreeMap<String, Learnt>,
    /// By agent and model: output tokens.
    output: BTreeMap<String, Learnt>,
    /// Absolute error of input estimates, as a share of the truth.
    input_error: Learnt,
    /// Absolute error of output estimates, as a share of the truth.
    output_error: Learnt,
}

impl Estimator {
    /// How many input tokens a request of this size probably has.
    pub fn input(&self, model: &str, size: InputSize) -> Estimate {
        let tokenizer = tokenizer_of(model);
        let learnt = self.input.get(&tokenizer.name).filter(|learnt| learnt.seen > 0);
        let text = float(size.text_bytes) / tokenizer.bytes_per_token;
        let (factor, spread) =
            learnt.map_or((1.0, UNLEARNT_SPREAD), |learnt| (learnt.mean, learnt.variance.sqrt()));
        Estimate { tokens: whole(text * factor) + framing_tokens(size), spread: whole(text * spread) }
    }

    /// How many output tokens an answer to this agent probably has: all that it may where nothing of
    /// the kind was seen yet.
    pub fn output(&self, agent: &str, model: &str, most: u64) -> Estimate {
        match self.output.get(&key(agent, model)).filter(|learnt| learnt.seen > 0) {
            None => Estimate { tokens: most, spread: 0 },
            Some(learnt) => {
                Estimate { tokens: whole(learnt.mean).min(most), spread: whole(learnt.variance.sqrt()) }
            }
        }
    }

    /// The mean output tokens of an agent's answers; none before the first.
    pub fn mean_output(&self, agent: &str, model: &str) -> Option<u64> {
        self.output.get(&key(agent, model)).map(|learnt| whole(learnt.mean))
    }

    /// Learns from a whole answer: `prompt` is all of its input, cache reads too.
    pub fn learn(&mut self, agent: &str, model: &str, size: InputSize, prompt: u64, output: u64, most: u64) {
        // The guess of an agent's first answer is no estimate, and its error says nothing.
        if self.output.contains_key(&key(agent, model)) {
            let guess = self.output(agent, model, most).tokens;
            self.output_error.learn(error(guess, output));
        }
        self.learn_output(agent, model, output);
        if size.images == 0 && size.text_bytes >= LEAST_BYTES && prompt > 0 {
            self.input_error.learn(error(self.input(model, size).tokens, prompt));
            self.learn_input(model, size, prompt);
        }
    }

    fn learn_input(&mut self, model: &str, size: InputSize, prompt: u64) {
        let tokenizer = tokenizer_of(model);
        let usual = tokenizer.bytes_per_token;
        let text = float(prompt.saturating_sub(framing_tokens(size)));
        let learnt = self.input.entry(tokenizer.name.clone()).or_default();
        let before = if learnt.seen == 0 { 1.0 } else { learnt.mean };
        let factor = text * usual / float(size.text_bytes);
        let factor = factor.clamp(before / MOST_STEP, before * MOST_STEP);
        let (least, most) = (usual / BYTES_PER_TOKEN.1, usual / BYTES_PER_TOKEN.0);
        learnt.learn(factor.clamp(least, most));
    }

    fn learn_output(&mut self, agent: &str, model: &str, output: u64) {
        let key = key(agent, model);
        if self.output.len() >= MOST_OUTPUTS && !self.output.contains_key(&key) {
            // The one that was seen least makes room.
            let least = self.output.iter().min_by_key(|(_, learnt)| learnt.seen).map(|(key, _)| key.clone());
            least.and_then(|least| self.output.remove(&least));
        }
        self.output.entry(key).or_default().learn(float(output));
    }

    /// The mean absolute error of input estimates in percent of the truth, over the latest calls; none
    /// before the first.
    pub fn input_error_percent(&self) -> Option<f64> {
        (self.input_error.seen > 0).then_some(self.input_error.mean * 100.0)
    }

    /// The mean absolute error of output estimates in percent of the truth, over the latest calls; none
    /// before an agent's second.
    pub fn output_error_percent(&self) -> Option<f64> {
        (self.output_error.seen > 0).then_some(self.output_error.mean * 100.0)
    }

    /// What was learnt of each tokenizer: its name, bytes a token now, and from how many calls.
    pub fn factors(&self) -> Vec<(String, f64, u64)> {
        let usual =
            |name: &str| crate::pool::tokenizer_named(name).map(|tokenizer| tokenizer.bytes_per_token);
        self.input
            .iter()
            .filter_map(|(name, learnt)| Some((name.clone(), usual(name)? / learnt.mean, learnt.seen)))
            .collect()
    }
}

fn key(agent: &str, model: &str) -> String {
    format!("{agent}\u{1f}{model}")
}

fn error(guess: u64, truth: u64) -> f64 {
    float(guess.abs_diff(truth)) / float(truth.max(1))
}

#[expect(clippy::cast_precision_loss, reason = "tokens and bytes of a call are far below 2^52")]
fn float(count: u64) -> f64 {
    count as f64
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a cast saturates; tokens are not negative"
)]
fn whole(tokens: f64) -> u64 {
    tokens.round() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(bytes: u64) -> InputSize {
        InputSize { text_bytes: bytes, messages: 1, ..InputSize::default() }
    }

    #[test]
    fn the_factor_follows_what_texts_really_have_and_forgets() {
        let mut estimator = Estimator::default();
        let first = estimator.input("claude-opus-5-5", text(10_000));
        assert_eq!(first.tokens, 4_000 + framing_tokens(text(10_000)));
        for _ in 0..40 {
            estimator.learn("a", "claude-opus-5-5", text(10_000), 2_000, 300, 1_000);
        }
        let learnt = estimator.input("claude-opus-5-5", text(10_000));
        assert!(learnt.tokens.abs_diff(2_000) < 60, "{learnt:?}");
        assert!(learnt.spread < 200, "{learnt:?}");
        // Another text, another factor: the old one is forgotten.
        for _ in 0..80 {
            estimator.learn("a", "claude-opus-5-5", text(10_000), 3_000, 300, 1_000);
        }
        assert!(estimator.input("claude-opus-5-5", text(10_000)).tokens.abs_diff(3_000) < 90);
        // Models that count otherwise are learnt apart.
        assert_eq!(estimator.input("claude-sonnet-4-6", text(3_250)).tokens, 1_000 + framing_tokens(text(1)));
    }

    #[test]
    fn one_odd_text_teaches_little_and_no_factor_leaves_what_can_be() {
        let mut estimator = Estimator::default();
        for _ in 0..20 {
            estimator.learn("a", "claude-opus-5-5", text(10_000), 4_000, 1, 1_000);
        }
        let before = estimator.input("claude-opus-5-5", text(10_000)).tokens;
        estimator.learn("a", "claude-opus-5-5", text(10_000), 10_000_000, 1, 1_000);
        let after = estimator.input("claude-opus-5-5", text(10_000)).tokens;
        assert!(after < before * 105 / 100, "{before} to {after}");
        for _ in 0..1_000 {
            estimator.learn("a", "claude-opus-5-5", text(10_000), 10_000_000, 1, 1_000);
        }
        let most = estimator.input("claude-opus-5-5", text(10_000)).tokens;
        assert!(most <= 10_000 + framing_tokens(text(1)) + 1, "a token is at least a byte: {most}");
    }

    #[test]
    fn an_agents_output_is_expected_at_its_most_until_it_was_seen() {
        let mut estimator = Estimator::default();
        assert_eq!(estimator.output("a", "m", 2_000), Estimate { tokens: 2_000, spread: 0 });
        for n in 0..200 {
            estimator.learn("a", "m", text(1_000), 400, if n % 2 == 0 { 300 } else { 500 }, 2_000);
        }
        let learnt = estimator.output("a", "m", 2_000);
        assert!(learnt.tokens.abs_diff(400) < 30 && learnt.spread.abs_diff(100) < 20, "{learnt:?}");
        assert_eq!(estimator.output("b", "m", 2_000).tokens, 2_000);
        assert_eq!(estimator.output("a", "m", 100).tokens, 100);
    }

    #[test]
    fn the_error_is_shown_and_what_was_learnt_survives_as_json() {
        let mut estimator = Estimator::default();
        assert_eq!(estimator.input_error_percent(), None);
        for _ in 0..100 {
            estimator.learn("a", "claude-opus-5-5", text(10_000), 2_000, 300, 2_000);
        }
        assert!(estimator.input_error_percent().is_some_and(|error| error < 5.0));
        assert!(estimator.output_error_percent().is_some_and(|error| error < 1.0));
        let json = serde_json::to_string(&estimator).expect("JSON");
        assert_eq!(serde_json::from_str::<Estimator>(&json).expect("the same"), estimator);
        assert_eq!(estimator.factors()[0].2, 100);
    }

    #[test]
    fn no_more_agents_are_kept_than_may_be() {
        let mut estimator = Estimator::default();
        for n in 0..2 * MOST_OUTPUTS {
            estimator.learn(&n.to_string(), "m", text(1_000), 400, 10, 2_000);
        }
        assert_eq!(estimator.output.len(), MOST_OUTPUTS);
    }
}
