//! What people type into a search, as a question to the index. No input is an error.

use crate::search::fold::fold;
use crate::search::text::{LONGEST_WORD, runs_on};

/// The most words of one search; what comes after is left out.
const MOST: usize = 16;
/// Shorter beginnings (`a*`) would find nearly everything: they count as whole words.
const SHORTEST_PREFIX: usize = 2;

/// Words that all have to occur: single ones, phrases in quotes, and beginnings with a `*` behind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Words(Vec<Term>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Term {
    text: String,
    prefix: bool,
}

impl Words {
    /// Reads what was typed; none where there is nothing in it to look for.
    pub(crate) fn parse(typed: &str) -> Option<Self> {
        let mut terms = Vec::new();
        let mut rest = typed.trim_start();
        while !rest.is_empty() && terms.len() < MOST {
            let (text, after) = match rest.strip_prefix('"') {
                // A quote that is never closed quotes all that follows.
                Some(quoted) => quoted.split_once('"').unwrap_or((quoted, "")),
                None => {
                    rest.split_at(rest.find(|c: char| c.is_whitespace() || c == '"').unwrap_or(rest.len()))
                }
            };
            let (star, after) = after.strip_prefix('*').map_or((false, after), |after| (true, after));
            terms.extend(Term::of(text, star || text.ends_with('*')));
            rest = after.trim_start();
        }
        (!terms.is_empty()).then_some(Self(terms))
    }

    /// The question to the index: each term as a string of its own, so that none is read as syntax.
    pub(crate) fn question(&self) -> String {
        let terms =
            self.0.iter().map(|term| format!("\"{}\"{}", term.text, if term.prefix { "*" } else { "" }));
        terms.collect::<Vec<_>>().join(" ")
    }
}

impl Term {
    fn of(text: &str, prefix: bool) -> Option<Self> {
        // Whatever is neither letter nor digit parts words; the index parts them in the same places.
        let text: String =
            fold(text).chars().map(|c| if c == '"' || c.is_control() { ' ' } else { c }).collect();
        let letters = text.chars().filter(|c| c.is_alphanumeric()).count();
        let (text, ends_alone) = as_indexed(&text);
        let prefix = prefix && letters >= SHORTEST_PREFIX;
        (letters > 0).then_some(Self { text, prefix: prefix || ends_alone })
    }
}

/// What was typed in the words that the index has: a run of a script without spaces by its pairs, where more
/// follows with its last character too; of a long word its beginning. Whether it ends with a single character
/// of such a run, which may have any other behind it.
fn as_indexed(typed: &str) -> (String, bool) {
    let mut text = String::new();
    let mut ends_alone = false;
    let mut chars = typed.trim_end_matches('*').trim_end().chars().peekable();
    let mut word = 0;
    while let Some(c) = chars.next() {
        if !runs_on(c) {
            word = if c.is_alphanumeric() { word + 1 } else { 0 };
            if word <= LONGEST_WORD {
                text.push(c);
            }
            continue;
        }
        word = 0;
        let mut run = vec![c];
        while let Some(next) = chars.next_if(|next| runs_on(*next)) {
            run.push(next);
        }
        let mut words: Vec<String> = run.windows(2).map(|pair| pair.iter().collect()).collect();
        ends_alone = run.len() == 1 && chars.peek().is_none();
        if run.len() == 1 || chars.peek().is_some() {
            words.extend(run.last().map(std::string::ToString::to_string));
        }
        if !text.is_empty() && !text.ends_with(' ') {
            text.push(' ');
        }
        text += &words.join(" ");
        if chars.peek().is_some() {
            text.push(' ');
        }
    }
    (text, ends_alone)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn question(typed: &str) -> Option<String> {
        Words::parse(typed).map(|words| words.question())
    }

    #[test]
    fn words_phrases_and_beginnings() {
        for (typed, asked) in [
            ("alpha", r#""alpha""#),
            ("  alpha\tBeta ", r#""alpha" "beta""#),
            (r#"alpha "beta gamma" delta"#, r#""alpha" "beta gamma" "delta""#),
            ("alph*", r#""alph"*"#),
            (r#""two wor"*"#, r#""two wor"*"#),
            (r#""never closed"#, r#""never closed""#),
            (r#"a"b"c"#, r#""a" "b" "c""#),
            ("a*", r#""a""#),
            ("日", r#""日"*"#),
            ("日本語", r#""日本 本語""#),
            (r#""日本語 v2""#, r#""日本 本語 語  v2""#),
            ("v2日本", r#""v2 日本""#),
            (r#""x 日""#, r#""x 日"*"#),
            ("AND OR NOT NEAR(a b)", r#""and" "or" "not" "near(a" "b)""#),
            ("x:y {z} ^w - -v +u", r#""x:y" "{z}" "^w" "-v" "+u""#),
            ("über 東京", r#""uber" "東京""#),
            ("a\0b", r#""a b""#),
        ] {
            assert_eq!(question(typed).as_deref(), Some(asked), "{typed:?}");
        }
    }

    #[test]
    fn what_has_no_letter_looks_for_nothing() {
        for typed in ["", "  ", "\"", "\"\"", "***", "- + ( )", "\0", "';--"] {
            assert_eq!(question(typed), None, "{typed:?}");
        }
    }

    #[test]
    fn a_search_has_so_many_words_and_no_more() {
        let typed = "word ".repeat(1_000);
        assert_eq!(question(&typed).expect("words").matches("word").count(), MOST);
    }
}
