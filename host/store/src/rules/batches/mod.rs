//! Calls that go out in batches: they are held and kept in one step, sent together, and each ends by itself.

pub(crate) mod end;
pub(crate) mod find;
pub(crate) mod gather;
pub(crate) mod make;
pub(crate) mod state;
