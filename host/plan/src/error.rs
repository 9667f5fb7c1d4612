//! Why something is not planned.

use anvil_budget::PriceError;

/// Why something is not planned.
#[derive(Debug, thiserror::Error)]
pub enum PlanError {
    /// A member of what is asked makes no sense.
    #[error("`{member}` {why}")]
    Bad {
        /// Its path, as `jobs[0].hours`.
        member: String,
        /// What it has to be.
        why: String,
    },
    /// More than is planned in some seconds.
    #[error(
        "that is about {calls} calls to plan, and {most} are the most: plan fewer days, or fewer jobs a day"
    )]
    TooMuch {
        /// Calls.
        calls: u64,
        /// The most.
        most: u64,
    },
    /// Whoever asked is gone, or has waited for as long as a plan may take.
    #[error("the plan was given up before its end")]
    Unwanted,
    /// A model has no price at the time that is planned (`from`).
    #[error("{0}: `from` has to be a time at which every model that is planned with has a price")]
    Price(#[from] PriceError),
}

impl PlanError {
    pub(crate) fn bad(member: impl Into<String>, why: impl Into<String>) -> Self {
        Self::Bad { member: member.into(), why: why.into() }
    }
}
