//! The queue for money and pace.

pub(crate) mod admission;
pub(crate) mod grant;
