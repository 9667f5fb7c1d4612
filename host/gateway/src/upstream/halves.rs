//! Characters that were cut in two.
//!
//! A character beyond U+FFFF is two escapes in JSON (`\ud83d\ude00`), and an upstream or a gateway may cut
//! between them, so that each half comes in a delta of its own. Halves that meet are joined; one that is
//! alone is U+FFFD.

use std::borrow::Cow;

/// What stands for what can't be read.
const LOST: char = '\u{fffd}';

/// A text put together from parts.
#[derive(Debug, Default)]
pub(crate) struct Text {
    whole: String,
    /// The first half of a character, at the end of what came.
    half: Option<u32>,
}

impl Text {
    /// Adds a part, UTF-8 but for halves of characters (WTF-8). Answers what is new and whole.
    pub(crate) fn push(&mut self, part: &[u8]) -> &str {
        let before = self.whole.len();
        let mut rest = part;
        while !rest.is_empty() {
            let whole = match std::str::from_utf8(rest) {
                Ok(whole) => whole,
                Err(error) => {
                    let (whole, _) = rest.split_at(error.valid_up_to());
                    std::str::from_utf8(whole).unwrap_or_default()
                }
            };
            if !whole.is_empty() {
                self.lose_half();
                self.whole.push_str(whole);
            }
            rest = &rest[whole.len()..];
            if let Some(half) = half_at(rest) {
                self.push_half(half);
                rest = &rest[3..];
            } else if !rest.is_empty() {
                self.lose_half();
                self.whole.push(LOST);
                rest = &rest[1..];
            }
        }
        &self.whole[before..]
    }

    /// What is whole of it.
    pub(crate) fn as_str(&self) -> &str {
        &self.whole
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.whole.is_empty() && self.half.is_none()
    }

    /// The whole of it.
    pub(crate) fn finish(mut self) -> String {
        self.lose_half();
        self.whole
    }

    fn push_half(&mut self, half: u32) {
        let is_first = half < 0xDC00;
        match self.half.take() {
            Some(first) if !is_first => {
                let joined = 0x10000 + ((first - 0xD800) << 10) + (half - 0xDC00);
                self.whole.push(char::from_u32(joined).unwrap_or(LOST));
                return;
            }
            Some(_) => self.whole.push(LOST),
            None => {}
        }
        if is_first {
            self.half = Some(half);
        } else {
            self.whole.push(LOST);
        }
    }

    fn lose_half(&mut self) {
        if self.half.take().is_some() {
            self.whole.push(LOST);
        }
    }
}

/// The half of a character (U+D800 to U+DFFF) that the bytes begin with.
fn half_at(bytes: &[u8]) -> Option<u32> {
    match bytes {
        [0xED, second @ 0xA0..=0xBF, third @ 0x80..=0xBF, ..] => {
            Some(0xD000 | (u32::from(second & 0x3F) << 6) | u32::from(third & 0x3F))
        }
        _ => None,
    }
}

/// JSON text whose escapes of lone halves are U+FFFD, so that every reader takes it.
pub(crate) fn mended(json: &str) -> Cow<'_, str> {
    let mut mended = String::new();
    let (mut from, mut at) = (0, 0);
    let bytes = json.as_bytes();
    while let Some(found) = json[at..].find('\\') {
        let escape = at + found;
        at = match escape_at(bytes, escape) {
            None => (escape + 2).min(bytes.len()),
            Some(0xD800..0xDC00) if matches!(escape_at(bytes, escape + 6), Some(0xDC00..0xE000)) => {
                escape + 12
            }
            Some(0xD800..0xE000) => {
                mended.push_str(&json[from..escape]);
                mended.push_str("\\ufffd");
                from = escape + 6;
                from
            }
            Some(_) => escape + 6,
        };
        // After a backslash any character may stand in what is no JSON.
        while !json.is_char_boundary(at) {
            at += 1;
        }
    }
    if from == 0 {
        return Cow::Borrowed(json);
    }
    mended.push_str(&json[from..]);
    Cow::Owned(mended)
}

/// The code unit of the `\u` escape that stands here.
fn escape_at(bytes: &[u8], at: usize) -> Option<u32> {
    let digits = bytes.get(at..at + 6)?.strip_prefix(b"\\u")?;
    let digits =
        std::str::from_utf8(digits).ok().filter(|digits| digits.bytes().all(|b| b.is_ascii_hexdigit()))?;
    u32::from_str_radix(digits, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::upstream::object::text_bytes;

    fn joined(parts: &[&str]) -> (Vec<String>, String) {
        let mut text = Text::default();
        let shown = parts.iter().map(|part| {
            let json = format!("\"{part}\"");
            let bytes = text_bytes(&json).expect("a text");
            text.push(&bytes).to_owned()
        });
        let shown = shown.collect();
        (shown, text.finish())
    }

    #[test]
    fn halves_that_meet_are_one_character_and_a_lone_one_is_marked() {
        for (parts, whole) in [
            (&[r"Done \ud83d", r"\ude00!"][..], "Done \u{1f600}!"),
            (&[r"\ud83d", "", r"\ude00"], "\u{1f600}"),
            (&[r"\ud83d\ude00"], "\u{1f600}"),
            (&[r"a\ud83d"], "a\u{fffd}"),
            (&[r"\ude00b"], "\u{fffd}b"),
            (&[r"\ud83d", "x"], "\u{fffd}x"),
            (&[r"\ud83d", r"\ud83d", r"\ude00"], "\u{fffd}\u{1f600}"),
            (&[r"\ude00", r"\ud83d"], "\u{fffd}\u{fffd}"),
            (&["Gr\u{fc}\u{df}e ", "\u{4f60}\u{597d}"], "Gr\u{fc}\u{df}e \u{4f60}\u{597d}"),
        ] {
            let (shown, text) = joined(parts);
            assert_eq!(text, whole, "{parts:?}");
            assert!(whole.starts_with(&shown.concat()), "{shown:?} is shown of {whole}");
        }
        // Bytes that are no half of anything either.
        let mut text = Text::default();
        text.push(b"a\xff\xedb");
        assert_eq!(text.finish(), "a\u{fffd}\u{fffd}b");
    }

    #[test]
    fn json_with_lone_halves_is_mended_and_other_json_is_left_alone() {
        for (json, mends) in [
            (r#"{"a":"\ud83d"}"#, r#"{"a":"\ufffd"}"#),
            (r#"["\uD83D\uDE00","\ude00\ud83d"]"#, r#"["\uD83D\uDE00","\ufffd\ufffd"]"#),
            (r#""\\ud83d \n\u00e9""#, r#""\\ud83d \n\u00e9""#),
            (r#""\ud83d\u0041""#, r#""\ufffd\u0041""#),
            ("\"\\\u{e9}\\", "\"\\\u{e9}\\"),
            (r#""\ud8"#, r#""\ud8"#),
        ] {
            assert_eq!(mended(json), mends);
        }
        assert!(matches!(mended(r#"{"a":"\u00e9"}"#), Cow::Borrowed(_)));
    }
}
