//! What a form holds and sends back.

use anvil_types::turns_direction;
use askama::filters::{Escaper, Html};
use std::fmt::{self, Write};

/// Text in a form's field: nothing of it is changed that a person does not change. A character that turns the direction
/// of a text is written by its number, since a page has none of them raw (`answer::html`).
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct FormText;

impl Escaper for FormText {
    fn write_escaped_str<W: Write>(&self, mut to: W, text: &str) -> fmt::Result {
        let mut rest = text;
        while let Some((at, turns)) = rest.char_indices().find(|(_, c)| turns_direction(*c)) {
            Html.write_escaped_str(&mut to, &rest[..at])?;
            write!(to, "&#x{:x};", u32::from(turns))?;
            rest = &rest[at + turns.len_utf8()..];
        }
        Html.write_escaped_str(to, rest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_holds_what_it_was_given() {
        let mut out = String::new();
        FormText.write_escaped_str(&mut out, "<a\u{202e}gnp.exe\u{200f}é").expect("a String takes all");
        assert_eq!(out, "&#60;a&#x202e;gnp.exe&#x200f;é");
    }
}
