//! A connection to the database.

use super::{Params, Row, params, wal_file};
use crate::StoreError;
use rusqlite::{CachedStatement, Connection, Transaction, TransactionBehavior, params_from_iter};

/// A connection to the database: runs statements, each prepared once in its life.
#[derive(Debug)]
pub(crate) struct Db {
    conn: Connection,
}

#[expect(clippy::needless_pass_by_value, reason = "a list of values is made where it is handed over")]
impl Db {
    /// This connection.
    pub(crate) fn new(conn: Connection) -> Self {
        Self { conn }
    }

    /// An empty database that nobody else sees.
    #[cfg(test)]
    pub(crate) fn in_memory() -> Self {
        Self::new(Connection::open_in_memory().expect("it opens"))
    }

    /// The connection itself, for tests and benches that ask what no rule does.
    #[cfg(any(test, feature = "bench"))]
    pub(crate) fn raw(&self) -> &Connection {
        &self.conn
    }

    /// Reads as of one moment.
    pub(crate) fn in_snapshot<T>(
        &self,
        read: impl FnOnce(&Self) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let _snapshot = self.conn.unchecked_transaction()?;
        read(self)
    }

    /// Writes all of it or nothing.
    pub(crate) fn in_transaction<T>(
        &self,
        work: impl FnOnce(&Self) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let transaction = Transaction::new_unchecked(&self.conn, TransactionBehavior::Immediate)?;
        let done = work(self)?;
        transaction.commit()?;
        Ok(done)
    }

    /// Whether no transaction is under way: where one was, the database has rolled it back by itself.
    pub(crate) fn has_rolled_back(&self) -> bool {
        self.conn.is_autocommit()
    }

    /// Commits what was begun; its sync may be owed, or may not.
    pub(crate) fn commit(&self, may_owe: bool) -> Result<(), StoreError> {
        if may_owe {
            wal_file::may_owe(&self.conn, true);
        }
        let committed = self.run("COMMIT", params![]);
        if may_owe {
            // A commit that wrote nothing has not used it.
            wal_file::may_owe(&self.conn, false);
        }
        committed.map(|_| ())
    }

    /// Syncs what the last commit owes, if it does. Without effect where nothing can be owed.
    pub(crate) fn pay(&self) -> Result<(), StoreError> {
        Ok(wal_file::pay(&self.conn)?)
    }

    /// Whether the last commit owes its sync.
    pub(crate) fn owes(&self) -> bool {
        wal_file::owes(&self.conn)
    }

    /// Rows written in this connection's life.
    pub(crate) fn changes(&self) -> u64 {
        self.conn.total_changes()
    }

    /// The number of the row that was written last, where its table numbers its rows.
    pub(crate) fn last_row(&self) -> i64 {
        self.conn.last_insert_rowid()
    }

    fn statement(&self, sql: &str) -> Result<CachedStatement<'_>, StoreError> {
        Ok(self.conn.prepare_cached(sql)?)
    }

    /// Runs a statement that writes; answers how many rows it touched.
    pub(crate) fn run(&self, sql: &str, params: impl Params) -> Result<usize, StoreError> {
        Ok(self.statement(sql)?.execute(params_from_iter(params.values()))?)
    }

    /// Runs statements that have no values and no rows.
    pub(crate) fn batch(&self, sql: &str) -> Result<(), StoreError> {
        Ok(self.conn.execute_batch(sql)?)
    }

    /// The first row, where there is one.
    pub(crate) fn first<T>(
        &self,
        sql: &str,
        params: impl Params,
        read: impl FnOnce(&Row<'_>) -> Result<T, StoreError>,
    ) -> Result<Option<T>, StoreError> {
        let mut statement = self.statement(sql)?;
        let mut rows = statement.query(params_from_iter(params.values()))?;
        rows.next()?.map(|row| read(&Row::new(row))).transpose()
    }

    /// The row of a query that always has one.
    pub(crate) fn one<T>(
        &self,
        sql: &str,
        params: impl Params,
        read: impl FnOnce(&Row<'_>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        self.first(sql, params, read)?.ok_or_else(|| rusqlite::Error::QueryReturnedNoRows.into())
    }

    /// All rows.
    pub(crate) fn all<T>(
        &self,
        sql: &str,
        params: impl Params,
        mut read: impl FnMut(&Row<'_>) -> Result<T, StoreError>,
    ) -> Result<Vec<T>, StoreError> {
        let mut statement = self.statement(sql)?;
        let mut rows = statement.query(params_from_iter(params.values()))?;
        let mut all = Vec::new();
        while let Some(row) = rows.next()? {
            all.push(read(&Row::new(row))?);
        }
        Ok(all)
    }

    /// Works through all rows, of which there may be more than memory should have.
    pub(crate) fn each(
        &self,
        sql: &str,
        params: impl Params,
        mut work: impl FnMut(&Row<'_>) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let mut statement = self.statement(sql)?;
        let mut rows = statement.query(params_from_iter(params.values()))?;
        while let Some(row) = rows.next()? {
            work(&Row::new(row))?;
        }
        Ok(())
    }
}
