//! The known name that comes nearest to a misspelt one.

/// The candidate that `name` was most likely meant to be; none where nothing is near.
pub(crate) fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let name = name.to_lowercase();
    let far = (name.chars().count() / 3).max(2);
    candidates
        .into_iter()
        .map(|candidate| (strsim::osa_distance(&name, &candidate.to_lowercase()), candidate))
        .filter(|(distance, _)| *distance <= far)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn a_slip_of_the_finger_is_understood_and_another_word_is_not() {
        let known = ["hour_usd", "day_usd", "month_usd", "queue_max"];
        for (slip, meant) in [("day_us", Some("day_usd")), ("queu_mxa", Some("queue_max")), ("volume", None)]
        {
            assert_eq!(nearest(slip, known), meant, "{slip}");
        }
    }
}
