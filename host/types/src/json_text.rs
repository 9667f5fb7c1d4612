//! JSON text made readable without reading it: numbers, names and their order stay as they were written. A character that
//! turns the direction of a text is written as its escape, which is the same value and turns nothing.

use crate::turns_direction;
use std::fmt::Write as _;

/// Text that may be too long to show.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Indented {
    /// The text, with two spaces for each level.
    pub text: String,
    /// Whether it ends before its end.
    pub cut: bool,
}

/// Well-formed JSON with two spaces of indentation, ended after at most `most` bytes.
pub fn indented(json: &str, most: usize) -> Indented {
    let mut text = String::with_capacity(json.len().min(most));
    let mut depth = 0_usize;
    let (mut inside, mut escaped) = (false, false);
    let mut rest = json.chars().peekable();
    while let Some(c) = rest.next() {
        if text.len() >= most {
            text.truncate(text.floor_char_boundary(most));
            return Indented { text, cut: true };
        }
        if inside {
            if turns_direction(c) {
                // Writing to a String cannot fail.
                let _ = write!(text, "\\u{:04x}", u32::from(c));
                continue;
            }
            text.push(c);
            inside = escaped || c != '"';
            escaped = !escaped && c == '\\';
            continue;
        }
        match c {
            ' ' | '\n' | '\r' | '\t' => {}
            '"' => {
                inside = true;
                text.push(c);
            }
            '{' | '[' => {
                text.push(c);
                while rest.next_if(char::is_ascii_whitespace).is_some() {}
                if let Some(end) = rest.next_if(|c| matches!(c, '}' | ']')) {
                    text.push(end);
                } else {
                    depth += 1;
                    line(&mut text, depth);
                }
            }
            '}' | ']' => {
                depth = depth.saturating_sub(1);
                line(&mut text, depth);
                text.push(c);
            }
            ',' => {
                text.push(c);
                line(&mut text, depth);
            }
            ':' => text.push_str(": "),
            other => text.push(other),
        }
    }
    let cut = text.len() > most;
    text.truncate(text.floor_char_boundary(most));
    Indented { text, cut }
}

fn line(text: &mut String, depth: usize) {
    /// What is nested more deeply is not moved further to the right: it would be blanks for the most part.
    const DEEPEST: usize = 64;
    text.push('\n');
    text.extend(std::iter::repeat_n("  ", depth.min(DEEPEST)));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn readable_json_says_what_the_text_says_to_the_last_digit() {
        let json = r#"{"z":9007199254740993,"a":[1.50,{"\\\"x, {":[]}, { } ],"n":12345678901234567890.5,"t":"a,b:\\"}"#;
        let whole = indented(json, usize::MAX);
        assert_eq!(
            whole.text,
            "{\n  \"z\": 9007199254740993,\n  \"a\": [\n    1.50,\n    {\n      \"\\\\\\\"x, {\": []\n    },\n    {}\n  ],\n  \
             \"n\": 12345678901234567890.5,\n  \"t\": \"a,b:\\\\\"\n}"
        );
        assert!(!whole.cut);
        let read = |text: &str| serde_json::from_str::<serde_json::Value>(text).expect("JSON");
        assert_eq!(read(&whole.text), read(json));
        assert_eq!(indented("[\"a\u{202e}b\"]", usize::MAX).text, "[\n  \"a\\u202eb\"\n]");
        for plain in ["null", "\"\"", "[]", "-0"] {
            assert_eq!(indented(plain, usize::MAX).text, plain);
        }
    }

    #[test]
    fn a_text_without_end_is_cut_between_two_characters() {
        let json = format!("\"{}\"", "é".repeat(1_000_000));
        let cut = indented(&json, 1_000);
        assert!(cut.cut && cut.text.len() <= 1_000 && cut.text.starts_with("\"éé"));
        let deep = format!("{}{}", "[".repeat(5_000), "]".repeat(5_000));
        assert!(indented(&deep, 10_000).text.len() <= 10_000);
        assert_eq!(indented("[1]", 3), Indented { text: "[\n ".to_owned(), cut: true });
    }
}
