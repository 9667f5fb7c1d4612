//! What there is, beside what was asked for.

use anvil_types::nearest::by_likeness;

/// The names in their order, each once.
pub(crate) fn sorted(names: impl Iterator<Item = String>) -> Vec<String> {
    let mut names: Vec<_> = names.collect();
    names.sort_unstable();
    names.dedup();
    names
}

/// The name that comes nearest, where one comes near.
pub(crate) fn nearest(name: &str, known: &[String]) -> Option<String> {
    by_likeness(name, known.iter().map(String::as_str)).map(str::to_owned)
}
