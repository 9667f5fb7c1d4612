//! Replies that are kept to answer the same question again: bounded in number, bytes and age.

pub(crate) mod failed;
pub(crate) mod find;
pub(crate) mod hit;
pub(crate) mod keep;
pub(crate) mod room;
