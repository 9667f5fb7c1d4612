//! The gallery of crimes: plugins of every kind that are broken or mean, each with the ending that it has to come to.

mod bombs;
mod broken;
mod described;
mod files;
mod guests;
mod leaders;
mod programs;

pub(super) use files::{Leads, Source};

/// How a crime ends.
#[derive(Clone)]
pub(super) enum Ending {
    /// Its file is no agent, and the reason has these words.
    Refused(&'static str),
    /// To load its file takes more than it may, and the reason has these words: it is put off, and tried again ever more seldom.
    Delayed(&'static str),
    /// Its job fails by this name, and the message has these words.
    Fails(&'static str, &'static str),
    /// It is refused what it wants and goes on: the result is this JSON.
    Copes(&'static str),
    /// It, or an agent that it had do something, is told no, in these words, and goes on; what it heard is in its log.
    Told(&'static str),
    /// It waits for a person, who may cancel it. Where there are words, the next job of its agent is told them.
    Parks(Option<&'static str>),
}

/// A plugin that is up to no good.
pub(super) struct Crime {
    /// What it is called: its file, and its agent where it has one.
    pub(super) name: &'static str,
    pub(super) source: Source,
    pub(super) ending: Ending,
}

/// All of them.
pub(super) fn crimes() -> Vec<Crime> {
    let crime = |(name, source, ending)| Crime { name, source, ending };
    let rows = [broken::files(), described::plugins(), guests::guests(), programs::programs()];
    rows.into_iter().flatten().map(crime).collect()
}

type Row = (&'static str, Source, Ending);

/// A row of a plugin that somebody made.
fn made(name: &'static str, bytes: Vec<u8>, ending: Ending) -> Row {
    (name, Source::Bytes(bytes), ending)
}
