//! The shape of every list.

use serde::Serialize;

/// A page of a list.
#[derive(Debug, Serialize)]
pub(crate) struct List<T, N = ()> {
    pub(crate) items: Vec<T>,
    /// What to send as `after` to get the next page; null on the last.
    pub(crate) next: Option<N>,
}

impl<T> List<T> {
    /// A list that is whole.
    pub(crate) fn whole(items: Vec<T>) -> Self {
        Self { items, next: None }
    }
}
