//! The known name that a misspelt one was meant to be. Two measures, since lists of names are of two kinds.

/// The name that looks most like `name`; none where nothing does. For words that begin each in their own way, of which
/// a beginning is often enough: `prio` is `priority`.
pub fn by_likeness<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let lower = name.to_lowercase();
    let best = known
        .into_iter()
        .map(|candidate| (strsim::jaro_winkler(&lower, &candidate.to_lowercase()), candidate))
        .max_by(|a, b| a.0.total_cmp(&b.0))?;
    // Below this, a suggestion confuses more than it helps.
    (best.0 >= 0.75).then_some(best.1)
}

/// The name that `name` is by a few slips of the finger; none where it takes more. For names that begin alike, as
/// settings of a section do: all of them would look like each other.
pub fn by_slips<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let lower = name.to_lowercase();
    let far = (lower.chars().count() / 3).max(2);
    known
        .into_iter()
        .map(|candidate| (strsim::osa_distance(&lower, &candidate.to_lowercase()), candidate))
        .filter(|(distance, _)| *distance <= far)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::{by_likeness, by_slips};

    #[test]
    fn a_typing_error_or_a_beginning_finds_its_name_and_nonsense_finds_none() {
        let known = ["agent", "action", "payload", "priority"];
        for (name, meant) in [
            ("prioritiy", Some("priority")),
            ("prio", Some("priority")),
            ("Payload", Some("payload")),
            ("xyzzy", None),
            ("", None),
        ] {
            assert_eq!(by_likeness(name, known), meant, "{name}");
        }
        assert_eq!(by_likeness("agent", []), None);
    }

    #[test]
    fn a_slip_of_the_finger_is_understood_and_another_word_is_not() {
        let known = ["hour_usd", "day_usd", "month_usd", "queue_max"];
        for (slip, meant) in [("day_us", Some("day_usd")), ("queu_mxa", Some("queue_max")), ("volume", None)]
        {
            assert_eq!(by_slips(slip, known), meant, "{slip}");
        }
        // What looks alike by its section is no slip.
        let known = ["budget.day_usd", "budget.hour_usd"];
        assert_eq!(by_slips("budget.zone", known), None);
        assert!(by_likeness("budget.zone", known).is_some());
    }
}
