//! What a search filters by beside the words: each mark is a word of its own that nobody types.

use crate::JobFilter;
use anvil_types::{JobState, Priority};

/// A job of this agent.
pub(crate) fn agent(name: &str) -> String {
    hashed("agent", name)
}

/// A job with this tag.
pub(crate) fn tag(tag: &str) -> String {
    hashed("tag", tag)
}

/// A job of this priority.
pub(crate) fn priority(priority: Priority) -> String {
    format!("anvilqpriority{}", priority.rank())
}

/// A job in this state; those that are not final are one.
pub(crate) fn state(state: JobState) -> String {
    format!("anvilqstate{}", if state.is_final() { state.name() } else { "open" })
}

fn hashed(kind: &str, name: &str) -> String {
    format!("anvilq{kind}{}", &blake3::hash(name.as_bytes()).to_hex()[..16])
}

/// What a filter adds to the question: fewer jobs have to be looked at one by one.
pub(crate) fn of(filter: &JobFilter) -> String {
    let mut all: Vec<String> = Vec::new();
    all.extend(filter.agent.as_deref().map(agent));
    all.extend(filter.tag.as_deref().map(tag));
    all.extend(filter.priority.map(priority));
    let mut states: Vec<String> = filter.states.iter().map(|each| state(*each)).collect();
    states.sort();
    states.dedup();
    if !states.is_empty() {
        all.push(format!("({})", states.join(" OR ")));
    }
    all.iter().flat_map(|mark| [" AND ", mark]).collect()
}
