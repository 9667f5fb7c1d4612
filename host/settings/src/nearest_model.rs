//! The model of the price table that another spelling of its id means.

use anvil_types::Tier;
use anvil_types::nearest::by_slips;

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
    by_slips(&bare, known.iter().copied().filter(|known| family(&known)))
        .or_else(|| by_slips(&bare, known.iter().copied()))
        .or_else(|| known.iter().find(family).copied())
}

fn is_date(word: &str) -> bool {
    word.len() == 8 && word.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::nearest_model;

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
}
