//! The name that someone probably meant.

/// The known name that is nearest to `name`; none where nothing is near.
pub(crate) fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let lower = name.to_lowercase();
    let best = known
        .into_iter()
        .map(|candidate| (strsim::jaro_winkler(&lower, &candidate.to_lowercase()), candidate))
        .max_by(|a, b| a.0.total_cmp(&b.0))?;
    // Below this, a suggestion confuses more than it helps.
    (best.0 >= 0.75).then(|| best.1.to_owned())
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn a_typing_error_finds_its_name_and_nonsense_finds_none() {
        let known = ["agent", "action", "payload", "priority"];
        assert_eq!(nearest("prioritiy", known).as_deref(), Some("priority"));
        assert_eq!(nearest("Payload", known).as_deref(), Some("payload"));
        assert_eq!(nearest("xyzzy", known), None);
    }
}
