//! The text that streams by, for whoever looks at a job now. Not an event: it is gone with the attempt.

use anvil_types::JobId;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::broadcast;

/// The most text that is kept for those who come late.
const MOST_BYTES: usize = 256 * 1024;

#[derive(Debug)]
struct Stream {
    so_far: String,
    sender: broadcast::Sender<String>,
}

/// The texts of all running jobs.
#[derive(Clone, Debug, Default)]
pub(crate) struct LiveText {
    streams: Arc<Mutex<HashMap<JobId, Stream>>>,
}

impl LiveText {
    /// A job begins.
    pub(crate) fn open(&self, job: JobId) {
        let stream = Stream { so_far: String::new(), sender: broadcast::Sender::new(1_024) };
        self.lock().insert(job, stream);
    }

    /// A job's attempt is over.
    pub(crate) fn close(&self, job: JobId) {
        self.lock().remove(&job);
    }

    /// Text came.
    pub(crate) fn push(&self, job: JobId, text: &str) {
        if let Some(stream) = self.lock().get_mut(&job) {
            if stream.so_far.len() + text.len() <= MOST_BYTES {
                stream.so_far.push_str(text);
            }
            // Nobody may be looking.
            let _ = stream.sender.send(text.to_owned());
        }
    }

    /// What came so far, and what follows.
    pub(crate) fn watch(&self, job: JobId) -> Option<(String, broadcast::Receiver<String>)> {
        let streams = self.lock();
        let stream = streams.get(&job)?;
        Some((stream.so_far.clone(), stream.sender.subscribe()))
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<JobId, Stream>> {
        self.streams.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
