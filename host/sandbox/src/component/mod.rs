//! Plugin files: what they are, and why one is no plugin.

mod adapt;
mod anatomy;
mod below;
mod difference;
mod inspect;
#[cfg(test)]
mod openness;
mod rejection;

pub use anatomy::{Anatomy, DeclaredMemory, PluginKind, Producer};
pub(crate) use inspect::component;
pub use rejection::{DescribeEnd, DescriptionFlaw, Rejection};
