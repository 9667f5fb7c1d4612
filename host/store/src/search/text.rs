//! The words of a job, as the index is given them.

use crate::search::fold::fold;

/// So many bytes each of payload and result, and of the error's message, can be searched.
pub(crate) const BOUND: usize = 16 * 1024;
/// Of longer words (encoded bytes, mostly) so many characters count, here and in what is typed.
pub(crate) const LONGEST_WORD: usize = 64;

/// Whether a character is of a script that sets no spaces between its words, or grows its words by what follows them.
pub(crate) fn runs_on(c: char) -> bool {
    matches!(u32::from(c),
        0x0e00..=0x0eff                         // Thai, Lao
        | 0x1000..=0x109f | 0xa9e0..=0xa9ff | 0xaa60..=0xaa7f // Burmese
        | 0x1780..=0x17ff | 0x19e0..=0x19ff     // Khmer
        | 0x3005..=0x3007 | 0x3040..=0x30ff | 0x31f0..=0x31ff | 0xff66..=0xff9f // Japanese
        | 0xac00..=0xd7a3                       // Korean
        | 0x3400..=0x4dbf | 0x4e00..=0x9fff | 0xf900..=0xfaff | 0x2_0000..=0x3_ffff // Han
    )
}

/// Adds the words of JSON, or of the first part of it: strings, keys, numbers. What escapes stand for is
/// what is found: `"a\nb"` has the words `a` and `b`.
pub(crate) fn add_json(text: &mut String, json: &str) {
    let mut plain = String::with_capacity(json.len());
    let mut chars = json.chars();
    let mut quoted = false;
    while let Some(c) = chars.next() {
        match (quoted, c) {
            (_, '"') => {
                quoted = !quoted;
                plain.push(' ');
            }
            (true, '\\') => match chars.next() {
                Some('u') => plain.push(unicode(&mut chars)),
                Some('n' | 't' | 'r' | 'b' | 'f') => plain.push(' '),
                Some(c) => plain.push(c),
                None => {}
            },
            (_, c) => plain.push(c),
        }
    }
    add_plain(text, &plain);
}

/// Adds the words of plain text.
pub(crate) fn add_plain(text: &mut String, plain: &str) {
    let mut added = Added::new(text);
    fold(plain).chars().for_each(|c| added.push(c));
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

/// Text that grows by the words of the index. Where a script sets no spaces, each character with the next one
/// is a word, and the last of a run is one by itself: any part of a run is found then, from one character on.
struct Added<'a> {
    text: &'a mut String,
    /// How many characters the word that is being read has.
    word: usize,
    /// The last character of a run.
    run: Option<char>,
}

impl<'a> Added<'a> {
    fn new(text: &'a mut String) -> Self {
        Self { text, word: 0, run: None }
    }

    fn push(&mut self, c: char) {
        if runs_on(c) {
            if self.run.is_none() {
                self.text.push(' ');
            } else {
                self.text.push(c);
                self.text.push(' ');
            }
            self.text.push(c);
            (self.run, self.word) = (Some(c), 0);
            return;
        }
        if self.run.take().is_some() {
            self.text.push(' ');
        }
        if c.is_alphanumeric() {
            self.word += 1;
            if self.word <= LONGEST_WORD {
                self.text.push(c);
            }
            return;
        }
        // A sign inside a word stays: the index parts it there, and a phrase finds it.
        self.text.push(if c.is_control() { ' ' } else { c });
        self.word = 0;
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
        assert_eq!(words(r#""caf\u00e9 \ud835\udc00 \ud835 \u00""#), ["cafe", "a"]);
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
    fn of_encoded_bytes_the_beginning_counts() {
        let blob = "QUJD".repeat(1_000);
        assert_eq!(
            words(&format!(r#"{{"blob":"{blob}","after":"word"}}"#)),
            ["blob", &blob.to_lowercase()[..LONGEST_WORD], "after", "word"]
        );
        let longest = "a".repeat(LONGEST_WORD);
        assert_eq!(words(&format!("\"{longest}\"")), [longest]);
    }

    #[test]
    fn scripts_without_spaces_are_indexed_by_pairs() {
        assert_eq!(words("\"日本語\""), ["日本", "本語", "語"]);
        assert_eq!(words("\"v2日x\""), ["v2", "日", "x"]);
        assert_eq!(words("\"日、本\""), ["日", "本"]);
        assert_eq!(words("\"한국어를\""), ["한국", "국어", "어를", "를"]);
    }
}
