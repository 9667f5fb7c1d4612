//! The simulator's tokenizer: deterministic, cheap, and never above the bytes of the text.
//!
//! A token is one of: up to four ASCII letters (with the one space before them), up to three ASCII digits (likewise),
//! one run of up to 16 white-space characters, one punctuation character, or one other character. Each takes at least one byte, so the
//! count never exceeds the UTF-8 length: a client that bounds a text by its bytes is safe. English prose comes to
//! between three and four bytes a token.

/// Tokens that each message adds to those of its text.
pub const MESSAGE_OVERHEAD: u64 = 3;
/// Tokens that each tool adds to those of its name, description and compact JSON schema.
pub const TOOL_OVERHEAD: u64 = 10;

const LETTERS: usize = 4;
const DIGITS: usize = 3;
const WHITE: usize = 16;

/// The text, cut into its tokens. Joined together they are the text again.
pub fn token_pieces(text: &str) -> Pieces<'_> {
    Pieces { rest: text }
}

/// How many tokens the text has; at most its length in bytes.
pub fn count_tokens(text: &str) -> u64 {
    token_pieces(text).fold(0, |n, _| n + 1)
}

/// Iterator over the tokens of a text, see [`token_pieces`].
#[derive(Debug, Clone)]
pub struct Pieces<'a> {
    rest: &'a str,
}

impl<'a> Iterator for Pieces<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        let bytes = self.rest.as_bytes();
        let first = *bytes.first()?;
        let lead = usize::from(first == b' ' && bytes.get(1).is_some_and(u8::is_ascii_alphanumeric));
        let run = |from: usize, most: usize, of: fn(&u8) -> bool| {
            from + bytes[from..].iter().take(most).take_while(|b| of(b)).count()
        };
        let kind = bytes[lead];
        let length = if kind.is_ascii_alphabetic() {
            run(lead, LETTERS, u8::is_ascii_alphabetic)
        } else if kind.is_ascii_digit() {
            run(lead, DIGITS, u8::is_ascii_digit)
        } else if kind.is_ascii_whitespace() {
            let end = run(0, WHITE, u8::is_ascii_whitespace);
            // The last space of a run belongs to the word that follows it.
            let before_word =
                end > 1 && bytes[end - 1] == b' ' && bytes.get(end).is_some_and(u8::is_ascii_alphanumeric);
            if before_word { end - 1 } else { end }
        } else if kind.is_ascii() {
            1
        } else {
            self.rest.chars().next().map_or(1, char::len_utf8)
        };
        let (piece, rest) = self.rest.split_at(length);
        self.rest = rest;
        Some(piece)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn english_takes_three_to_four_bytes_a_token() {
        let text = "The quick brown fox jumps over the lazy dog, and then it considers whether the budget allows \
                    another call. Untrusted agents never learn what a call costs until the settlement arrives.";
        let bytes = text.len() as u64;
        let tokens = count_tokens(text);
        assert!(bytes >= 3 * tokens && bytes <= 4 * tokens, "{bytes} bytes, {tokens} tokens");
    }

    proptest! {
        #[test]
        fn tokens_never_exceed_bytes_and_join_to_the_text(text in any::<String>()) {
            let pieces: Vec<&str> = token_pieces(&text).collect();
            prop_assert!(pieces.len() <= text.len());
            prop_assert!(pieces.iter().all(|p| !p.is_empty()));
            prop_assert_eq!(pieces.concat(), text);
        }

        #[test]
        fn code_like_texts_join_too(text in "[ a-z0-9\n\t{}();é漢]{0,200}") {
            prop_assert_eq!(token_pieces(&text).collect::<String>(), text);
        }
    }
}
