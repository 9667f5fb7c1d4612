//! The kinds of jobs of the day. Their shares and sizes are ours: nobody publishes those of an office.

use anvil_types::Priority;

/// What a job of a kind asks.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Work {
    /// A question of so many words, new each time.
    Question(usize),
    /// A question of so many words; every other job asks one of the day again, word for word, and may be answered by an
    /// earlier reply.
    AskedAgain(usize),
    /// A document of so many words, its own.
    Document(usize),
    /// A conversation with a tool: one of the transcripts that compression is measured on.
    Tool,
}

/// When the jobs of a kind come.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Comes {
    /// At any time between these hours of the day.
    Between(f64, f64),
    /// All at once at these hours: schedules.
    At(&'static [f64]),
}

/// A kind of jobs: one agent's.
#[derive(Debug)]
pub(crate) struct Kind {
    pub(crate) name: &'static str,
    /// Its part of the day's jobs, in percent.
    pub(crate) percent: usize,
    pub(crate) comes: Comes,
    /// Words of the system's text that all its jobs share.
    pub(crate) system: usize,
    pub(crate) work: Work,
    /// Words of an answer: one of these.
    pub(crate) answers: &'static [usize],
    /// Every which job of it has a low priority; 0: none.
    pub(crate) low_each: usize,
    /// Whether its jobs are in no hurry.
    pub(crate) economy: bool,
}

impl Kind {
    pub(crate) fn priority(&self, number: usize) -> Priority {
        let low = self.low_each > 0 && number.is_multiple_of(self.low_each);
        if low { Priority::Low } else { Priority::Normal }
    }
}

/// Words of answers, of all kinds; the simulator has a text for each.
pub(crate) const ANSWERS: [usize; 6] = [60, 120, 200, 300, 450, 700];

pub(crate) const KINDS: [Kind; 7] = [
    Kind {
        name: "support",
        percent: 34,
        comes: Comes::Between(7.0, 20.0),
        system: 2_800,
        work: Work::Question(60),
        answers: &[120, 200, 300],
        low_each: 0,
        economy: false,
    },
    Kind {
        name: "review",
        percent: 8,
        comes: Comes::Between(6.0, 22.0),
        system: 2_600,
        work: Work::Question(150),
        answers: &[200, 300, 450],
        low_each: 0,
        economy: false,
    },
    Kind {
        name: "tool-loop",
        percent: 12,
        comes: Comes::Between(6.0, 22.0),
        system: 700,
        work: Work::Tool,
        answers: &[60, 120, 200],
        low_each: 0,
        economy: false,
    },
    Kind {
        name: "look-up",
        percent: 14,
        comes: Comes::Between(7.0, 20.0),
        system: 800,
        work: Work::AskedAgain(30),
        answers: &[60],
        low_each: 0,
        economy: false,
    },
    Kind {
        name: "short",
        percent: 17,
        comes: Comes::Between(0.0, 24.0),
        system: 60,
        work: Work::Question(40),
        answers: &[60, 120],
        low_each: 3,
        economy: false,
    },
    Kind {
        name: "one-off",
        percent: 5,
        comes: Comes::Between(8.0, 19.0),
        system: 40,
        work: Work::Document(2_700),
        answers: &[300, 450, 700],
        low_each: 0,
        economy: false,
    },
    Kind {
        name: "night-report",
        percent: 10,
        comes: Comes::At(&[0.5, 2.0, 3.5, 5.0]),
        system: 500,
        work: Work::Document(2_000),
        answers: &[300, 450, 700],
        low_each: 1,
        economy: true,
    },
];
