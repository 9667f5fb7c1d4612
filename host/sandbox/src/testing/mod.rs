//! Guests and a host for tests.

mod limits;

pub use limits::small_limits;
