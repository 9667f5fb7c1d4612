//! The pool of connections that read, beside the one that writes.

use crate::StoreError;
use crate::engine::Db;
use crate::sqlite::connect;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::Semaphore;

/// How many reads run at once.
const READERS: usize = 4;
/// How many of them may be large ones, so that short ones find a place.
const LARGE: usize = 1;

/// Connections that read. A read sees everything that was answered before it began.
#[derive(Debug)]
pub(crate) struct Readers {
    database: PathBuf,
    turns: Arc<Semaphore>,
    large: Arc<Semaphore>,
    idle: Arc<Mutex<Vec<Db>>>,
}

impl Readers {
    /// A pool that opens its connections when they are first wanted.
    pub(crate) fn new(database: PathBuf) -> Self {
        Self {
            database,
            turns: Arc::new(Semaphore::new(READERS)),
            large: Arc::new(Semaphore::new(LARGE)),
            idle: Arc::default(),
        }
    }

    /// Runs a read that may be of megabytes, when the ones before it are done.
    pub(crate) async fn read_large<T, F>(&self, read: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Db) -> Result<T, StoreError> + Send + 'static,
    {
        let _turn = self.large.acquire().await.map_err(|_| StoreError::Closed)?;
        self.read(read).await
    }

    /// Runs a short read, as one snapshot, away from the async threads.
    pub(crate) async fn read<T, F>(&self, read: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Db) -> Result<T, StoreError> + Send + 'static,
    {
        let turn = self.turns.clone().acquire_owned().await.map_err(|_| StoreError::Closed)?;
        let idle = self.idle.clone();
        let database = self.database.clone();
        // The connection goes back from inside, so that a caller who goes away does not take it along.
        let work = move || {
            let _turn = turn;
            let taken = idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
            let db = taken.map_or_else(|| connect::reading(&database), Ok)?;
            let answer = db.in_snapshot(read);
            idle.lock().unwrap_or_else(PoisonError::into_inner).push(db);
            answer
        };
        tokio::task::spawn_blocking(work).await.map_err(|error| StoreError::Backend(Box::new(error)))?
    }
}
