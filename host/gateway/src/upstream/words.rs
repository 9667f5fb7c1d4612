//! Short words of the wire: a model, a tier, a reason. Bounded and cleaned where they are read.

use crate::upstream::object::text;

/// The most bytes of such a word.
pub(crate) const MOST_WORD_BYTES: usize = 64;
/// The most different words that are kept for one thing.
const MOST_WORDS: usize = 4;
/// What stands for words that can't be read, or are more than are kept. No price knows it.
const UNREAD: &str = "?";

/// Text of a stranger as one line of bounded length: no control characters, none that turn or hide text.
pub(crate) fn clean(text: &str, most_bytes: usize) -> String {
    let mut line = String::new();
    let mut chars = text.chars().peekable();
    while let Some(char) = chars.next() {
        if char == '\u{1b}' {
            escape_sequence(&mut chars);
            continue;
        }
        let char = if hides(char) { ' ' } else { char };
        if char.is_whitespace() && (line.is_empty() || line.ends_with(' ')) {
            continue;
        }
        let char = if char.is_whitespace() { ' ' } else { char };
        if line.len() + char.len_utf8() > most_bytes {
            break;
        }
        line.push(char);
    }
    line.truncate(line.trim_end().len());
    line
}

// A terminal's sequence is skipped as a whole: its letters mean nothing to a reader.
fn escape_sequence(chars: &mut std::iter::Peekable<std::str::Chars<'_>>) {
    match chars.next() {
        Some('[') => {
            while chars.next_if(|char| matches!(char, '\u{20}'..='\u{3f}')).is_some() {}
            chars.next_if(|char| matches!(char, '\u{40}'..='\u{7e}'));
        }
        // A title or a link, up to its bell or its terminator.
        Some(']' | 'P' | '_' | '^' | 'X') => {
            while let Some(char) = chars.next_if(|char| *char != '\n') {
                if char == '\u{7}' || char == '\u{9c}' {
                    break;
                }
                if char == '\u{1b}' {
                    chars.next_if_eq(&'\\');
                    break;
                }
            }
        }
        _ => {}
    }
}

fn hides(char: char) -> bool {
    char.is_control()
        || matches!(char,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// A word as JSON; none where it is no text.
pub(crate) fn word(json: &str) -> Option<String> {
    Some(clean(&text(json)?, MOST_WORD_BYTES))
}

/// The different words that were said for one thing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Words {
    kept: Vec<String>,
    /// There were more than are kept.
    more: bool,
}

impl Words {
    pub(crate) fn take(&mut self, json: &str) {
        self.take_said(word(json).unwrap_or_else(|| UNREAD.to_owned()));
    }

    fn take_said(&mut self, said: String) {
        if said.is_empty() || self.kept.contains(&said) {
            return;
        }
        if self.kept.len() < MOST_WORDS {
            self.kept.push(said);
        } else {
            // The last place is the one of those that are not kept.
            UNREAD.clone_into(&mut self.kept[MOST_WORDS - 1]);
            self.more = true;
        }
    }

    /// Takes the words that were said elsewhere for the same.
    pub(crate) fn take_all(&mut self, other: Self) {
        self.more |= other.more;
        for said in other.kept {
            self.take_said(said);
        }
    }

    /// Each of the words, to take out of it what must not be told.
    pub(crate) fn each_mut(&mut self) -> impl Iterator<Item = &mut String> {
        self.kept.iter_mut()
    }

    pub(crate) fn all(&self) -> &[String] {
        &self.kept
    }

    /// Whether more were said than are kept: any word may be among them.
    pub(crate) fn has_more(&self) -> bool {
        self.more
    }

    /// The dearest of the words, of which `known` are those with a price, the cheapest first: one that is not
    /// among them may cost anything.
    pub(crate) fn dearest(&self, known: &[&str]) -> Option<String> {
        let rank = |said: &&String| known.iter().position(|word| word.eq_ignore_ascii_case(said));
        let said = self.kept.iter().max_by_key(|said| rank(said).unwrap_or(known.len()))?;
        Some(rank(&said).map_or_else(|| said.clone(), |at| known[at].to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_stranger_wrote_is_one_clean_line() {
        for (text, line) in [
            ("  two\r\n\tlines ", "two lines"),
            ("bad \u{1b}[31mred\u{1b}[0m\u{1b}]0;title\u{7} end", "bad red end"),
            ("a\u{202e}b\u{200b}c\u{0}d", "a b c d"),
            ("\u{9b}31mx\u{1b}", "31mx"),
            ("\u{1b}]8;;http://x\u{1b}\\link", "link"),
            ("Gr\u{fc}\u{df}e \u{1f600}", "Gr\u{fc}\u{df}e \u{1f600}"),
        ] {
            assert_eq!(clean(text, 100), line);
        }
        assert_eq!(clean(&"\u{1f600}".repeat(9), 10), "\u{1f600}\u{1f600}");
    }

    #[test]
    fn of_several_words_the_dearest_is_told() {
        let dearest = |said: &[&str]| {
            let mut words = Words::default();
            for said in said {
                words.take(&format!("\"{said}\""));
            }
            words.dearest(&["batch", "standard"])
        };
        assert_eq!(dearest(&[]), None);
        assert_eq!(dearest(&["batch"]).as_deref(), Some("batch"));
        assert_eq!(dearest(&["Standard", "batch"]).as_deref(), Some("standard"));
        assert_eq!(dearest(&["priority", "standard"]).as_deref(), Some("priority"));
        // More than are kept are taken for one that has no price.
        assert_eq!(dearest(&["batch", "batch ", "BATCH", "Batch", "bAtch", "batcH"]).as_deref(), Some("?"));
        let mut words = Words::default();
        words.take("7");
        assert_eq!(words.dearest(&["batch"]).as_deref(), Some("?"));
        for (more, said) in ["1", "\"a\"", "\"b\"", "\"c\"", "\"a\"", "\"d\""].into_iter().enumerate() {
            words.take(said);
            assert_eq!(words.has_more(), more == 5, "after {said}");
        }
    }
}
