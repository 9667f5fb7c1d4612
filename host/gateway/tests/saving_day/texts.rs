//! What people write, by a seed: plain sentences of an office.

use rand::RngExt as _;
use rand::rngs::StdRng;

const WORDS: [&str; 64] = [
    "account", "address", "after", "agree", "amount", "and", "answer", "before", "between", "board",
    "change", "check", "clear", "clerk", "contract", "copy", "customer", "date", "decide", "delivery",
    "draft", "each", "first", "for", "from", "goods", "invoice", "is", "item", "keep", "letter", "limit",
    "list", "may", "meeting", "month", "must", "name", "never", "notice", "number", "of", "offer", "office",
    "on", "order", "page", "party", "payment", "period", "person", "price", "question", "region", "report",
    "return", "review", "sign", "standard", "supply", "team", "terms", "the", "under",
];

/// So many words, in sentences.
pub(crate) fn prose(random: &mut StdRng, words: usize) -> String {
    let mut text = String::new();
    let mut left = 0;
    for _ in 0..words {
        let word = WORDS[random.random_range(0..WORDS.len())];
        if left == 0 {
            if !text.is_empty() {
                text.push_str(". ");
            }
            text.push_str(&word[..1].to_uppercase());
            text.push_str(&word[1..]);
            left = random.random_range(7..18);
        } else {
            text.push(' ');
            text.push_str(word);
            left -= 1;
        }
    }
    text.push('.');
    text
}
