//! What there is, beside what was asked for.

/// The names in their order, each once.
pub(crate) fn sorted(names: impl Iterator<Item = String>) -> Vec<String> {
    let mut names: Vec<_> = names.collect();
    names.sort_unstable();
    names.dedup();
    names
}

/// The name that comes nearest, where one comes near.
pub(crate) fn nearest(name: &str, known: &[String]) -> Option<String> {
    let near = known.iter().map(|other| (strsim::jaro_winkler(name, other), other));
    near.filter(|(likeness, _)| *likeness > 0.75)
        .max_by(|one, other| one.0.total_cmp(&other.0))
        .map(|(_, other)| other.clone())
}
