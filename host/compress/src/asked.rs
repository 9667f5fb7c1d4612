//! Whether a person asks about the layout of a text: then it is not for this house to change it.

use crate::layout::{Kind, parts};
use aho_corasick::AhoCorasick;
use std::sync::LazyLock;

/// Words of such questions, in small letters. One that ends in a star begins a word.
const WORDS: [&str; 49] = [
    "align*",
    "as-is",
    "blank",
    "blanks",
    "carriage return*",
    "character count*",
    "character for character",
    "byte for byte",
    "byte-for-byte",
    "checksum*",
    "column",
    "columns",
    "dedent*",
    "empty line*",
    "eol",
    "exact text",
    "exact content*",
    "exactly as",
    "exactly the following",
    "exactly these",
    "exactly this",
    "formatted",
    "formatter*",
    "formatting",
    "hash",
    "how many bytes",
    "how many characters",
    "how many lines",
    "indent*",
    "justified",
    "layout*",
    "left-pad*",
    "line break*",
    "line count*",
    "line ending*",
    "line number*",
    "linebreak*",
    "minif*",
    "newline*",
    "padding",
    "pretty-print*",
    "pretty print*",
    "single space*",
    "double space*",
    "spaces",
    "spacing",
    "tabs",
    "trailing",
    "verbatim",
];
/// Likewise, with signs that a word of its own may have.
const WHITE: [&str; 3] = ["whitespace", "white space", "white-space"];

/// All of them, looked for in one reading: the words in their order, and behind them those with signs.
static LOOKED_FOR: LazyLock<AhoCorasick> = LazyLock::new(|| {
    let words = WORDS.iter().map(|word| word.trim_end_matches('*')).chain(WHITE);
    AhoCorasick::builder().ascii_case_insensitive(true).build(words).expect("a few words of letters")
});

/// Whether a text asks how something is laid out: by its words outside of data and fences.
pub fn asks_about_layout(text: &str) -> bool {
    // As a rule none of them stands anywhere.
    if !LOOKED_FOR.is_match(text) {
        return false;
    }
    parts(text)
        .iter()
        .filter(|part| !matches!(part.kind, Kind::Json | Kind::Fenced))
        .any(|part| asks(part.text))
}

fn asks(text: &str) -> bool {
    let is_letter = |sign: Option<char>| sign.is_some_and(|sign| sign.is_alphanumeric() || sign == '_');
    LOOKED_FOR.find_overlapping_iter(text).any(|found| {
        let Some(word) = WORDS.get(found.pattern().as_usize()) else { return true };
        let (before, after) = (&text[..found.start()], &text[found.end()..]);
        !is_letter(before.chars().next_back()) && (word.ends_with('*') || !is_letter(after.chars().next()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn questions_about_the_layout_are_told_from_others() {
        for text in [
            "How many blank lines are between A and B?",
            "Is it formatted with 2 or with 4 spaces?\n{\n    \"a\": 1\n}",
            "Fix the indentation.",
            "Is there whitespace at the ends?",
            "In which column does it stand?",
            "Are they Aligned?",
            "HOW MANY LINES are there?",
            "Non-whitespaces alone",
            "tab_s, and tabs",
            "one blankness, no blank",
        ] {
            assert!(asks_about_layout(text), "{text}");
        }
        for text in [
            "What did the orders come to?",
            "Which namespace is it in?",
            "{\"column\": \"blank\"}",
            "Read this:\n```\n# trailing\n```\n",
            "realign, blankness, _tabs, t\u{e9}tabs",
            "",
        ] {
            assert!(!asks_about_layout(text), "{text}");
        }
    }
}
