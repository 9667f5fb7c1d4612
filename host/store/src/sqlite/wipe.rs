//! Wiping what is simulated, step by step, beside everybody else's writes.

use super::SqliteStore;
use crate::rules::retention::wipe::{at_rest, batch, rest};
use crate::{StoreError, Wiped};
use std::time::{Duration, Instant};

/// The longest rest between two batches.
const LONGEST_REST: Duration = Duration::from_millis(100);

impl SqliteStore {
    /// Wipes what is simulated.
    pub(crate) async fn wipe(&self, by: &str) -> Result<Wiped, StoreError> {
        self.write(at_rest).await?;
        let mut wiped = Wiped::default();
        loop {
            let began = Instant::now();
            let (jobs, calls) = self.write(batch).await?;
            wiped.jobs += jobs;
            wiped.calls += calls;
            if jobs + calls == 0 {
                break;
            }
            // The writer is everyone's: two thirds of its time stay theirs.
            tokio::time::sleep((began.elapsed() * 2).min(LONGEST_REST)).await;
        }
        let by = by.to_owned();
        self.write(move |tx| rest(tx, &by, wiped)).await?;
        Ok(wiped)
    }
}
