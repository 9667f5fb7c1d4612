//! The words of a job, as the index is given them.

/// So many bytes each of payload and result, and of the error's message, can be searched.
pub(super) const BOUND: usize = 16 * 1024;
/// Longer words are no words (encoded bytes, mostly) and are left out.
const LONGEST_WORD: usize = 64;

/// Adds the words of JSON, or of the first part of it: strings, keys, numbers. What escapes stand for is
/// what is found: `"a\nb"` has the words `a` and `b`.
pub(super) fn add_json(text: &mut String, json: &str) {
    let mut added = Added::new(text);
    let mut chars = json.chars();
    let mut quoted = false;
    while let Some(c) = chars.next() {
        match (quoted, c) {
            (_, '"') => {
                quoted = !quoted;
                added.push(' ');
            }
            (true, '\\') => match chars.next() {
                Some('u') => added.push(unicode(&mut chars)),
                Some('n' | 't' | 'r' | 'b' | 'f') => added.push(' '),
                Some(plain) => added.push(plain),
                None => {}
            },
            (_, c) => added.push(c),
        }
    }
    added.push(' ');
}

/// Adds the words of plain text.
pub(super) fn add_plain(text: &mut String, plain: &str) {
    let mut added = Added::new(text);
    plain.chars().for_each(|c| added.push(c));
    added.push(' ');
}

/// The character of a `\uXXXX`; a pair of surrogates is one. A broken one is a space.
fn unicode(chars: &mut std::str::Chars<'_>) -> char {
    let Some(first) = hex(chars) else { return ' ' };
    if (0xd800..0xdc00).contains(&first) {
        let mut ahead = chars.clone();
        if ahead.next() == Some('\\')
            && ahead.next() == Some('u')
            && let Some(second @ 0xdc00..0xe000) = hex(&mut ahead)
        {
            *chars = ahead;
            return char::from_u32(0x1_0000 + ((first - 0xd800) << 10) + (second - 0xdc00)).unwrap_or(' ');
        }
    }
    char::from_u32(first).unwrap_or(' ')
}

fn hex(chars: &mut std::str::Chars<'_>) -> Option<u32> {
    (0..4).try_fold(0, |sum, _| Some(sum << 4 | chars.next()?.to_digit(16)?))
}

/// Text that grows, without words that are too long.
struct Added<'a> {
    text: &'a mut String,
    /// Where the word that is being read began, and how many characters it has.
    word: (usize, usize),
}

impl<'a> Added<'a> {
    fn new(text: &'a mut String) -> Self {
        let word = (text.len(), 0);
        Self { text, word }
    }

    fn push(&mut self, c: char) {
        if c.is_alphanumeric() {
            self.word.1 += 1;
            if self.word.1 <= LONGEST_WORD {
                self.text.push(c);
            }
            return;
        }
        if self.word.1 > LONGEST_WORD {
            self.text.truncate(self.word.0);
        }
        // A sign inside a word stays: the index parts it there, and a phrase finds it.
        self.text.push(if c.is_control() { ' ' } else { c });
        self.word = (self.text.len(), 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(json: &str) -> Vec<String> {
        let mut text = String::new();
        add_json(&mut text, json);
        text.split(|c: char| !c.is_alphanumeric())
            .filter(|word| !word.is_empty())
            .map(str::to_owned)
            .collect()
    }

    #[test]
    fn escapes_are_what_they_stand_for() {
        assert_eq!(words(r#"{"key":"one\ntwo\tthree"}"#), ["key", "one", "two", "three"]);
        assert_eq!(words(r#""caf\u00e9 \ud835\udc00 \ud835 \u00""#), ["café", "𝐀"]);
        assert_eq!(
            words(r#"["a\"b", "c\\d", 12345678901234567890, true]"#),
            ["a", "b", "c", "d", "12345678901234567890", "true"]
        );
    }

    #[test]
    fn json_that_is_cut_anywhere_is_read_as_far_as_it_goes() {
        let json = r#"{"text":"x\ud835\udc00y \"quoted\" \\","n":[1,2]}"#;
        for end in 0..=json.len() {
            words(&json[..end]);
        }
    }

    #[test]
    fn encoded_bytes_are_no_words() {
        let blob = "QUJD".repeat(1_000);
        assert_eq!(words(&format!(r#"{{"blob":"{blob}","after":"word"}}"#)), ["blob", "after", "word"]);
        let longest = "a".repeat(LONGEST_WORD);
        assert_eq!(words(&format!("\"{longest}\"")), [longest]);
    }
}
