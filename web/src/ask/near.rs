//! A name that there is not, beside those that there are.

use crate::problem::Problem;
use anvil_types::nearest::by_likeness;

/// The names that there are, and the one of them that somebody probably meant.
#[derive(Clone, Debug)]
pub(crate) struct Near {
    known: Vec<String>,
    nearest: Option<String>,
}

impl Near {
    pub(crate) fn of(name: &str, known: impl IntoIterator<Item = impl Into<String>>) -> Self {
        let known: Vec<String> = known.into_iter().map(Into::into).collect();
        let nearest = by_likeness(name, known.iter().map(String::as_str)).map(str::to_owned);
        Self { known, nearest }
    }

    pub(crate) fn is_near(&self) -> bool {
        self.nearest.is_some()
    }

    /// The question behind a name within a sentence; empty where nothing is near.
    pub(crate) fn aside(&self) -> String {
        self.nearest.as_deref().map(|near| format!(" (did you mean `{near}`?)")).unwrap_or_default()
    }

    /// The question at a sentence's end.
    pub(crate) fn at_the_end(&self) -> String {
        self.nearest.as_deref().map(|near| format!("; did you mean `{near}`?")).unwrap_or_default()
    }

    /// The names that there are, in a sentence; `nothing` where there are none.
    pub(crate) fn names(&self, nothing: &str) -> String {
        if self.known.is_empty() { nothing.to_owned() } else { self.known.join(", ") }
    }

    /// The problem, which tells of them in members of their own.
    pub(crate) fn told(self, problem: Problem) -> Problem {
        problem.with_known(self.known, self.nearest)
    }
}
