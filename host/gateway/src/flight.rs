//! One call's life, and what it comes to.

pub(crate) mod account;
pub(crate) mod bill;
pub(crate) mod progress;
pub(crate) mod settlement;
pub(crate) mod strikes;
