//! One form for what a reader takes for the same: case, accents, points, widths, and characters that are put together
//! or not.

use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;

/// The text in that form. It is what the index has, and what is looked for in it.
pub(crate) fn fold(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    // Apart, in small letters, without what stands over or under a letter, and together again: Hangul and kana are
    // letters only then.
    let apart = text.nfkd().filter(|c| !is_left_out(*c)).flat_map(char::to_lowercase);
    let plain: String = apart.flat_map(Plain::of).collect();
    plain.nfkd().filter(|c| !is_left_out(*c)).nfc().collect()
}

/// Marks over, under and within letters that words are written with and without, and what shows nothing. The vowels of
/// Thai and its neighbours, and the marks of kana, are marks too and stay: they make another word.
fn is_left_out(c: char) -> bool {
    let accent = is_combining_mark(c)
        && matches!(u32::from(c),
            0x0300..=0x036f // Latin, Greek, Cyrillic
            | 0x0591..=0x05c7 // Hebrew
            | 0x0610..=0x061a | 0x064b..=0x065f | 0x0670 | 0x06d6..=0x06ed // Arabic
        );
    accent || matches!(c, '\u{ad}' | '\u{640}' | '\u{200b}'..='\u{200d}' | '\u{2060}' | '\u{feff}')
}

/// A letter as one or two of its plainest.
enum Plain {
    One(std::iter::Once<char>),
    Two(std::array::IntoIter<char, 2>),
}

impl Plain {
    fn of(c: char) -> Self {
        match c {
            'ß' => Self::Two(['s', 's'].into_iter()),
            'æ' => Self::Two(['a', 'e'].into_iter()),
            'œ' => Self::Two(['o', 'e'].into_iter()),
            // A small sigma looks otherwise at the end of a word.
            'ς' => Self::One(std::iter::once('σ')),
            'ø' => Self::One(std::iter::once('o')),
            'ł' => Self::One(std::iter::once('l')),
            'ı' => Self::One(std::iter::once('i')),
            _ => Self::One(std::iter::once(c)),
        }
    }
}

impl Iterator for Plain {
    type Item = char;
    fn next(&mut self) -> Option<char> {
        match self {
            Self::One(one) => one.next(),
            Self::Two(two) => two.next(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_reader_takes_for_the_same_is_the_same() {
        for same in [
            &["Ωμέγας", "ΩΜΕΓΑΣ", "ωμεγασ"][..],
            &["Straße", "STRASSE", "strasse"],
            &["שָׁלוֹם", "שלום"],
            &["مُحَمَّد", "محمد"],
            &["Ёлка", "елка"],
            &["ＡＢＣ１２３", "abc123"],
            &["１００円", "100円"],
            &["ｶﾀｶﾅ", "カタカナ"],
            &["ｶﾞ", "ガ", "カ\u{3099}"],
            &["\u{1112}\u{1161}\u{11ab}\u{1100}\u{116e}\u{11a8}", "한국"],
            &["Grüße", "gru\u{308}sse", "GRÜSSE"],
            &["zu\u{ad}sam\u{200b}men", "zusammen"],
            &["İstanbul", "istanbul"],
            &["Søren", "soren"],
        ] {
            for text in same {
                assert_eq!(fold(text), fold(same[0]), "{text}");
            }
        }
    }

    #[test]
    fn another_word_stays_another() {
        for (one, other) in [("ガ", "カ"), ("ไม่", "ไม"), ("が", "か"), ("日", "曰")] {
            assert_ne!(fold(one), fold(other));
        }
    }
}
