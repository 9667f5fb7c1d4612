//! What calls that have gone out read in the models' caches: it is kept there for as long again.
//!
//! Answers tell that too, but later: of several that wait with one prompt, the first keeps it for the others.

use anvil_budget::WarmPrompt;
use anvil_budget::prompt_cache::outline::Digest;
use anvil_types::Timestamp;
use std::collections::HashMap;

/// The most that is remembered.
const MOST: usize = 1_024;

/// What was read, by whom it is kept, and until when.
#[derive(Debug, Default)]
pub(crate) struct Renewed(HashMap<(Digest, String), Timestamp>);

impl Renewed {
    /// A call with this prompt goes out to this model.
    pub(crate) fn read(&mut self, warm: &WarmPrompt, model: &str, now: Timestamp) {
        if self.0.len() >= MOST {
            self.0.retain(|_, until| *until > now);
        }
        let until = self.seen(*warm, model).until;
        if now < until && self.0.len() < MOST {
            self.0.insert((warm.beginning, model.to_owned()), until.max(now + warm.kept));
        }
    }

    /// A prompt, with what has been read of it since.
    pub(crate) fn seen(&self, warm: WarmPrompt, model: &str) -> WarmPrompt {
        // Without a copy of the name where nothing is remembered.
        let renewed = (!self.0.is_empty()).then(|| self.0.get(&(warm.beginning, model.to_owned()))).flatten();
        WarmPrompt { until: renewed.map_or(warm.until, |until| warm.until.max(*until)), ..warm }
    }
}
