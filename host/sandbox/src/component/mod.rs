//! Plugin files: what they are, and why one is no plugin.

mod difference;
mod inspect;
#[cfg(test)]
mod openness;
mod rejection;

pub(crate) use inspect::inspect;
pub use rejection::Rejection;
