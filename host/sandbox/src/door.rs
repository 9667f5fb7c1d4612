//! A guest's way out.

use crate::end::BreachKind;
use crate::wall::{WallClock, WallMeter};
use crate::{Breach, JobHost, Stop};
use std::future::Future;
use std::sync::Arc;
use tokio::runtime::Handle;
use tokio::task::JoinHandle;

/// The way to a job's host, or none while a plugin describes itself.
#[derive(Clone)]
pub(crate) enum Door {
    /// To a job's host.
    Open(OpenDoor),
    /// To nobody. The guest's random numbers follow from this.
    Shut(u128),
}

/// The way to a job's host.
#[derive(Clone)]
pub(crate) struct OpenDoor {
    pub(crate) host: Arc<dyn JobHost>,
    /// The host's own runtime: a guest's thread may be busy with other guests.
    pub(crate) runtime: Handle,
    pub(crate) wall: Arc<WallMeter>,
}

impl Door {
    /// The job's host, where there is one.
    pub(crate) fn host(&self) -> Option<&Arc<dyn JobHost>> {
        match self {
            Self::Open(door) => Some(&door.host),
            Self::Shut(_) => None,
        }
    }

    /// What the guest's random numbers follow from: its job, where it has one.
    pub(crate) fn seed(&self) -> u128 {
        match self {
            Self::Open(door) => door.host.identity().job.number(),
            Self::Shut(seed) => *seed,
        }
    }

    /// The host, or the end of a guest that asks while it describes itself.
    pub(crate) fn open(&self, function: &str) -> wasmtime::Result<OpenDoor> {
        match self {
            Self::Open(door) => Ok(door.clone()),
            Self::Shut(_) => Err(wasmtime::Error::new(Breach::new(
                BreachKind::NoHost,
                format!("`describe` called `{function}`, which is there only while a job runs"),
            ))),
        }
    }
}

impl OpenDoor {
    /// Asks what may take time; the question is given up when the guest is stopped.
    pub(crate) async fn ask<T, F>(
        &self,
        function: &str,
        question: impl FnOnce(Arc<dyn JobHost>) -> F,
    ) -> wasmtime::Result<T>
    where
        T: Send + 'static,
        F: Future<Output = Result<T, Stop>> + Send + 'static,
    {
        let mut answer = Answer(self.runtime.spawn(question(Arc::clone(&self.host))));
        match (&mut answer.0).await {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(stop)) => Err(wasmtime::Error::new(stop)),
            Err(error) => Err(wasmtime::Error::new(Breach::new(
                BreachKind::Internal,
                format!("the host failed to answer `{function}`: {error}"),
            ))),
        }
    }

    /// The attempt's wall clock, for whoever knows when a call waits.
    pub(crate) fn clock(&self) -> WallClock {
        WallClock::of(Arc::clone(&self.wall))
    }
}

/// A question under way; given up when it is dropped.
struct Answer<T>(JoinHandle<T>);

impl<T> Drop for Answer<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}
