//! The transaction that a command runs in.

use super::policy::Policy;
use crate::StoreError;
use anvil_types::{EventKind, JobId, Timestamp};
use rusqlite::{CachedStatement, Connection, Params, Row};

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
    pub(super) conn: &'a Connection,
    /// Ledger time: never earlier than that of any transaction before.
    pub(super) now: Timestamp,
    /// What the writer knows by heart.
    pub(super) policy: &'a mut Policy,
    news: &'a mut Vec<News>,
}

impl<'a> Tx<'a> {
    /// A transaction on this connection, which is in one.
    pub(super) fn new(
        conn: &'a Connection,
        now: Timestamp,
        policy: &'a mut Policy,
        news: &'a mut Vec<News>,
    ) -> Self {
        Self { conn, now, policy, news }
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
        self.run("SAVEPOINT part", [])?;
        let told = self.news.len();
        let moved = std::mem::take(&mut self.policy.moved);
        let touched = std::mem::take(&mut self.policy.touched);
        let done = work(self);
        if self.conn.is_autocommit() {
            return Err(done
                .err()
                .unwrap_or_else(|| StoreError::Backend("the transaction was rolled back".into())));
        }
        if done.is_err() {
            self.news.truncate(told);
            self.run("ROLLBACK TO part", [])?;
            if self.policy.moved || self.policy.touched {
                self.policy.reload(self.conn)?;
            }
        }
        self.policy.moved |= moved;
        self.policy.touched |= touched;
        self.run("RELEASE part", [])?;
        Ok(done)
    }

    /// A statement, prepared once in the writer's life.
    pub(super) fn statement(&self, sql: &str) -> Result<CachedStatement<'a>, StoreError> {
        Ok(self.conn.prepare_cached(sql)?)
    }

    /// Runs a statement that writes; answers how many rows it touched.
    pub(super) fn run(&self, sql: &str, params: impl Params) -> Result<usize, StoreError> {
        Ok(self.statement(sql)?.execute(params)?)
    }

    /// The first row, where there is one.
    pub(super) fn first<T>(
        &self,
        sql: &str,
        params: impl Params,
        read: impl FnOnce(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Option<T>, StoreError> {
        Ok(super::columns::first(self.conn, sql, params, read)?)
    }

    /// All rows.
    pub(super) fn all<T>(
        &self,
        sql: &str,
        params: impl Params,
        read: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Vec<T>, StoreError> {
        Ok(super::columns::all(self.conn, sql, params, read)?)
    }
}
