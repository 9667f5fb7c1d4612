//! What a liar answers, step by step, and what of it has to come of it.

use crate::dice::Dice;
use crate::told::Told;
use crate::{lies, statuses, strange, truth};
use std::time::Duration;

/// Whose trouble an answer is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Whose {
    /// None: the answer is whole, and nothing in it is a lie. It has to be taken as it is.
    Nobodys,
    /// The question's own: the job that asked may fail.
    Questions,
    /// The upstream's: the job that asked may not pay for it, unless it comes again and again to it alone.
    Upstreams,
    /// The account's or the pace's: the job that asked may never pay for it.
    Others,
}

/// What may be handed on of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Handed {
    /// This text, and nothing else.
    Text(String),
    /// Whatever can be read of it.
    Anything,
    /// Nothing: a part of it can't be read, or never came.
    Nothing,
}

/// One step of giving an answer.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    Write(Vec<u8>),
    /// The host's time goes on meanwhile.
    Drip(Duration),
    /// So does the machine's.
    Pause(Duration),
    /// Nothing more comes, and the connection stays.
    Hang,
    /// From here on this was told as well.
    Told(Told),
}

/// A whole answer.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub name: String,
    pub steps: Vec<Step>,
    /// Whether the connection can be used again.
    pub keep: bool,
    pub whose: Whose,
    pub handed: Handed,
    /// What it costs to the nano-dollar, where it is whole and true; nothing where nothing can be billed.
    pub exact: Option<u64>,
}

/// What the upstream knows of the question.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Question<'a> {
    pub model: &'a str,
    pub most_output: u64,
    /// The most input tokens that an honest tokenizer can count in the body as it came.
    pub most_input: u64,
}

impl Answer {
    /// An answer that is written in one piece.
    pub(crate) fn plain(name: &str, bytes: Vec<u8>) -> Self {
        Self {
            name: name.to_owned(),
            steps: vec![Step::Write(bytes)],
            keep: true,
            whose: Whose::Upstreams,
            handed: Handed::Nothing,
            exact: None,
        }
    }

    /// What this question is answered, the `nth` time that it comes.
    pub(crate) fn to(dice: &mut Dice, question: Question<'_>, nth: u32) -> Self {
        // After so many everybody has told the truth once.
        let mut answer = if nth > 12 || dice.percent(40) {
            truth::answer(dice, question)
        } else {
            match dice.below(200) {
                0..60 => lies::stream(dice, question),
                60..98 => lies::cut(dice, question),
                98..118 => lies::broken_off(dice, question),
                118..126 => truth::damaged(dice, question),
                126..158 => statuses::any(dice),
                158..166 => strange::no_stream(dice),
                166..180 => strange::message(dice, question),
                180..190 => strange::redirect(dice),
                190 => strange::hangs(dice, question),
                _ => strange::nothing(dice),
            }
        };
        answer.discounts_at_once();
        answer
    }

    // A discount that is told late counts for what was told before it, so that what is owed never falls.
    fn discounts_at_once(&mut self) {
        let discounted = self.steps.iter().any(|step| matches!(step, Step::Told(told) if told.batch));
        for step in &mut self.steps {
            if let Step::Told(told) = step {
                told.batch = discounted;
            }
        }
    }
}
