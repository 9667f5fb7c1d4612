//! The transaction that a command runs in.

use super::policy::Policy;
use crate::StoreError;
use crate::engine::{Db, Params, Row, params};
use anvil_types::{EventKind, JobId, Timestamp};

/// What a command has to say of itself, until it becomes an event at the commit.
#[derive(Debug)]
pub(super) struct News {
    pub(super) job: Option<JobId>,
    pub(super) kind: EventKind,
}

/// The transaction that a command runs in, with the time that it counts as.
#[derive(Debug)]
pub(super) struct Tx<'a> {
    /// The connection; only the writer has one that writes.
    pub(super) db: &'a Db,
    /// Ledger time: never earlier than that of any transaction before.
    pub(super) now: Timestamp,
    /// What the writer knows by heart.
    pub(super) policy: &'a mut Policy,
    news: &'a mut Vec<News>,
}

impl<'a> Tx<'a> {
    /// A transaction on this connection, which is in one.
    pub(super) fn new(db: &'a Db, now: Timestamp, policy: &'a mut Policy, news: &'a mut Vec<News>) -> Self {
        Self { db, now, policy, news }
    }

    /// Tells of something; the row is written with the commit.
    pub(super) fn tell(&mut self, job: Option<JobId>, kind: EventKind) {
        self.news.push(News { job, kind });
    }

    /// Does a part of the command that may fail by itself: what it wrote is undone then, and the rest stands.
    /// The outer error says that the whole transaction is gone.
    pub(super) fn part<T>(
        &mut self,
        work: impl FnOnce(&mut Tx<'_>) -> Result<T, StoreError>,
    ) -> Result<Result<T, StoreError>, StoreError> {
        self.run("SAVEPOINT part", params![])?;
        let told = self.news.len();
        let moved = std::mem::take(&mut self.policy.moved);
        let touched = std::mem::take(&mut self.policy.touched);
        let done = work(self);
        if self.db.has_rolled_back() {
            return Err(done
                .err()
                .unwrap_or_else(|| StoreError::Backend("the transaction was rolled back".into())));
        }
        if done.is_err() {
            self.news.truncate(told);
            self.run("ROLLBACK TO part", params![])?;
            if self.policy.moved || self.policy.touched {
                self.policy.reload(self.db)?;
            }
        }
        self.policy.moved |= moved;
        self.policy.touched |= touched;
        self.run("RELEASE part", params![])?;
        Ok(done)
    }

    /// Runs a statement that writes; answers how many rows it touched.
    pub(super) fn run(&self, sql: &str, params: impl Params) -> Result<usize, StoreError> {
        self.db.run(sql, params)
    }

    /// The first row, where there is one.
    pub(super) fn first<T>(
        &self,
        sql: &str,
        params: impl Params,
        read: impl FnOnce(&Row<'_>) -> Result<T, StoreError>,
    ) -> Result<Option<T>, StoreError> {
        self.db.first(sql, params, read)
    }

    /// All rows.
    pub(super) fn all<T>(
        &self,
        sql: &str,
        params: impl Params,
        read: impl FnMut(&Row<'_>) -> Result<T, StoreError>,
    ) -> Result<Vec<T>, StoreError> {
        self.db.all(sql, params, read)
    }
}
