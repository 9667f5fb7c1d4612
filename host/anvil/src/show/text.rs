//! Untrusted text on a terminal.

/// One line without control characters: what a plugin says must not move the cursor, set the title or
/// reverse the reading order.
pub(crate) fn clean(text: &str) -> String {
    text.chars().map(|c| if c == '\n' || c == '\t' { ' ' } else { harmless(c) }).collect()
}

/// Likewise, with its line ends and tabs.
pub(crate) fn clean_lines(text: &str) -> String {
    text.chars().map(|c| if c == '\n' || c == '\t' { c } else { harmless(c) }).collect()
}

/// JSON with indentation, safe for a terminal: numbers, names and their order as they came.
pub(crate) fn indented(json: &str) -> String {
    clean_lines(&anvil_types::json_text::indented(json, usize::MAX).text)
}

/// The first line, cut where it is longer than `most` characters.
pub(crate) fn first_line(text: &str, most: usize) -> String {
    let line = clean(text.trim().lines().next().unwrap_or_default());
    if line.chars().count() <= most {
        return line;
    }
    let mut cut: String = line.chars().take(most.saturating_sub(1)).collect();
    cut.push('…');
    cut
}

fn harmless(c: char) -> char {
    if c.is_control() || anvil_types::turns_direction(c) { '\u{fffd}' } else { c }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plugin_cannot_drive_the_terminal() {
        assert_eq!(clean("a\u{1b}[2Jb\rc\nd\u{9b}e\u{202e}f"), "a\u{fffd}[2Jb\u{fffd}c d\u{fffd}e\u{fffd}f");
        assert_eq!(clean_lines("a\n\tb\u{7}"), "a\n\tb\u{fffd}");
    }

    #[test]
    fn a_long_line_is_cut_with_a_sign() {
        assert_eq!(first_line("abcdef\nx", 4), "abc…");
        assert_eq!(first_line(" ab ", 4), "ab");
    }
}
