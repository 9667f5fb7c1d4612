//! Questions to people: how they are asked, told of, answered, and how they end without an answer.

pub(crate) mod answering;
pub(crate) mod asking;
pub(crate) mod bell;
pub(crate) mod closing;
pub(crate) mod ending;
pub(crate) mod find;
pub(crate) mod links;
pub(crate) mod list;
pub(crate) mod set_back;
