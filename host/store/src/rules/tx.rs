//! The transaction that a command runs in.

use crate::StoreError;
use crate::engine::{Db, Params, Row};
use crate::rules::policy::Policy;
use anvil_types::{EventKind, JobId, Timestamp};

/// What a command has to say of itself, until it becomes an event at the commit.
#[derive(Debug)]
pub(crate) struct News {
    pub(crate) job: Option<JobId>,
    pub(crate) kind: EventKind,
}

/// The transaction that a command runs in, with the time that it counts as.
#[derive(Debug)]
pub(crate) struct Tx<'a> {
    /// The connection; only the writer has one that writes.
    pub(crate) db: &'a Db,
    /// Ledger time: never earlier than that of any transaction before.
    pub(crate) now: Timestamp,
    /// What the writer knows by heart.
    pub(crate) policy: &'a mut Policy,
    /// What it has to say of itself so far.
    pub(crate) news: &'a mut Vec<News>,
}

impl<'a> Tx<'a> {
    /// A transaction on this connection, which is in one.
    pub(crate) fn new(db: &'a Db, now: Timestamp, policy: &'a mut Policy, news: &'a mut Vec<News>) -> Self {
        Self { db, now, policy, news }
    }

    /// Tells of something; the row is written with the commit.
    pub(crate) fn tell(&mut self, job: Option<JobId>, kind: EventKind) {
        self.news.push(News { job, kind });
    }

    /// Runs a statement that writes; answers how many rows it touched.
    pub(crate) fn run(&self, sql: &str, params: impl Params) -> Result<usize, StoreError> {
        self.db.run(sql, params)
    }

    /// The first row, where there is one.
    pub(crate) fn first<T>(
        &self,
        sql: &str,
        params: impl Params,
        read: impl FnOnce(&Row<'_>) -> Result<T, StoreError>,
    ) -> Result<Option<T>, StoreError> {
        self.db.first(sql, params, read)
    }

    /// All rows.
    pub(crate) fn all<T>(
        &self,
        sql: &str,
        params: impl Params,
        read: impl FnMut(&Row<'_>) -> Result<T, StoreError>,
    ) -> Result<Vec<T>, StoreError> {
        self.db.all(sql, params, read)
    }
}
