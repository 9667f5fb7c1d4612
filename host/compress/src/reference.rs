//! What stands in the place of a text that was sent before: where it begins and ends, in plain words, and how long it is.

use crate::blocks::beginnings;
use std::collections::HashMap;

const BEGINS: &str = "[The same text as above, from \"";
const TO: &str = "\" to \"";
const ENDS: &str = " characters.]";
/// Characters of its first line that tell a text.
const OPENING: usize = 40;
/// Characters of its last line.
const ENDING: usize = 24;

/// What stands in the place of this text.
pub(crate) fn reference_to(text: &str) -> String {
    let last = text.rsplit('\n').next().unwrap_or(text);
    let from = last.char_indices().rev().nth(ENDING - 1).map_or(0, |(at, _)| at);
    format!("{BEGINS}{}{TO}{}\": {}{ENDS}", opening(text), &last[from..], text.chars().count())
}

fn opening(text: &str) -> &str {
    let line = text.split('\n').next().unwrap_or(text);
    line.char_indices().nth(OPENING).map_or(line, |(at, _)| &line[..at])
}

/// Whether a text has what may be read as a reference.
pub(crate) fn is_like_reference(text: &str) -> bool {
    text.contains(BEGINS)
}

/// What was sent, and where in it texts begin.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sent {
    pieces: Vec<String>,
    /// The first block of each opening: which piece, and where in it.
    first: HashMap<Box<str>, (usize, usize)>,
}

impl Sent {
    /// Takes a piece as it was sent.
    pub(crate) fn push(&mut self, piece: &str) {
        self.pieces.push(String::new());
        self.go_on(piece);
    }

    /// Takes more of the last piece, which goes on where a block begins.
    pub(crate) fn go_on(&mut self, more: &str) {
        let number = self.pieces.len() - 1;
        let piece = &mut self.pieces[number];
        let at = piece.len();
        piece.push_str(more);
        for start in beginnings(more) {
            let opening = opening(&more[start..]);
            if !opening.starts_with(BEGINS) {
                self.first.entry(opening.into()).or_insert((number, at + start));
            }
        }
    }

    /// What was sent from the first block on that begins like this text, in its piece.
    pub(crate) fn like(&self, text: &str) -> Option<&str> {
        self.from(opening(text))
    }

    /// The last piece.
    pub(crate) fn last(&self) -> &str {
        self.pieces.last().map_or("", String::as_str)
    }

    fn from(&self, opening: &str) -> Option<&str> {
        let (piece, at) = self.first.get(opening)?;
        Some(&self.pieces[*piece][*at..])
    }

    /// The text that a line stands for, if it is a reference.
    pub(crate) fn resolve(&self, line: &str) -> Option<&str> {
        let told = line.strip_prefix(BEGINS)?.strip_suffix(ENDS)?;
        let characters: usize = told.rsplit(' ').next()?.parse().ok()?;
        told.match_indices(TO).find_map(|(at, _)| {
            let from = self.from(&told[..at])?;
            let end = match from.char_indices().nth(characters) {
                Some((end, _)) => end,
                None if from.chars().count() == characters => from.len(),
                None => return None,
            };
            let text = &from[..end];
            (reference_to(text) == line).then_some(text)
        })
    }
}

/// A piece with what its references stand for, where these pieces were sent before it.
fn read(before: &mut Sent, piece: &str) -> String {
    before.push("");
    let mut out = String::with_capacity(piece.len());
    let starts: Vec<_> = beginnings(piece).chain([piece.len()]).collect();
    before.go_on(&piece[..starts[0]]);
    out.push_str(&piece[..starts[0]]);
    for pair in starts.windows(2) {
        let block = &piece[pair[0]..pair[1]];
        let line = block.trim_end();
        match before.resolve(line) {
            Some(text) => {
                out.push_str(text);
                out.push_str(&block[line.len()..]);
            }
            None => out.push_str(block),
        }
        before.go_on(block);
    }
    out
}

/// The pieces of a conversation as a reader has them who looks up what is referred to.
pub fn rebuilt<'p>(pieces: impl IntoIterator<Item = &'p str>) -> Vec<String> {
    let mut sent = Sent::default();
    pieces.into_iter().map(|piece| read(&mut sent, piece)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_reads_as_words_and_is_found() {
        let text = "# The task of the day, which has a long first line\n\nDo it well.\nAnd \"soon\".";
        let reference = reference_to(text);
        assert_eq!(
            reference,
            "[The same text as above, from \"# The task of the day, which has a long \" to \"And \"soon\".\": 75 characters.]"
        );
        let first = format!("Hello.\n\n{text}\n\nGo.");
        let again = format!("Again:\n\n{reference}\n\nGo on.");
        assert_eq!(rebuilt([first.as_str(), &again]), [first.clone(), format!("Again:\n\n{text}\n\nGo on.")]);
        // Nothing like it was sent before.
        assert_eq!(rebuilt([again.as_str()]), std::slice::from_ref(&again));
    }
}
