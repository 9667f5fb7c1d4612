//! The forms of the latest conversations, and the latest calls replayed.

use crate::compression::form::Form;
use crate::compression::replay::Replays;
use crate::prompt_cache::outline::{Digest, Outline};
use anvil_types::Timestamp;
use std::collections::HashMap;

/// So many conversations are kept in mind; of others the ledger has the form.
const CONVERSATIONS: usize = 4_096;

/// What is kept in mind.
#[derive(Debug, Default)]
pub(crate) struct Memory {
    forms: HashMap<Digest, (Timestamp, Form)>,
    pub(crate) replays: Replays,
}

impl Memory {
    /// With what an earlier life of the host had learnt.
    pub(crate) fn with(replays: Replays) -> Self {
        Self { replays, ..Self::default() }
    }

    /// The form of the longest beginning of an agent's conversation that was sent.
    pub(crate) fn form(&self, who: &str, outline: &Outline) -> Option<Form> {
        let turns: Vec<_> = outline.turns().collect();
        turns.iter().rev().find_map(|turn| Some(self.forms.get(&own(who, &turn.digest))?.1.clone()))
    }

    /// An agent's conversation is sent in this form.
    pub(crate) fn keep(&mut self, who: &str, outline: &Outline, form: &Form, now: Timestamp) {
        if self.forms.len() >= CONVERSATIONS {
            let oldest = self.forms.iter().min_by_key(|(_, (at, _))| *at).map(|(digest, _)| *digest);
            oldest.and_then(|oldest| self.forms.remove(&oldest));
        }
        self.forms.insert(own(who, &outline.whole().digest), (now, form.clone()));
    }
}

/// Agents may say the same, and are set apart.
fn own(who: &str, digest: &Digest) -> Digest {
    *blake3::Hasher::new().update(digest).update(who.as_bytes()).finalize().as_bytes()
}
