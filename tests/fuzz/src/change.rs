//! Changes to valid input.

use proptest::prelude::*;
use proptest::sample::Index;

/// Numbers at the edges of what readers hold them in.
const NUMBERS: [&str; 14] = [
    "0",
    "-1",
    "1e9",
    "1e999",
    "-0",
    "0.1",
    "255",
    "65536",
    "2147483648",
    "4294967296",
    "9007199254740993",
    "9223372036854775808",
    "18446744073709551616",
    "1e-400",
];
/// Characters that readers of text trip over: signs of structure, edges of encodings, halves of pairs.
const ODD: [&str; 14] = [
    "\"",
    "\\",
    "{",
    "}",
    "\n",
    "\r",
    "\0",
    ":",
    ",",
    "é",
    "\u{1f469}\u{200d}\u{1f680}",
    "\u{feff}",
    "\\ud83d",
    "\u{202e}",
];
/// The most changes of one input.
const MOST: usize = 6;
/// The longest input that is made.
const LONGEST: usize = 64 << 10;

/// One change; places are parts of the input's length.
#[derive(Clone, Debug)]
pub(crate) enum Change {
    /// A bit turned.
    Flip(Index, u8),
    /// Bytes taken out.
    Remove(Index, u8),
    /// Bytes said again, this often.
    Repeat(Index, u8, u8),
    /// All that follows taken out.
    End(Index),
    /// A word of the format put in.
    Word(Index, usize),
    /// A number in the place of the digits there.
    Number(Index, usize),
    /// An odd character put in.
    Odd(Index, usize),
    /// What another input has from there on.
    Other(Index, usize, Index),
}

/// An input's place in the corpus, and what is changed in it.
pub(crate) fn changes(inputs: usize, words: usize) -> impl Strategy<Value = (usize, Vec<Change>)> {
    let at = any::<Index>;
    let change = prop_oneof![
        2 => (at(), 0..8_u8).prop_map(|(at, bit)| Change::Flip(at, bit)),
        2 => (at(), 1..40_u8).prop_map(|(at, length)| Change::Remove(at, length)),
        2 => (at(), 1..80_u8, 1..6_u8).prop_map(|(at, length, times)| Change::Repeat(at, length, times)),
        1 => at().prop_map(Change::End),
        4 => (at(), 0..words.max(1)).prop_map(|(at, word)| Change::Word(at, word)),
        3 => (at(), 0..NUMBERS.len()).prop_map(|(at, number)| Change::Number(at, number)),
        2 => (at(), 0..ODD.len()).prop_map(|(at, odd)| Change::Odd(at, odd)),
        2 => (at(), 0..inputs, at()).prop_map(|(at, input, from)| Change::Other(at, input, from)),
    ];
    (0..inputs, proptest::collection::vec(change, 1..=MOST))
}

/// The input that these changes make.
pub(crate) fn made((input, changes): &(usize, Vec<Change>), corpus: &[&[u8]], words: &[&str]) -> Vec<u8> {
    let mut bytes = corpus[*input].to_vec();
    for change in changes {
        apply(change, &mut bytes, corpus, words);
        bytes.truncate(LONGEST);
    }
    bytes
}

fn apply(change: &Change, bytes: &mut Vec<u8>, corpus: &[&[u8]], words: &[&str]) {
    let place = |at: &Index, length: usize| at.index(length + 1);
    let from = |at: &Index, length: u8, bytes: &[u8]| {
        let at = place(at, bytes.len());
        at..(at + usize::from(length)).min(bytes.len())
    };
    match change {
        Change::Flip(at, bit) => {
            let at = place(at, bytes.len());
            if let Some(byte) = bytes.get_mut(at) {
                *byte ^= 1 << bit;
            }
        }
        Change::Remove(at, length) => drop(bytes.drain(from(at, *length, bytes))),
        Change::Repeat(at, length, times) => {
            let range = from(at, *length, bytes);
            let again = bytes[range.clone()].repeat((*times).into());
            bytes.splice(range.end..range.end, again);
        }
        Change::End(at) => bytes.truncate(place(at, bytes.len())),
        Change::Word(at, word) => {
            if let Some(word) = words.get(*word) {
                insert(bytes, place(at, bytes.len()), word.as_bytes());
            }
        }
        Change::Number(at, number) => {
            // The next digits from there on, or there.
            let at = place(at, bytes.len());
            let begin = bytes[at..].iter().position(u8::is_ascii_digit).map_or(at, |next| at + next);
            let length = bytes[begin..].iter().take_while(|byte| byte.is_ascii_digit()).count();
            bytes.splice(begin..begin + length, NUMBERS[*number].bytes());
        }
        Change::Odd(at, odd) => insert(bytes, place(at, bytes.len()), ODD[*odd].as_bytes()),
        Change::Other(at, input, begin) => {
            let other = corpus[*input];
            bytes.truncate(place(at, bytes.len()));
            bytes.extend_from_slice(&other[place(begin, other.len())..]);
        }
    }
}

fn insert(bytes: &mut Vec<u8>, at: usize, piece: &[u8]) {
    bytes.splice(at..at, piece.iter().copied());
}
