//! The queue for money and pace.

pub(crate) mod admission;
pub(crate) mod candidate;
pub(crate) mod denied;
pub(crate) mod desk;
pub(crate) mod grant;
pub(crate) mod paced;
mod task;
