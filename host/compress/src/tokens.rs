//! About how many tokens a text has.

/// Letters that make a token, at most.
const LETTERS: usize = 4;
/// Digits.
const DIGITS: usize = 3;
/// Characters of white space.
const WHITE: usize = 16;

/// About how many tokens a text has, to tell by how much one text is shorter than another: four letters, three digits, a run
/// of white space, or one other character. The space before a word belongs to it. No tokenizer of Claude's is published;
/// what an answer counts is what calibrates this.
pub fn about_tokens(text: &str) -> u64 {
    let bytes = text.as_bytes();
    let run = |from: usize, most: usize, of: fn(&u8) -> bool| {
        bytes[from..].iter().take(most).take_while(|byte| of(byte)).count()
    };
    let (mut at, mut tokens) = (0, 0);
    while let Some(first) = bytes.get(at) {
        let word = usize::from(*first == b' ' && bytes.get(at + 1).is_some_and(u8::is_ascii_alphanumeric));
        let kind = bytes[at + word];
        at += if kind.is_ascii_alphabetic() {
            word + run(at + word, LETTERS, u8::is_ascii_alphabetic)
        } else if kind.is_ascii_digit() {
            word + run(at + word, DIGITS, u8::is_ascii_digit)
        } else if kind.is_ascii_whitespace() {
            let white = run(at, WHITE, u8::is_ascii_whitespace);
            let end = at + white;
            let before_word =
                white > 1 && bytes[end - 1] == b' ' && bytes.get(end).is_some_and(u8::is_ascii_alphanumeric);
            white - usize::from(before_word)
        } else if kind.is_ascii() {
            1
        } else {
            text[at..].chars().next().map_or(1, char::len_utf8)
        };
        tokens += 1;
    }
    tokens
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_numbers_white_space_and_signs() {
        for (text, tokens) in [
            ("", 0),
            ("word", 1),
            ("words", 2),
            ("a word", 2),
            ("1234", 2),
            ("{\n    \"a\": 1\n}", 9),
            ("{\"a\":1}", 7),
            ("   x", 2),
            ("é漢", 2),
        ] {
            assert_eq!(about_tokens(text), tokens, "{text:?}");
        }
    }
}
