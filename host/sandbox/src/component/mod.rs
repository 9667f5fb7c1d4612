//! Plugin files: what they are, and why one is no plugin.

mod adapt;
mod below;
mod difference;
mod inspect;
#[cfg(test)]
mod openness;
mod rejection;

pub(crate) use inspect::component;
pub use rejection::Rejection;
