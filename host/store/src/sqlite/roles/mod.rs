//! The store's operations, each one command to the writer or one short read; a file for each role.

mod agents;
mod batches;
mod bulk;
mod events;
mod journal;
mod ledger;
mod limits;
mod outbox;
mod predictions;
mod questions;
mod queue;
mod reading;
mod replies;
mod schedules;
mod state;
mod team;
mod upkeep;

use crate::Store;
use crate::sqlite::SqliteStore;

impl Store for SqliteStore {}
