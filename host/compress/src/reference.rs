//! What stands in the place of a text that was sent before: where it begins and ends, in plain words, and how long it is.
//!
//! It means one text alone: of all that its reader has before it, one that begins and ends so and has so many characters.

use crate::above::Above;
use crate::blocks::beginnings;
use std::collections::HashMap;

const BEGINS: &str = "[The same text as above, from \"";
const TO: &str = "\" to \"";
const LONG: &str = "\": ";
const ENDS: &str = " characters.]";
/// Characters of its first line that tell where a text begins.
const OPENING: usize = 40;
/// How many of its first and of its last line stand in a reference: more where a few could mean several texts.
const QUOTED: [(usize, usize); 2] = [(OPENING, 24), (160, 120)];

/// What may stand in the place of this text, the shortest first.
fn references_to(text: &str) -> impl Iterator<Item = String> {
    let characters = text.chars().count();
    QUOTED.into_iter().map(move |(first, last)| {
        format!("{BEGINS}{}{TO}{}{LONG}{characters}{ENDS}", opening(text, first), ending(text, last))
    })
}

fn opening(text: &str, most: usize) -> &str {
    let line = text.split('\n').next().unwrap_or(text);
    line.char_indices().nth(most).map_or(line, |(at, _)| &line[..at])
}

fn ending(text: &str, most: usize) -> &str {
    let line = text.rsplit('\n').next().unwrap_or(text);
    let from = line.char_indices().rev().nth(most - 1).map_or(0, |(at, _)| at);
    &line[from..]
}

/// Whether a text has what may be read as a reference.
pub(crate) fn is_like_reference(text: &str) -> bool {
    text.contains(BEGINS)
}

/// What a reference tells of the text that it stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Told<'r> {
    start: &'r str,
    end: &'r str,
    characters: usize,
}

/// The reference with which a text begins, and its length. Words in it that look like its own signs end it there.
fn reference_at(text: &str) -> Option<(Told<'_>, usize)> {
    let told = text.strip_prefix(BEGINS)?;
    let (told, _) = told.split_once(ENDS)?;
    let length = BEGINS.len() + told.len() + ENDS.len();
    let (start, rest) = told.split_once(TO)?;
    let (end, characters) = rest.rsplit_once(LONG)?;
    Some((Told { start, end, characters: characters.parse().ok()? }, length))
}

/// What was sent, and where in it texts begin.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sent {
    /// As it was sent, one piece a line.
    raw: Above,
    /// As one has it who looks up what is referred to; none where nothing is.
    read: Option<Above>,
    /// Where pieces begin.
    pieces: Vec<usize>,
    /// The first block of each opening: of which piece, and where.
    first: HashMap<Box<str>, (usize, usize)>,
}

impl Sent {
    /// Takes a piece as it was sent.
    pub(crate) fn push(&mut self, piece: &str) {
        self.seen("");
        self.go_on(piece);
    }

    /// Takes a piece that is not referred to, and that its reader has before what comes.
    pub(crate) fn seen(&mut self, piece: &str) {
        if !self.pieces.is_empty() {
            self.add("\n", "\n");
        }
        self.pieces.push(self.raw.text().len());
        self.add(piece, piece);
    }

    /// Takes more of the last piece, which goes on where a block begins.
    pub(crate) fn go_on(&mut self, more: &str) {
        let at = self.raw.text().len();
        self.add(more, more);
        for start in beginnings(more) {
            let opening = opening(&more[start..], OPENING);
            if !opening.starts_with(BEGINS) {
                self.first.entry(opening.into()).or_insert((self.pieces.len(), at + start));
            }
        }
    }

    /// The last piece goes on with a reference to this text.
    pub(crate) fn refer(&mut self, reference: &str, text: &str) {
        self.read.get_or_insert_with(|| self.raw.clone());
        self.add(reference, text);
    }

    fn add(&mut self, sent: &str, read: &str) {
        self.raw.push(sent);
        if let Some(all) = &mut self.read {
            all.push(read);
        }
    }

    /// What was sent from the first block on that begins like this text, in its piece.
    pub(crate) fn like(&self, text: &str) -> Option<&str> {
        let (piece, at) = self.first.get(opening(text, OPENING))?;
        let all = self.raw.text();
        let end = self.pieces.get(*piece).map_or(all.len(), |next| next - 1);
        Some(&all[*at..end])
    }

    /// The last piece.
    pub(crate) fn last(&self) -> &str {
        &self.raw.text()[self.pieces.last().copied().unwrap_or_default()..]
    }

    /// The shortest reference that means this text alone.
    pub(crate) fn reference_to(&self, text: &str) -> Option<String> {
        references_to(text).find(|reference| {
            reference_at(reference)
                .is_some_and(|(told, length)| length == reference.len() && self.only(told) == Some(text))
        })
    }

    /// The one text that a reference may stand for, however what is above it is read.
    fn only(&self, told: Told<'_>) -> Option<&str> {
        let found = self.raw.only(told.start, told.end, told.characters)?;
        let also = |read: &Above| read.only(told.start, told.end, told.characters) == Some(found);
        self.read.as_ref().is_none_or(also).then_some(found)
    }
}

/// The pieces of a conversation as a reader has them who looks up what is referred to: the one text before a reference that
/// begins, ends and is as long as it says. What may stand for several texts, or for none, stays.
pub fn rebuilt<'p>(pieces: impl IntoIterator<Item = &'p str>) -> Vec<String> {
    let mut sent = Sent::default();
    let read = |piece: &'p str| {
        sent.push("");
        let mut out = String::with_capacity(piece.len());
        let mut rest = piece;
        while let Some(at) = rest.find(BEGINS) {
            let (before, from) = rest.split_at(at);
            sent.go_on(before);
            out.push_str(before);
            let found =
                reference_at(from).and_then(|(told, length)| Some((sent.only(told)?.to_owned(), length)));
            let length = match found {
                Some((text, length)) => {
                    sent.refer(&from[..length], &text);
                    out.push_str(&text);
                    length
                }
                None => {
                    sent.go_on(BEGINS);
                    out.push_str(BEGINS);
                    BEGINS.len()
                }
            };
            rest = &from[length..];
        }
        sent.go_on(rest);
        out.push_str(rest);
        out
    };
    pieces.into_iter().map(read).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_reads_as_words_and_is_found() {
        let text = "# The task of the day, which has a long first line\n\nDo it well.\nAnd \"soon\".";
        let reference = references_to(text).next().expect("there are two");
        assert_eq!(
            reference,
            "[The same text as above, from \"# The task of the day, which has a long \" to \"And \"soon\".\": 75 characters.]"
        );
        let first = format!("Hello.\n\n{text}\n\nGo.");
        let again = format!("Again:\n\n{reference}\n\nGo on.");
        assert_eq!(rebuilt([first.as_str(), &again]), [first.clone(), format!("Again:\n\n{text}\n\nGo on.")]);
        // Nothing like it was sent before.
        assert_eq!(rebuilt([again.as_str()]), std::slice::from_ref(&again));
        // Two were.
        let other = first.replace("well", "best");
        assert_eq!(rebuilt([first.as_str(), &other, &again])[2], again);
    }

    #[test]
    fn more_words_stand_where_a_few_could_mean_two_texts() {
        let text = |who: &str| format!("{} {who}:\n\nDo it.\nThat is the end of it.", "x".repeat(40));
        let mut sent = Sent::default();
        sent.push(&text("Ann"));
        let short = sent.reference_to(&text("Ann")).expect("it is one");
        sent.push(&text("Bob"));
        let long = sent.reference_to(&text("Ann")).expect("it is one");
        assert!(!short.contains("Ann") && long.contains("Ann"), "{short} {long}");
        sent.push(&text("Ann").replace("Do", "Be"));
        assert_eq!(sent.reference_to(&text("Ann")), None);
    }
}
