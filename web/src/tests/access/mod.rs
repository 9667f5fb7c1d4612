//! Who calls, by what name, and from where.

mod callers;
mod proxy;
