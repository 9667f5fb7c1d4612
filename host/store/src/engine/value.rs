//! Values on their way into a statement.

use rusqlite::types::{ToSqlOutput, Value, ValueRef};

/// A value as a statement takes it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Param<'a> {
    /// No value.
    Null,
    /// A number, a time, an amount of money, yes or no.
    Integer(i64),
    /// A share.
    Real(f64),
    /// A text.
    Text(&'a str),
    /// A text that nobody else has.
    OwnText(String),
    /// Bytes.
    Bytes(&'a [u8]),
    /// The bytes of an id.
    Id([u8; 16]),
}

impl rusqlite::ToSql for Param<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(match self {
            Self::Null => ToSqlOutput::Owned(Value::Null),
            Self::Integer(number) => ToSqlOutput::Owned(Value::Integer(*number)),
            Self::Real(number) => ToSqlOutput::Owned(Value::Real(*number)),
            Self::Text(text) => ToSqlOutput::Borrowed(ValueRef::Text(text.as_bytes())),
            Self::OwnText(text) => ToSqlOutput::Borrowed(ValueRef::Text(text.as_bytes())),
            Self::Bytes(bytes) => ToSqlOutput::Borrowed(ValueRef::Blob(bytes)),
            Self::Id(bytes) => ToSqlOutput::Borrowed(ValueRef::Blob(bytes)),
        })
    }
}

/// What can stand as a value in a statement.
pub(crate) trait Bind {
    /// The value.
    fn bound(&self) -> Param<'_>;
}

macro_rules! integers {
    ($($integer:ty),*) => {$(
        impl Bind for $integer {
            fn bound(&self) -> Param<'_> {
                Param::Integer(i64::from(*self))
            }
        }
    )*};
}
integers!(i64, i32, u32, u16, u8, bool);

impl Bind for f64 {
    fn bound(&self) -> Param<'_> {
        Param::Real(*self)
    }
}

impl Bind for str {
    fn bound(&self) -> Param<'_> {
        Param::Text(self)
    }
}

impl Bind for String {
    fn bound(&self) -> Param<'_> {
        Param::Text(self)
    }
}

impl Bind for [u8] {
    fn bound(&self) -> Param<'_> {
        Param::Bytes(self)
    }
}

impl Bind for Vec<u8> {
    fn bound(&self) -> Param<'_> {
        Param::Bytes(self)
    }
}

impl<const N: usize> Bind for [u8; N] {
    fn bound(&self) -> Param<'_> {
        Param::Bytes(self)
    }
}

impl Bind for Param<'_> {
    fn bound(&self) -> Param<'_> {
        self.clone()
    }
}

impl<T: Bind> Bind for Option<T> {
    fn bound(&self) -> Param<'_> {
        self.as_ref().map_or(Param::Null, Bind::bound)
    }
}

impl<T: Bind + ?Sized> Bind for &T {
    fn bound(&self) -> Param<'_> {
        (**self).bound()
    }
}

/// The values of a statement, in its order.
pub(crate) trait Params {
    /// Each of them.
    fn values(&self) -> impl Iterator<Item = Param<'_>>;
}

impl<T: Bind, const N: usize> Params for [T; N] {
    fn values(&self) -> impl Iterator<Item = Param<'_>> {
        self.iter().map(Bind::bound)
    }
}

impl<T: Bind> Params for &[T] {
    fn values(&self) -> impl Iterator<Item = Param<'_>> {
        self.iter().map(Bind::bound)
    }
}

/// Values of several types: `params![id.bytes(), 3, name]`; none: `params![]`.
macro_rules! params {
    ($($value:expr),* $(,)?) => {
        &[$(&$value as &dyn $crate::engine::Bind),*] as &[&dyn $crate::engine::Bind]
    };
}
pub(crate) use params;
