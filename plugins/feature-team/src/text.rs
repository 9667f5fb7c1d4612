//! Strangers' texts, made fit for a line, a bound or a page.

/// A text on one line, of at most so many characters: white space and control characters are one space.
pub fn line(text: &str, most: usize) -> String {
    let words = text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty());
    let line = words.collect::<Vec<_>>().join(" ");
    if line.chars().count() <= most {
        return line;
    }
    line.chars().take(most.saturating_sub(1)).chain(['…']).collect()
}

/// The beginning of a text that has at most so many bytes, and whether that is all of it. It ends with a line where
/// one ends in its second half.
pub fn beginning(text: &str, most: usize) -> (&str, Whole) {
    if text.len() <= most {
        return (text, Whole::Yes);
    }
    let head = &text[..text.floor_char_boundary(most)];
    let end = head.rfind('\n').filter(|end| *end >= head.len() / 2).map_or(head.len(), |end| end + 1);
    (&head[..end], Whole::No)
}

/// Whether a text is all there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whole {
    /// It is.
    Yes,
    /// It was cut.
    No,
}

/// A text as a block of Markdown that nothing in it can end.
pub fn block(text: &str) -> String {
    let fence = "`".repeat(longest_run(text).max(2) + 1);
    let end = if text.ends_with('\n') { "" } else { "\n" };
    format!("{fence}\n{text}{end}{fence}\n")
}

/// A name as a span of code that nothing in it can end.
pub fn span(name: &str) -> String {
    let fence = "`".repeat(longest_run(name) + 1);
    let pad = if name.starts_with('`') || name.ends_with('`') { " " } else { "" };
    format!("{fence}{pad}{name}{pad}{fence}")
}

/// The longest run of backticks.
fn longest_run(text: &str) -> usize {
    text.split(|c| c != '`').map(str::len).max().unwrap_or(0)
}

/// The text of bytes, where they are one.
pub fn of_bytes(bytes: &[u8]) -> Option<&str> {
    std::str::from_utf8(bytes).ok().filter(|text| !text.contains('\0'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_text_is_cut_behind_a_line_where_that_leaves_enough_of_it() {
        assert_eq!(beginning("abc", 3), ("abc", Whole::Yes));
        assert_eq!(beginning("one\ntwo\nthree", 9), ("one\ntwo\n", Whole::No));
        assert_eq!(beginning("a\nbcdefghij", 8), ("a\nbcdefg", Whole::No));
        assert_eq!(beginning("ééé", 3), ("é", Whole::No));
        assert_eq!(beginning("x", 0), ("", Whole::No));
    }

    #[test]
    fn a_line_is_one_line() {
        assert_eq!(line(" a\n\tb\0c\u{85}d ", 20), "a b c d");
        assert_eq!(line("abcdef", 4), "abc…");
        assert_eq!(line("", 4), "");
    }

    #[test]
    fn bytes_are_a_text_or_none() {
        assert_eq!(of_bytes("é".as_bytes()), Some("é"));
        assert_eq!((of_bytes(b"a\0b"), of_bytes(b"\xff")), (None, None));
    }

    proptest! {
        #[test]
        fn nothing_in_a_text_ends_its_block(text in "[`~a\n]{0,40}") {
            let block = block(&text);
            let fence = block.lines().next().expect("a fence");
            let inside = block[fence.len()..].trim_end_matches('\n').strip_suffix(fence).expect("its end");
            prop_assert!(!inside.contains(fence), "{block}");
            let span = span(&text.replace('\n', ""));
            prop_assert!(span.starts_with('`') && span.ends_with('`'));
        }
    }
}
