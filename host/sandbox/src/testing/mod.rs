//! Guests and a host for tests, here and in crates above. Only with the feature `testing`.

mod gallery;
mod guest;
mod limits;
mod program;
mod recorder;
pub(crate) mod trial;

pub use gallery::{GUESTS, hostile, of_every_kind};
pub use guest::{GuestBuilder, component_text, of_another_interface, with_another_run};
pub use limits::{small_engine, small_limits};
pub use program::ProgramBuilder;
pub use recorder::{Answer, Recorder};
pub use trial::plugin as of_a_later_version;
