//! The known name that comes nearest to a misspelt one.

use anvil_types::Tier;

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

/// The model that another spelling of an id most likely means: a cloud's, a router's, or one with a date or a size of
/// context at its end.
pub(crate) fn nearest_model<'a>(name: &str, known: &[&'a str]) -> Option<&'a str> {
    let name = name.trim().to_lowercase();
    let bare = name.find("claude").map_or(name.as_str(), |at| &name[at..]);
    let bare = bare.split(['@', '[', ':', ' ']).next().unwrap_or_default();
    let words = bare.split('-').filter(|word| !is_date(word) && !matches!(*word, "latest" | "v1" | "v2"));
    let bare = words.collect::<Vec<_>>().join("-");
    let family = |known: &&&str| {
        let word = |word: &str| bare.contains(word) && known.contains(word);
        // A family stands behind each tier, and one behind none.
        Tier::ALL.map(Tier::name).into_iter().chain(["fable"]).any(word)
    };
    nearest(&bare, known.iter().copied().filter(|known| family(&known)))
        .or_else(|| nearest(&bare, known.iter().copied()))
        .or_else(|| known.iter().find(family).copied())
}

fn is_date(word: &str) -> bool {
    word.len() == 8 && word.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::{nearest, nearest_model};

    #[test]
    fn a_model_is_known_by_its_other_spellings() {
        let known = ["claude-haiku-5-5", "claude-opus-5-5", "claude-sonnet-5-5"];
        for (name, meant) in [
            ("claude-haiku-4-5", Some("claude-haiku-5-5")),
            ("claude-haiku-latest", Some("claude-haiku-5-5")),
            ("claude-sonnet-5-5[1m]", Some("claude-sonnet-5-5")),
            ("us.anthropic.claude-haiku-4-5-20251001-v1:0", Some("claude-haiku-5-5")),
            ("claude-haiku-4-5@20251001", Some("claude-haiku-5-5")),
            ("anthropic/claude-haiku-5-5", Some("claude-haiku-5-5")),
            ("Claude-Opus-5-5", Some("claude-opus-5-5")),
            (" claude-haiku-5-5", Some("claude-haiku-5-5")),
            ("opus", Some("claude-opus-5-5")),
            ("gpt-7", None),
            ("", None),
        ] {
            assert_eq!(nearest_model(name, &known), meant, "{name}");
        }
    }

    #[test]
    fn a_slip_of_the_finger_is_understood_and_another_word_is_not() {
        let known = ["hour_usd", "day_usd", "month_usd", "queue_max"];
        for (slip, meant) in [("day_us", Some("day_usd")), ("queu_mxa", Some("queue_max")), ("volume", None)]
        {
            assert_eq!(nearest(slip, known), meant, "{slip}");
        }
    }
}
