//! What a call probably takes, learnt from what calls took.
//!
//! Pace and `max_input_tokens` go by this; money never does: a hold is made by the upper bound
//! ([`crate::bound`]), whatever was learnt.

use crate::bound::{InputSize, framing_tokens};
use crate::models::tokenizer_of;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

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
/// The output tokens of an agent of which nothing was seen.
const USUAL_OUTPUT: u64 = 500;
/// Kinds of answers that are learnt, at most.
const MOST_OUTPUTS: usize = 1_024;
/// An answer is unlike its kind beyond so many standard deviations above the mean,
const SURPRISE: f64 = 4.0;
/// and beyond the mean by so large a part of itself,
const SURPRISE_PART: f64 = 0.5;
/// and by so many tokens: a few more are nothing new.
const SURPRISE_TOKENS: f64 = 16.0;
/// The most tokens that a byte of the answer as it comes can be: what is thought and not shown counts too.
const MOST_PER_BYTE: f64 = 64.0;

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

/// Answers that are learnt together: those to one agent by one model, of one size of `max_tokens` (within a
/// factor of two). An agent that answers short where it may say little says nothing of what it answers
/// where it may say much.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AnswerKind(u64);

impl AnswerKind {
    /// The kind of an answer that may have `most` tokens.
    pub fn of(agent: &str, model: &str, most: u64) -> Self {
        let mut hasher = DefaultHasher::new();
        key(agent, model, most).hash(&mut hasher);
        Self(hasher.finish())
    }
}

/// What was learnt of one kind of answers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Answers {
    /// Output tokens as a share of `max_tokens`.
    share: Learnt,
    /// Output tokens to a byte of the answer as it came.
    per_byte: Learnt,
}

impl Answers {
    /// The share that is expected: the mean, and a part of what is above it that falls with each answer, so
    /// that a kind of which little was seen counts for more.
    fn expected(&self) -> f64 {
        let unsure = (float(self.share.seen) + 1.0).powf(-1.5);
        self.share.mean + (1.0 - self.share.mean) * unsure
    }

    /// Whether an answer of so many tokens is unlike those that were seen.
    fn is_surprised(&self, tokens: u64, most: u64) -> bool {
        let usual = self.expected() * float(most);
        let off = float(tokens) - usual;
        let spread = self.share.variance.sqrt() * float(most);
        off > (SURPRISE * spread).max(SURPRISE_PART * usual).max(SURPRISE_TOKENS)
    }
}

/// A whole answer, as it is learnt from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Whole {
    /// Its output tokens.
    pub output: u64,
    /// The most that it might have had.
    pub most: u64,
    /// How many bytes of it came while it streamed.
    pub bytes: u64,
}

/// What an answer under way has come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SoFar {
    /// About so many tokens.
    pub tokens: u64,
    /// It is unlike all of its kind before: what was learnt of them is forgotten.
    pub surprising: bool,
}

/// What was learnt so far. As JSON it survives a restart.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Estimator {
    /// By tokenizer: real tokens of text over those of the table's factor.
    input: BTreeMap<String, Learnt>,
    /// By agent, model and size of `max_tokens`.
    answers: BTreeMap<String, Answers>,
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
        match self.answers.get(&key(agent, model, most)) {
            None => Estimate { tokens: most, spread: 0 },
            Some(answers) => Estimate {
                tokens: whole(answers.expected() * float(most)).min(most),
                spread: whole(answers.share.variance.sqrt() * float(most)).min(most),
            },
        }
    }

    /// The mean output tokens of an agent's answers that may have `most`; none before the first.
    pub fn mean_output(&self, agent: &str, model: &str, most: u64) -> Option<u64> {
        let answers = self.answers.get(&key(agent, model, most))?;
        Some(whole(answers.share.mean * float(most)))
    }

    /// How many output tokens an answer to this agent usually has, to tell models' prices apart by: a guess before the first.
    pub fn usual_output(&self, agent: &str, model: &str, most: u64) -> u64 {
        self.mean_output(agent, model, most).unwrap_or(USUAL_OUTPUT).min(most)
    }

    /// What an answer under way has come to, of which so many bytes have come. One that is unlike its
    /// kind makes the kind unknown again: its answers are expected at their most.
    pub fn so_far(&mut self, agent: &str, model: &str, most: u64, bytes: u64) -> SoFar {
        let key = key(agent, model, most);
        let Some(answers) = self.answers.get(&key) else {
            return SoFar { tokens: 0, surprising: false };
        };
        let tokens = whole(float(bytes) * answers.per_byte.mean);
        let surprising = answers.is_surprised(tokens, most);
        if surprising {
            self.answers.remove(&key);
        }
        SoFar { tokens, surprising }
    }

    /// Learns from a whole answer: `prompt` is all of its input, cache reads too; `bytes` is what came of
    /// the answer while it streamed. Tells whether the answer was unlike all of its kind before.
    pub fn learn(&mut self, agent: &str, model: &str, size: InputSize, prompt: u64, answer: Whole) -> bool {
        let Whole { output, most, bytes } = answer;
        // The guess of an agent's first answer is no estimate, and its error says nothing.
        if self.answers.contains_key(&key(agent, model, most)) {
            let guess = self.output(agent, model, most).tokens;
            self.output_error.learn(error(guess, output));
        }
        let surprising = self.learn_output(key(agent, model, most), output, most, bytes);
        if size.images == 0 && size.text_bytes >= LEAST_BYTES && prompt > 0 {
            self.input_error.learn(error(self.input(model, size).tokens, prompt));
            self.learn_input(model, size, prompt);
        }
        surprising
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

    fn learn_output(&mut self, key: String, output: u64, most: u64, bytes: u64) -> bool {
        if self.answers.len() >= MOST_OUTPUTS && !self.answers.contains_key(&key) {
            // The one that was seen least makes room.
            let least = self.answers.iter().min_by_key(|(_, answers)| answers.share.seen);
            let least = least.map(|(key, _)| key.clone());
            least.and_then(|least| self.answers.remove(&least));
        }
        let answers = self.answers.entry(key).or_default();
        let surprising = answers.share.seen > 0 && answers.is_surprised(output, most);
        if surprising {
            *answers = Answers::default();
        }
        answers.share.learn((float(output) / float(most.max(1))).min(1.0));
        if bytes > 0 {
            answers.per_byte.learn((float(output) / float(bytes)).min(MOST_PER_BYTE));
        }
        surprising
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
            |name: &str| crate::models::tokenizer_named(name).map(|tokenizer| tokenizer.bytes_per_token);
        self.input
            .iter()
            .filter_map(|(name, learnt)| Some((name.clone(), usual(name)? / learnt.mean, learnt.seen)))
            .collect()
    }
}

fn key(agent: &str, model: &str, most: u64) -> String {
    format!("{agent}\u{1f}{model}\u{1f}{}", most.max(1).ilog2())
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

    // Ten bytes a token.
    fn whole_of(output: u64, most: u64) -> Whole {
        Whole { output, most, bytes: output * 10 }
    }

    fn text(bytes: u64) -> InputSize {
        InputSize { text_bytes: bytes, messages: 1, ..InputSize::default() }
    }

    #[test]
    fn the_factor_follows_what_texts_really_have_and_forgets() {
        let mut estimator = Estimator::default();
        let first = estimator.input("claude-opus-5-5", text(10_000));
        assert_eq!(first.tokens, 4_000 + framing_tokens(text(10_000)));
        for _ in 0..40 {
            estimator.learn("a", "claude-opus-5-5", text(10_000), 2_000, whole_of(300, 1_000));
        }
        let learnt = estimator.input("claude-opus-5-5", text(10_000));
        assert!(learnt.tokens.abs_diff(2_000) < 60, "{learnt:?}");
        assert!(learnt.spread < 200, "{learnt:?}");
        // Another text, another factor: the old one is forgotten.
        for _ in 0..80 {
            estimator.learn("a", "claude-opus-5-5", text(10_000), 3_000, whole_of(300, 1_000));
        }
        assert!(estimator.input("claude-opus-5-5", text(10_000)).tokens.abs_diff(3_000) < 90);
        // Models that count otherwise are learnt apart.
        assert_eq!(estimator.input("claude-sonnet-4-6", text(3_250)).tokens, 1_000 + framing_tokens(text(1)));
    }

    #[test]
    fn one_odd_text_teaches_little_and_no_factor_leaves_what_can_be() {
        let mut estimator = Estimator::default();
        for _ in 0..20 {
            estimator.learn("a", "claude-opus-5-5", text(10_000), 4_000, whole_of(1, 1_000));
        }
        let before = estimator.input("claude-opus-5-5", text(10_000)).tokens;
        estimator.learn("a", "claude-opus-5-5", text(10_000), 10_000_000, whole_of(1, 1_000));
        let after = estimator.input("claude-opus-5-5", text(10_000)).tokens;
        assert!(after < before * 105 / 100, "{before} to {after}");
        for _ in 0..1_000 {
            estimator.learn("a", "claude-opus-5-5", text(10_000), 10_000_000, whole_of(1, 1_000));
        }
        let most = estimator.input("claude-opus-5-5", text(10_000)).tokens;
        assert!(most <= 10_000 + framing_tokens(text(1)) + 1, "a token is at least a byte: {most}");
    }

    #[test]
    fn an_agents_output_is_expected_at_its_most_until_it_was_seen() {
        let mut estimator = Estimator::default();
        assert_eq!(estimator.output("a", "m", 2_000), Estimate { tokens: 2_000, spread: 0 });
        for n in 0..200 {
            estimator.learn("a", "m", text(1_000), 400, whole_of(if n % 2 == 0 { 300 } else { 500 }, 2_000));
        }
        let learnt = estimator.output("a", "m", 2_000);
        assert!(learnt.tokens.abs_diff(400) < 30 && learnt.spread.abs_diff(100) < 20, "{learnt:?}");
        assert_eq!(estimator.output("b", "m", 2_000).tokens, 2_000);
        // A little less that it may have is still the same kind of answer, by its share.
        assert!(estimator.output("a", "m", 1_500).tokens.abs_diff(300) < 30);
    }

    #[test]
    fn short_answers_where_little_is_allowed_say_nothing_of_those_where_much_is() {
        let mut estimator = Estimator::default();
        for _ in 0..60 {
            estimator.learn("a", "m", text(1_000), 400, whole_of(5, 50));
        }
        assert!(estimator.output("a", "m", 50).tokens <= 6);
        assert_eq!(estimator.output("a", "m", 2_000), Estimate { tokens: 2_000, spread: 0 });
    }

    #[test]
    fn a_kind_of_which_little_was_seen_counts_for_more_than_its_mean() {
        let mut estimator = Estimator::default();
        estimator.learn("a", "m", text(1_000), 400, whole_of(0, 2_000));
        assert_eq!(estimator.output("a", "m", 2_000).tokens, 707);
        estimator.learn("a", "m", text(1_000), 400, whole_of(0, 2_000));
        assert_eq!(estimator.output("a", "m", 2_000).tokens, 385);
        assert_eq!(estimator.mean_output("a", "m", 2_000), Some(0));
    }

    #[test]
    fn a_long_answer_after_short_ones_makes_the_kind_unknown_while_it_streams() {
        let mut estimator = Estimator::default();
        for n in 0..60 {
            estimator.learn("a", "m", text(1_000), 400, whole_of(90 + n % 20, 2_000));
        }
        // Ten bytes a token.
        let usual = estimator.so_far("a", "m", 2_000, 1_000);
        assert!(usual.tokens.abs_diff(100) < 10 && !usual.surprising, "{usual:?}");
        assert!(!estimator.so_far("a", "m", 2_000, 1_500).surprising, "half as much again is no surprise");
        let long = estimator.so_far("a", "m", 2_000, 2_500);
        assert!(long.tokens.abs_diff(250) < 20 && long.surprising, "{long:?}");
        assert_eq!(estimator.output("a", "m", 2_000).tokens, 2_000);
        assert!(!estimator.so_far("a", "m", 2_000, 3_000).surprising, "told once");
    }

    #[test]
    fn a_long_answer_after_short_ones_is_learnt_at_once() {
        let mut estimator = Estimator::default();
        for _ in 0..60 {
            estimator.learn("a", "m", text(1_000), 400, whole_of(5, 2_000));
        }
        assert!(estimator.learn("a", "m", text(1_000), 400, whole_of(2_000, 2_000)), "it is a surprise");
        assert_eq!(estimator.output("a", "m", 2_000).tokens, 2_000);
    }

    #[test]
    fn the_error_is_shown_and_what_was_learnt_survives_as_json() {
        let mut estimator = Estimator::default();
        assert_eq!(estimator.input_error_percent(), None);
        for _ in 0..100 {
            estimator.learn("a", "claude-opus-5-5", text(10_000), 2_000, whole_of(300, 2_000));
        }
        assert!(estimator.input_error_percent().is_some_and(|error| error < 5.0));
        assert!(estimator.output_error_percent().is_some_and(|error| error < 1.0));
        let json = serde_json::to_string(&estimator).expect("JSON");
        // A number may be off in its last digit.
        let again: Estimator = serde_json::from_str(&json).expect("the same");
        let (agent, model) = ("a", "claude-opus-5-5");
        assert_eq!(again.output(agent, model, 2_000), estimator.output(agent, model, 2_000));
        assert_eq!(again.input(model, text(10_000)), estimator.input(model, text(10_000)));
        assert_eq!(estimator.factors()[0].2, 100);
    }

    #[test]
    fn no_more_agents_are_kept_than_may_be() {
        let mut estimator = Estimator::default();
        for n in 0..2 * MOST_OUTPUTS {
            estimator.learn(&n.to_string(), "m", text(1_000), 400, whole_of(10, 2_000));
        }
        assert_eq!(estimator.answers.len(), MOST_OUTPUTS);
    }
}
