//! What was asked and told about one question, over all its tries.

use crate::answer::{Answer, Handed, Step, Whose};
use crate::prices::floor_of_hold;
use crate::told::Told;
use anvil_types::Timestamp;

/// One try of a question.
#[derive(Clone, Debug)]
pub(crate) struct Try {
    /// When it came, by the host's clock.
    pub at: Timestamp,
    pub asked: String,
    pub most_output: u64,
    pub bytes: u64,
    pub told: Told,
    /// What was answered.
    pub name: String,
    pub whose: Whose,
    pub handed: Handed,
    pub exact: Option<u64>,
    /// All of the answer was given.
    pub given: bool,
}

impl Try {
    pub(crate) fn new(at: Timestamp, asked: String, most_output: u64, bytes: u64, answer: &Answer) -> Self {
        // All of it may be read before it is known to be told.
        let whole = answer.steps.iter().filter_map(|step| match step {
            Step::Told(told) => Some(told.perhaps()),
            _ => None,
        });
        Self {
            at,
            asked,
            most_output,
            bytes,
            told: whole.fold(Told::default(), Told::and),
            name: answer.name.clone(),
            whose: answer.whose,
            handed: answer.handed.clone(),
            exact: answer.exact,
            given: false,
        }
    }

    /// The least that the ledger has to say of it.
    pub(crate) fn least(&self) -> u64 {
        self.told.least(&self.asked)
    }

    /// Of that, what its hold has room for: the ledger says it from the moment in which it is told.
    pub(crate) fn covered(&self) -> u64 {
        self.least().min(floor_of_hold(&self.asked, self.most_output, self.bytes))
    }

    /// The most that it may have cost above its hold.
    pub(crate) fn most_above(&self) -> u64 {
        match self.whose {
            Whose::Nobodys => 0,
            _ => self.told.most_above(&self.asked, self.most_output, self.bytes),
        }
    }
}

/// One question.
#[derive(Clone, Debug, Default)]
pub(crate) struct Account {
    pub tries: Vec<Try>,
}

impl Account {
    pub(crate) fn latest(&self) -> Option<&Try> {
        self.tries.last()
    }

    /// The tries that trouble ended which was the upstream's, or the question's own and asked again all the same: a
    /// status without words of Claude's may be anybody's.
    pub(crate) fn troubles(&self) -> usize {
        let counts = |tried: &&Try| matches!(tried.whose, Whose::Upstreams | Whose::Questions);
        self.tries.iter().filter(counts).count()
    }

    /// What each try was answered, and whose trouble that was.
    pub(crate) fn names(&self) -> String {
        let name = |tried: &Try| format!("{} ({:?}, given {})", tried.name, tried.whose, tried.given);
        self.tries.iter().map(name).collect::<Vec<_>>().join(", ")
    }

    /// What the ledger has to have once the question is over, beyond what its holds had room for.
    pub(crate) fn beyond(&self) -> u64 {
        self.tries.iter().map(|tried| tried.least() - tried.covered()).sum()
    }
}
