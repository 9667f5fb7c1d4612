//! How the words of the house stand in columns.

use crate::StoreError;
use anvil_types::{
    AlertId, BootId, CallId, DeliveryId, HostId, JobActionId, JobId, Json, Nanodollars, Priority, ScheduleId,
    Timestamp,
};
use rusqlite::types::{FromSql, FromSqlError, Type};
use rusqlite::{Connection, ErrorCode, Row, RowIndex};
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

/// An id as it stands in a column: its 16 bytes, which sort as the id does.
pub(super) trait Id: Copy {
    /// The bytes.
    fn bytes(self) -> [u8; 16];
    /// The id with these bytes.
    fn from_bytes(bytes: [u8; 16]) -> Self;
}

macro_rules! ids {
    ($($id:ty),*) => {$(
        impl Id for $id {
            fn bytes(self) -> [u8; 16] {
                self.number().to_be_bytes()
            }

            fn from_bytes(bytes: [u8; 16]) -> Self {
                let number = u128::from_be_bytes(bytes);
                // The upper 48 bits are milliseconds, the rest is random.
                let millis = i64::try_from(number >> 80).unwrap_or(i64::MAX);
                Self::new(Timestamp::from_micros(millis.saturating_mul(1_000)), number)
            }
        }
    )*};
}
ids!(JobId, JobActionId, CallId, HostId, BootId, AlertId, DeliveryId, ScheduleId);

/// A column's name or, where a row is read often, its place.
pub(super) trait Column: RowIndex + Copy + Display {}
impl<T: RowIndex + Copy + Display> Column for T {}

/// Reads the words of the house out of a row.
pub(super) trait Columns {
    /// An id.
    fn id<T: Id>(&self, column: impl Column) -> rusqlite::Result<T>;
    /// An id, where there is one.
    fn maybe_id<T: Id>(&self, column: impl Column) -> rusqlite::Result<Option<T>>;
    /// A time.
    fn time(&self, column: impl Column) -> rusqlite::Result<Timestamp>;
    /// A time, where there is one.
    fn maybe_time(&self, column: impl Column) -> rusqlite::Result<Option<Timestamp>>;
    /// An amount of money.
    fn money(&self, column: impl Column) -> rusqlite::Result<Nanodollars>;
    /// A count.
    fn count<T: TryFrom<i64>>(&self, column: impl Column) -> rusqlite::Result<T>;
    /// A word of a closed vocabulary.
    fn word<T: DeserializeOwned>(&self, column: impl Column) -> rusqlite::Result<T>;
    /// JSON text for people and guests; what an older version took and nobody can read says so.
    fn json(&self, column: impl Column) -> rusqlite::Result<Json>;
    /// A priority.
    fn priority(&self, column: impl Column) -> rusqlite::Result<Priority>;
    /// A list of texts; empty where there is none.
    fn texts(&self, column: impl Column) -> rusqlite::Result<Vec<String>>;
}

impl Columns for Row<'_> {
    fn id<T: Id>(&self, column: impl Column) -> rusqlite::Result<T> {
        self.get(column).map(T::from_bytes)
    }

    fn maybe_id<T: Id>(&self, column: impl Column) -> rusqlite::Result<Option<T>> {
        Ok(self.get::<_, Option<[u8; 16]>>(column)?.map(T::from_bytes))
    }

    fn time(&self, column: impl Column) -> rusqlite::Result<Timestamp> {
        self.get(column).map(Timestamp::from_micros)
    }

    fn maybe_time(&self, column: impl Column) -> rusqlite::Result<Option<Timestamp>> {
        Ok(self.get::<_, Option<i64>>(column)?.map(Timestamp::from_micros))
    }

    fn money(&self, column: impl Column) -> rusqlite::Result<Nanodollars> {
        self.get(column).map(Nanodollars::new)
    }

    fn count<T: TryFrom<i64>>(&self, column: impl Column) -> rusqlite::Result<T> {
        let number: i64 = self.get(column)?;
        T::try_from(number).map_err(|_| bad_column(column, FromSqlError::OutOfRange(number)))
    }

    fn word<T: DeserializeOwned>(&self, column: impl Column) -> rusqlite::Result<T> {
        let text = self.get_ref(column)?.as_str()?;
        let word: StrDeserializer<'_, WordError> = text.into_deserializer();
        T::deserialize(word).map_err(|error| bad_column(column, error))
    }

    fn json(&self, column: impl Column) -> rusqlite::Result<Json> {
        Ok(Json::stored(self.get_ref(column)?.as_str()?))
    }

    fn priority(&self, column: impl Column) -> rusqlite::Result<Priority> {
        let rank: usize = self.count(column)?;
        Priority::ALL.get(rank).copied().ok_or_else(|| bad_column(column, FromSqlError::InvalidType))
    }

    fn texts(&self, column: impl Column) -> rusqlite::Result<Vec<String>> {
        match self.get_ref(column)?.as_str_or_null()? {
            None | Some("[]") => Ok(Vec::new()),
            // One job's tags are no reason for nobody to see any job.
            Some(text) => Ok(serde_json::from_str(text).unwrap_or_else(|error| {
                tracing::error!(%column, %error, "a list of texts cannot be read, and is shown as none");
                Vec::new()
            })),
        }
    }
}

fn bad_column(
    column: impl Display,
    error: impl std::error::Error + Send + Sync + 'static,
) -> rusqlite::Error {
    tracing::error!(%column, %error, "a column holds what this version cannot read");
    rusqlite::Error::FromSqlConversionFailure(0, Type::Null, Box::new(error))
}

/// JSON in a column that is not what this version writes.
pub(super) fn bad_json(error: serde_json::Error) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(0, Type::Text, Box::new(error))
}

/// A count on its way into a column.
pub(super) fn number(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// A list of texts on its way into a column.
pub(super) fn texts(list: &[String]) -> String {
    serde_json::to_string(list).expect("a list of texts is JSON")
}

/// The first row of a query, where there is one.
pub(super) fn first<T>(
    conn: &Connection,
    sql: &str,
    params: impl rusqlite::Params,
    read: impl FnOnce(&Row<'_>) -> rusqlite::Result<T>,
) -> rusqlite::Result<Option<T>> {
    let mut statement = conn.prepare_cached(sql)?;
    let mut rows = statement.query(params)?;
    rows.next()?.map(read).transpose()
}

/// All rows of a query.
pub(super) fn all<T>(
    conn: &Connection,
    sql: &str,
    params: impl rusqlite::Params,
    read: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
) -> rusqlite::Result<Vec<T>> {
    conn.prepare_cached(sql)?.query_map(params, read)?.collect()
}

/// A value of the table `meta`.
pub(super) fn meta<T: FromSql>(conn: &Connection, key: &str) -> rusqlite::Result<Option<T>> {
    first(conn, "SELECT value FROM meta WHERE key = ?1", [key], |row| row.get(0))
}

/// Sets a value of the table `meta`.
pub(super) fn set_meta(conn: &Connection, key: &str, value: impl rusqlite::ToSql) -> rusqlite::Result<()> {
    conn.prepare_cached(
        "INSERT INTO meta (key, value) VALUES (?1, ?2) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
    )?
    .execute(rusqlite::params![key, value])
    .map(drop)
}
