//! Characters that turn the direction in which a text is read, so that it reads as what it is not: `a<U+202E>gnp.exe`
//! reads `aexe.png`. What strangers say is shown without them.

use std::borrow::Cow;

/// Whether a character overrides the direction of what follows it (Unicode Annex 9: embeddings, overrides, isolates and
/// their ends).
pub fn overrides_direction(c: char) -> bool {
    matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Whether a character that nobody sees changes the order in which others are shown: an override, or a mark.
pub fn turns_direction(c: char) -> bool {
    overrides_direction(c) || matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}')
}

/// A stranger's text as it is shown to people: in place of each character that turns it stands U+FFFD.
pub fn upright(text: &str) -> Cow<'_, str> {
    if text.contains(turns_direction) {
        text.replace(turns_direction, "\u{fffd}").into()
    } else {
        text.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_reads_as_it_is_and_letters_of_any_script_stay() {
        assert_eq!(upright("a\u{202e}gnp.exe"), "a\u{fffd}gnp.exe");
        assert_eq!(upright("a\u{2067}b\u{2069}c\u{200f}d\u{61c}"), "a\u{fffd}b\u{fffd}c\u{fffd}d\u{fffd}");
        for plain in ["שלום", "مرحبا", "é👩\u{200d}🔧", "a\n\tb"] {
            assert!(matches!(upright(plain), Cow::Borrowed(same) if same == plain));
        }
    }
}
