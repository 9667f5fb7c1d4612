//! JSON data without the white space between its parts.
//!
//! Strings, numbers and names stay byte for byte, and so do the order of members and members of one name: nothing is read
//! into a value and written again. Source of the grammar: RFC 8259.

use crate::layout::{Kind, parts};
use std::borrow::Cow;

/// What is nested deeper is no data that is looked at.
const DEEPEST: u32 = u128::BITS;

/// The text with each block of JSON data in it minified; what is no data for certain stays.
pub fn with_data_minified(text: &str) -> Cow<'_, str> {
    if !text.contains(['{', '[']) {
        return Cow::Borrowed(text);
    }
    let parts = parts(text);
    if parts.iter().all(|part| part.kind != Kind::Json) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    for part in parts {
        match (part.kind, minified(part.text)) {
            (Kind::Json, Some(shorter)) => {
                let before = part.text.len() - part.text.trim_start().len();
                out.push_str(&part.text[..before]);
                out.push_str(&shorter);
                out.push_str(&part.text[part.text.trim_end().len()..]);
            }
            _ => out.push_str(part.text),
        }
    }
    if out.len() < text.len() { Cow::Owned(out) } else { Cow::Borrowed(text) }
}

/// A text that is one JSON object or list, without white space between its parts; none where it is no such text.
pub fn minified(text: &str) -> Option<String> {
    let text = text.trim_matches(WHITE);
    let mut out = String::with_capacity(text.len());
    let end = Scan { bytes: text.as_bytes(), at: 0, out: Some((&mut out, text)) }.document()?;
    (end == text.len()).then_some(out)
}

/// Where the JSON object or list ends with which a text begins; else how far it was read before it turned out to be none.
pub(crate) fn end_of_data(text: &str) -> Result<usize, usize> {
    let mut scan = Scan { bytes: text.as_bytes(), at: 0, out: None };
    scan.document().ok_or(scan.at)
}

/// The white space of JSON.
const WHITE: [char; 4] = [' ', '\t', '\n', '\r'];

/// Reads JSON, and copies what is not white space.
struct Scan<'t, 'o> {
    bytes: &'t [u8],
    at: usize,
    out: Option<(&'o mut String, &'t str)>,
}

/// What may come next.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Next {
    Value,
    /// A value, or the end of a list that has none.
    FirstItem,
    /// A member's name, or the end of an object that has none.
    FirstName,
    Name,
    /// A comma, or the end.
    More,
}

/// The objects and lists that are open.
#[derive(Default)]
struct Open {
    depth: u32,
    /// Which of them are objects, the innermost last.
    objects: u128,
}

impl Open {
    /// One more; none where it is too deep.
    fn push(&mut self, is_object: bool) -> Option<()> {
        self.depth = (self.depth < DEEPEST).then_some(self.depth + 1)?;
        self.objects = self.objects << 1 | u128::from(is_object);
        Some(())
    }

    fn is_in_object(&self) -> bool {
        self.objects & 1 == 1
    }

    /// The innermost ends; whether it was an object.
    fn pop(&mut self) -> Option<bool> {
        self.depth = self.depth.checked_sub(1)?;
        let is_object = self.is_in_object();
        self.objects >>= 1;
        Some(is_object)
    }
}

impl Scan<'_, '_> {
    fn document(&mut self) -> Option<usize> {
        if !matches!(self.bytes.first(), Some(b'{' | b'[')) {
            return None;
        }
        let mut open = Open::default();
        let mut next = Next::Value;
        loop {
            self.white();
            let byte = *self.bytes.get(self.at)?;
            match (next, byte) {
                (Next::Value | Next::FirstItem, b'{' | b'[') => {
                    open.push(byte == b'{')?;
                    self.take(1);
                    next = if byte == b'{' { Next::FirstName } else { Next::FirstItem };
                    continue;
                }
                (Next::FirstItem, b']') | (Next::FirstName, b'}') => {
                    self.take(1);
                    open.pop();
                }
                (Next::More, b']' | b'}') => {
                    if open.pop() != Some(byte == b'}') {
                        return None;
                    }
                    self.take(1);
                }
                (Next::More, b',') => {
                    self.take(1);
                    next = if open.is_in_object() { Next::Name } else { Next::Value };
                    continue;
                }
                (Next::FirstName | Next::Name, b'"') => {
                    self.string()?;
                    self.white();
                    if self.bytes.get(self.at) != Some(&b':') {
                        return None;
                    }
                    self.take(1);
                    next = Next::Value;
                    continue;
                }
                (Next::Value | Next::FirstItem, b'"') => self.string()?,
                (Next::Value | Next::FirstItem, _) => self.word_or_number()?,
                _ => return None,
            }
            if open.depth == 0 {
                return Some(self.at);
            }
            next = Next::More;
        }
    }

    fn white(&mut self) {
        while matches!(self.bytes.get(self.at), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn take(&mut self, count: usize) {
        if let Some((out, text)) = &mut self.out {
            out.push_str(&text[self.at..self.at + count]);
        }
        self.at += count;
    }

    fn string(&mut self) -> Option<()> {
        let rest = &self.bytes[self.at..];
        let mut at = 1;
        loop {
            match *rest.get(at)? {
                b'"' => break,
                b'\\' => match *rest.get(at + 1)? {
                    b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => at += 2,
                    b'u' if rest.get(at + 2..at + 6)?.iter().all(u8::is_ascii_hexdigit) => at += 6,
                    _ => return None,
                },
                0..0x20 => return None,
                _ => at += 1,
            }
        }
        self.take(at + 1);
        Some(())
    }

    fn word_or_number(&mut self) -> Option<()> {
        let rest = &self.bytes[self.at..];
        let word = [&b"true"[..], b"false", b"null"].into_iter().find(|word| rest.starts_with(word));
        let length = word.map(<[u8]>::len).or_else(|| number(rest))?;
        // It ends where something else begins.
        if rest.get(length).is_some_and(|byte| byte.is_ascii_alphanumeric() || b"+-._\"".contains(byte)) {
            return None;
        }
        self.take(length);
        Some(())
    }
}

/// The length of the number at a text's beginning.
fn number(text: &[u8]) -> Option<usize> {
    let digits = |from: usize| {
        text.get(from..).map_or(0, |rest| rest.iter().take_while(|byte| byte.is_ascii_digit()).count())
    };
    let mut at = usize::from(text.first() == Some(&b'-'));
    let whole = digits(at);
    if whole == 0 || (whole > 1 && text[at] == b'0') {
        return None;
    }
    at += whole;
    if text.get(at) == Some(&b'.') {
        let part = digits(at + 1);
        at += 1 + part;
        if part == 0 {
            return None;
        }
    }
    if matches!(text.get(at), Some(b'e' | b'E')) {
        at += 1 + usize::from(matches!(text.get(at + 1), Some(b'+' | b'-')));
        let power = digits(at);
        at += power;
        if power == 0 {
            return None;
        }
    }
    Some(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_between_parts_goes_and_every_part_stays() {
        for (text, shorter) in [
            (
                " { \"a\" : [ 1e15 , 1E+5, -0.10 ] , \"a\":\t\"x  \\\" y\" }\n",
                r#"{"a":[1e15,1E+5,-0.10],"a":"x  \" y"}"#,
            ),
            ("[ ]", "[]"),
            ("{\n}", "{}"),
            ("[true , false,null]", "[true,false,null]"),
            ("[\"\\ud83d\"]", "[\"\\ud83d\"]"),
        ] {
            assert_eq!(minified(text).as_deref(), Some(shorter));
        }
    }

    #[test]
    fn what_is_no_json_is_none() {
        let deep = "[".repeat(200) + &"]".repeat(200);
        for text in [
            "",
            "1",
            "\"a\"",
            "{",
            "[1,]",
            "{\"a\":1,}",
            "{a:1}",
            "['a']",
            "[01]",
            "[1.]",
            "[.5]",
            "[1e]",
            "[+1]",
            "[NaN]",
            "[1 2]",
            "[1] [2]",
            "{\"a\" 1}",
            "[\"a\nb\"]",
            "[\"\\x\"]",
            "[\"\\u12\"]",
            "[truex]",
            "{]",
            "[1}",
            "[1]x",
            &deep,
        ] {
            assert_eq!(minified(text), None, "{text}");
        }
    }

    #[test]
    fn data_between_other_text_is_minified_and_code_is_not() {
        let text = "Here:\n\n{\n  \"a\": 1\n}\n\nand\n\n```json\n{\n  \"a\": 1\n}\n```\n";
        assert_eq!(with_data_minified(text), "Here:\n\n{\"a\":1}\n\nand\n\n```json\n{\n  \"a\": 1\n}\n```\n");
        for text in [
            "x = {\n  \"a\": 1\n}\n",
            "{ \"a\": 1 } and more\n",
            "in code:\n    { \"a\": 1 }\n",
            "[ 1, 2 ]\n then\n",
        ] {
            assert_eq!(with_data_minified(text), text);
        }
    }
}
