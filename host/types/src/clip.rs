//! Words of strangers, repeated to them.

/// How much of them is.
const MOST_CHARS: usize = 300;

/// What a client sent is repeated to it, but not by the megabyte.
pub fn clip(text: &str) -> String {
    clip_at(text, MOST_CHARS)
}

/// The same, for what may be longer: so many characters.
pub fn clip_at(text: &str, most: usize) -> String {
    let end = text.char_indices().nth(most).map(|(end, _)| end);
    end.map_or_else(|| text.to_owned(), |end| format!("{}…", &text[..end]))
}

#[cfg(test)]
mod tests {
    use super::clip;

    #[test]
    fn what_is_long_is_cut_between_characters() {
        assert_eq!(clip("short"), "short");
        assert_eq!(clip(&"é".repeat(300)), "é".repeat(300));
        assert_eq!(clip(&"é".repeat(301)), "é".repeat(300) + "…");
    }
}
