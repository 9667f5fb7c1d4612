//! The steps, in their order, and who does each.

use serde::Serialize;
use std::fmt;

/// One step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Step {
    /// What is wanted, made exact.
    Requirements,
    /// What is to be built.
    Design,
    /// The files of the program.
    Code,
    /// The files that test it.
    Tests,
    /// The pages that explain it.
    Docs,
}

impl Step {
    /// All of them, in order.
    pub const ALL: [Self; 5] = [Self::Requirements, Self::Design, Self::Code, Self::Tests, Self::Docs];

    /// The word for it in the result.
    pub fn name(self) -> &'static str {
        match self {
            Self::Requirements => "requirements",
            Self::Design => "design",
            Self::Code => "code",
            Self::Tests => "tests",
            Self::Docs => "docs",
        }
    }

    /// The agent that does it.
    pub fn agent(self) -> &'static str {
        match self {
            Self::Requirements => "requirements-analyzer",
            Self::Design => "design-architect",
            Self::Code => "code-generator",
            Self::Tests => "test-automator",
            Self::Docs => "documentation-generator",
        }
    }

    /// That agent's action.
    pub fn action(self) -> &'static str {
        match self {
            Self::Requirements => "analyze",
            Self::Design => "design",
            Self::Code => "generate",
            Self::Tests => "generate-tests",
            Self::Docs => "generate-docs",
        }
    }

    /// How far the job is when it begins.
    pub fn fraction(self) -> f64 {
        match self {
            Self::Requirements => 0.05,
            Self::Design => 0.2,
            Self::Code => 0.4,
            Self::Tests => 0.7,
            Self::Docs => 0.85,
        }
    }

    /// Whether what follows is nothing without it: it may then have all the money that is left.
    pub fn carries_the_rest(self) -> bool {
        self <= Self::Code
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}
