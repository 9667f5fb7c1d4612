//! A note of what was learnt, kept over a restart. It is cheap to lose.

use anvil_store::Store;
use anvil_types::{Clock, Timestamp};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// It is stored no more often.
const STORE_EVERY: Duration = Duration::from_mins(1);

/// Keeps a note under a key.
#[derive(Debug)]
pub(crate) struct KeptNote {
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    key: String,
    /// What it is, for the log.
    what: &'static str,
    stored: Mutex<Timestamp>,
}

impl KeptNote {
    /// The note of a key.
    pub(crate) fn new(store: Arc<dyn Store>, clock: Arc<dyn Clock>, key: String, what: &'static str) -> Self {
        let stored = Mutex::new(clock.now());
        Self { store, clock, key, what, stored }
    }

    /// What an earlier life of the host has noted; nothing where that cannot be read.
    pub(crate) async fn recall<T: DeserializeOwned>(&self) -> Option<T> {
        let note = self.store.recall(&self.key).await.unwrap_or_else(|error| {
            tracing::warn!(%error, what = self.what, "a note cannot be read; learning begins anew");
            None
        });
        serde_json::from_str(&note?)
            .inspect_err(|error| {
                tracing::warn!(%error, what = self.what, "a note makes no sense; learning begins anew");
            })
            .ok()
    }

    /// Stores it, if it is time to.
    pub(crate) fn keep(&self, what: &impl Serialize) {
        let now = self.clock.now();
        let mut stored = self.stored.lock().unwrap_or_else(PoisonError::into_inner);
        if now.since(*stored) < STORE_EVERY {
            return;
        }
        *stored = now;
        match serde_json::to_string(what) {
            Ok(note) => drop(tokio::spawn(self.write(note))),
            Err(error) => tracing::warn!(%error, what = self.what, "a note could not be written"),
        }
    }

    /// Stores it now: nothing more is learnt in this life.
    pub(crate) async fn keep_for_good(&self, note: serde_json::Result<String>) {
        match note {
            Ok(note) => self.write(note).await,
            Err(error) => tracing::warn!(%error, what = self.what, "a note could not be written"),
        }
    }

    fn write(&self, note: String) -> impl Future<Output = ()> + Send + use<> {
        let (store, key, what) = (self.store.clone(), self.key.clone(), self.what);
        async move {
            if let Err(error) = store.remember(&key, &note).await {
                tracing::warn!(%error, what, "a note could not be stored");
            }
        }
    }
}
