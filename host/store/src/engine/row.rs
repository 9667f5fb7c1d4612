//! A row of an answer: the words of the house, read out of its columns.

use super::Id;
use crate::StoreError;
use anvil_types::{Json, Nanodollars, Priority, Timestamp};
use rusqlite::types::{FromSql, FromSqlError, Type, ValueRef};
use rusqlite::{ErrorCode, RowIndex};
use serde::de::value::{Error as WordError, StrDeserializer};
use serde::de::{DeserializeOwned, IntoDeserializer};
use std::fmt::Display;

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => Self::DiskFull,
            Some(ErrorCode::SystemIoFailure) => Self::DiskFails(error.to_string()),
            _ => Self::Backend(Box::new(error)),
        }
    }
}

/// A column's name or, where a row is read often, its place.
pub(crate) trait Column: RowIndex + Copy + Display {}
impl<T: RowIndex + Copy + Display> Column for T {}

/// A plain value of a column.
pub(crate) trait Cell: FromSql {}
impl<T: FromSql> Cell for T {}

/// A row of an answer.
pub(crate) struct Row<'a> {
    row: &'a rusqlite::Row<'a>,
}

impl<'a> Row<'a> {
    pub(super) fn new(row: &'a rusqlite::Row<'a>) -> Self {
        Self { row }
    }

    /// A number, a text, bytes, or one of them where there is one.
    pub(crate) fn get<T: Cell>(&self, column: impl Column) -> Result<T, StoreError> {
        Ok(self.row.get(column)?)
    }

    fn value(&self, column: impl Column) -> Result<ValueRef<'a>, StoreError> {
        Ok(self.row.get_ref(column)?)
    }

    /// Whether there is nothing.
    pub(crate) fn is_null(&self, column: impl Column) -> Result<bool, StoreError> {
        Ok(self.value(column)? == ValueRef::Null)
    }

    /// A text, where it stands.
    pub(crate) fn text(&self, column: impl Column) -> Result<&'a str, StoreError> {
        Ok(self.value(column)?.as_str().map_err(rusqlite::Error::from)?)
    }

    /// A text, where there is one.
    pub(crate) fn maybe_text(&self, column: impl Column) -> Result<Option<&'a str>, StoreError> {
        Ok(self.value(column)?.as_str_or_null().map_err(rusqlite::Error::from)?)
    }

    /// Bytes, where there are any.
    pub(crate) fn maybe_bytes(&self, column: impl Column) -> Result<Option<&'a [u8]>, StoreError> {
        Ok(self.value(column)?.as_blob_or_null().map_err(rusqlite::Error::from)?)
    }

    /// An id.
    pub(crate) fn id<T: Id>(&self, column: impl Column) -> Result<T, StoreError> {
        self.get(column).map(T::from_bytes)
    }

    /// An id, where there is one.
    pub(crate) fn maybe_id<T: Id>(&self, column: impl Column) -> Result<Option<T>, StoreError> {
        Ok(self.get::<Option<[u8; 16]>>(column)?.map(T::from_bytes))
    }

    /// A time.
    pub(crate) fn time(&self, column: impl Column) -> Result<Timestamp, StoreError> {
        self.get(column).map(Timestamp::from_micros)
    }

    /// A time, where there is one.
    pub(crate) fn maybe_time(&self, column: impl Column) -> Result<Option<Timestamp>, StoreError> {
        Ok(self.get::<Option<i64>>(column)?.map(Timestamp::from_micros))
    }

    /// An amount of money.
    pub(crate) fn money(&self, column: impl Column) -> Result<Nanodollars, StoreError> {
        self.get(column).map(Nanodollars::new)
    }

    /// A count.
    pub(crate) fn count<T: TryFrom<i64>>(&self, column: impl Column) -> Result<T, StoreError> {
        let number: i64 = self.get(column)?;
        T::try_from(number).map_err(|_| bad_column(column, FromSqlError::OutOfRange(number)))
    }

    /// A word of a closed vocabulary.
    pub(crate) fn word<T: DeserializeOwned>(&self, column: impl Column) -> Result<T, StoreError> {
        let text = self.text(column)?;
        let word: StrDeserializer<'_, WordError> = text.into_deserializer();
        T::deserialize(word).map_err(|error| bad_column(column, error))
    }

    /// What the house itself has written as JSON.
    pub(crate) fn structure<T: DeserializeOwned>(&self, column: impl Column) -> Result<T, StoreError> {
        serde_json::from_str(self.text(column)?).map_err(|error| bad_column(column, error))
    }

    /// JSON text for people and guests; what an older version took and nobody can read says so.
    pub(crate) fn json(&self, column: impl Column) -> Result<Json, StoreError> {
        self.text(column).map(Json::stored)
    }

    /// A priority.
    pub(crate) fn priority(&self, column: impl Column) -> Result<Priority, StoreError> {
        let rank: usize = self.count(column)?;
        Priority::ALL.get(rank).copied().ok_or_else(|| bad_column(column, FromSqlError::InvalidType))
    }

    /// A list of texts; empty where there is none.
    pub(crate) fn texts(&self, column: impl Column) -> Result<Vec<String>, StoreError> {
        match self.maybe_text(column)? {
            None | Some("[]") => Ok(Vec::new()),
            // One job's tags are no reason for nobody to see any job.
            Some(text) => Ok(serde_json::from_str(text).unwrap_or_else(|error| {
                tracing::error!(%column, %error, "a list of texts cannot be read, and is shown as none");
                Vec::new()
            })),
        }
    }
}

/// A column holds what this version cannot read.
pub(crate) fn bad_column(
    column: impl Display,
    error: impl std::error::Error + Send + Sync + 'static,
) -> StoreError {
    tracing::error!(%column, %error, "a column holds what this version cannot read");
    rusqlite::Error::FromSqlConversionFailure(0, Type::Null, Box::new(error)).into()
}
