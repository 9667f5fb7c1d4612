//! What the rules see of a database: statements with values in, rows out. Which library runs them is known here and
//! in the backend alone.

mod column;
mod db;
mod meta;
mod row;
mod value;
pub(crate) mod wal_file;

pub(crate) use column::{Id, number, texts};
pub(crate) use db::Db;
pub(crate) use meta::{meta, set_meta};
pub(crate) use row::{Cell, Row, bad_column};
pub(crate) use value::{Bind, Param, Params, params};
