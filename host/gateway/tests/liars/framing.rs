//! How HTTP carries a body: where it ends, in which pieces it comes, and what it says that it is.

use crate::answer::{Answer, Handed, Step, Whose};
use crate::dice::Dice;
use crate::gzip::gzip;
use crate::told::Told;
use crate::written::Marked;
use std::fmt::Write as _;
use std::time::Duration;

/// What the head says of the body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Coding {
    Events,
    /// With a media type that has a parameter, and an encoding that is none.
    Identity,
    Json,
    /// Encoded, although that was not asked for.
    Gzip,
    /// Said to be encoded, and is not.
    Said(&'static str),
}

impl Coding {
    /// What can be read, however little of it comes.
    pub(crate) fn plain(dice: &mut Dice) -> Self {
        if dice.percent(20) { Self::Identity } else { Self::Events }
    }

    /// What can be read where all of it comes.
    pub(crate) fn readable(dice: &mut Dice) -> Self {
        if dice.percent(5) { Self::Gzip } else { Self::plain(dice) }
    }

    /// What can't.
    pub(crate) fn unreadable(dice: &mut Dice) -> Self {
        Self::Said(dice.pick(&["gzip", "br", "deflate", "zstd", "gzip, identity", "tomorrow"]))
    }

    fn headers(self) -> String {
        match self {
            Self::Events => "content-type: text/event-stream\r\n".to_owned(),
            Self::Identity => {
                "Content-Type: text/event-stream; charset=utf-8\r\nContent-Encoding: identity\r\n".to_owned()
            }
            Self::Json => "content-type: application/json\r\n".to_owned(),
            Self::Gzip => "content-type: text/event-stream\r\ncontent-encoding: gzip\r\n".to_owned(),
            Self::Said(said) => {
                format!("content-type: text/event-stream\r\ncontent-encoding: {said}\r\n")
            }
        }
    }
}

/// How the body's end is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Framing {
    Chunks,
    Length,
    UntilClose,
    /// Chunks of which the last is missing.
    CutChunks,
    /// A length that is never reached.
    CutLength,
}

impl Framing {
    pub(crate) fn any(dice: &mut Dice) -> Self {
        dice.pick(&[Self::Chunks, Self::Chunks, Self::Length, Self::UntilClose])
    }

    pub(crate) fn cut(dice: &mut Dice) -> Self {
        dice.pick(&[Self::CutChunks, Self::CutLength, Self::UntilClose])
    }

    fn is_chunked(self) -> bool {
        matches!(self, Self::Chunks | Self::CutChunks)
    }

    /// The answer that brings this body.
    pub(crate) fn answer(self, dice: &mut Dice, name: &str, marked: &Marked, coding: Coding) -> Answer {
        let encoded = if coding == Coding::Gzip { gzip(&marked.bytes) } else { Vec::new() };
        let body = if coding == Coding::Gzip { &encoded } else { &marked.bytes };
        let head = self.head(dice, coding, body.len());
        let mut steps = vec![Step::Write(head.into_bytes())];
        self.pieces(dice, body, &marked.told, &mut steps);
        match coding {
            // Only the whole of it can be relied on to be read.
            Coding::Gzip => steps.sort_by_key(|step| matches!(step, Step::Told(_))),
            // It is not what it says, so nothing is told for certain.
            Coding::Said(_) => {
                for step in &mut steps {
                    if let Step::Told(told) = step {
                        *told = told.perhaps();
                    }
                }
            }
            Coding::Events | Coding::Identity | Coding::Json => {}
        }
        Answer {
            name: name.to_owned(),
            steps,
            keep: matches!(self, Self::Chunks | Self::Length),
            whose: Whose::Upstreams,
            handed: Handed::Nothing,
            exact: None,
        }
    }

    fn head(self, dice: &mut Dice, coding: Coding, length: usize) -> String {
        let mut head = String::new();
        if dice.percent(5) {
            head += "HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n";
        }
        head += "HTTP/1.1 200 OK\r\n";
        head += &coding.headers();
        let _ = match self {
            Self::Chunks | Self::CutChunks => write!(head, "transfer-encoding: chunked\r\n\r\n"),
            Self::Length => write!(head, "content-length: {length}\r\n\r\n"),
            Self::CutLength => write!(head, "content-length: {}\r\n\r\n", length + 1 + dice.at(1_000)),
            Self::UntilClose => write!(head, "connection: close\r\n\r\n"),
        };
        head
    }

    // Pieces end anywhere: in the middle of a character too.
    fn pieces(self, dice: &mut Dice, body: &[u8], told: &[(usize, Told)], steps: &mut Vec<Step>) {
        let (drips, bytewise) = (dice.percent(10), dice.percent(2));
        let mut told = told.iter().peekable();
        let mut from = 0;
        while from < body.len() {
            let most = if bytewise { 1 } else { dice.pick(&[7, 4_000, 4_000, 4_000, 4_000]) };
            let to = body.len().min(from + 1 + dice.at(most));
            let piece = &body[from..to];
            steps.push(Step::Write(if self.is_chunked() {
                [format!("{:x}\r\n", piece.len()).as_bytes(), piece, b"\r\n"].concat()
            } else {
                piece.to_vec()
            }));
            while let Some((_, told)) = told.next_if(|(end, _)| *end <= to) {
                steps.push(Step::Told(*told));
            }
            if drips && dice.percent(20) {
                steps.push(Step::Drip(Duration::from_secs(dice.pick(&[1, 30, 61, 600, 3_601, 90_000]))));
                steps.push(Step::Pause(Duration::from_millis(dice.below(5))));
            }
            from = to;
        }
        if self == Self::Chunks {
            steps.push(Step::Write(b"0\r\n\r\n".to_vec()));
        }
        steps.extend(told.map(|(_, told)| Step::Told(*told)));
    }
}
