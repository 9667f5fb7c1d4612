//! In which form a conversation is sent: decided where it begins, and the same for as long as it goes on.

use crate::prompt_cache::outline::{Digest, Outline};
use std::fmt;

/// What is done to a conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    /// It is sent as it is.
    Plain,
    /// It is sent as it is, and what compression would have done is reckoned.
    Measured,
    /// It is shortened without loss.
    Lossless,
    /// It is shortened with loss.
    Lossy,
}

impl Mode {
    const ALL: [(Self, char); 4] =
        [(Self::Plain, 'p'), (Self::Measured, 'm'), (Self::Lossless, 's'), (Self::Lossy, 'l')];
}

/// How each turn of a conversation is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Form {
    pub mode: Mode,
    /// Of each turn, whether the rules are let at it: no mark covered it when it was sent first.
    pub turns: Vec<bool>,
}

/// As the ledger keeps it: the conversation's digest, the mode, and a sign for each turn.
pub(crate) struct Noted<'f>(pub &'f Digest, pub &'f Form);

/// Bytes of a digest that tell conversations of one job apart.
const TOLD_BY: usize = 16;

impl fmt::Display for Noted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(digest, form) = self;
        let (_, mode) = Mode::ALL.iter().find(|(mode, _)| *mode == form.mode).expect("all are named");
        write!(f, "{}{mode}", short(digest))?;
        form.turns.iter().try_for_each(|turn| f.write_str(if *turn { "1" } else { "0" }))
    }
}

fn short(digest: &Digest) -> String {
    let told_by = digest.first_chunk::<TOLD_BY>().expect("a digest is longer");
    format!("{:032x}", u128::from_be_bytes(*told_by))
}

/// The form of the longest beginning of a conversation that one of these notes is of.
pub(crate) fn noted<'n>(outline: &Outline, notes: &(impl Iterator<Item = &'n str> + Clone)) -> Option<Form> {
    let turns: Vec<_> = outline.turns().collect();
    turns.iter().enumerate().rev().find_map(|(at, turn)| {
        let digest = short(&turn.digest);
        notes.clone().find_map(|note| read(note.strip_prefix(&digest)?, at + 1))
    })
}

fn read(note: &str, turns: usize) -> Option<Form> {
    let mut signs = note.chars();
    let sign = signs.next()?;
    let (mode, _) = Mode::ALL.into_iter().find(|(_, known)| *known == sign)?;
    let signs: Option<Vec<_>> =
        signs.map(|sign| Some(sign == '1').filter(|_| matches!(sign, '0' | '1'))).collect();
    let turns = signs.filter(|signs| signs.len() == turns)?;
    Some(Form { mode, turns })
}
