//! Plugin files: what they are, and why one is no plugin.

mod adapt;
mod anatomy;
mod below;
mod difference;
#[cfg(all(test, unix))]
mod fuzz;
mod inspect;
#[cfg(test)]
mod openness;
mod rejection;
mod sound;

pub use anatomy::{Anatomy, DeclaredMemory, PluginKind, Producer};
pub(crate) use inspect::component;
pub use rejection::{DescribeEnd, DescriptionFlaw, Rejection};
