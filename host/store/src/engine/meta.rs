//! The table of single values.

use super::{Bind, Cell, Db, params};
use crate::StoreError;

/// A value of the table `meta`.
pub(crate) fn meta<T: Cell>(db: &Db, key: &str) -> Result<Option<T>, StoreError> {
    db.first("SELECT value FROM meta WHERE key = ?1", [key], |row| row.get(0))
}

/// Sets a value of the table `meta`.
pub(crate) fn set_meta(db: &Db, key: &str, value: impl Bind) -> Result<(), StoreError> {
    db.run(
        "INSERT INTO meta (key, value) VALUES (?1, ?2) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
        params![key, value],
    )
    .map(drop)
}
