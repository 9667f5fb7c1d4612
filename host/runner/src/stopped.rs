//! Jobs that are stopped while they run here, though nobody asked this host to: those that another job leads, where that
//! one ends.

use crate::shared::Shared;
use anvil_types::JobId;
use std::sync::Arc;

/// A job was cancelled: its attempt ends, where one is under way here. It is looked at first: by the time that this is
/// heard somebody may have run the job again.
pub(crate) fn heard(shared: &Arc<Shared>, job: JobId) {
    let Some(lease) = shared.running().get(&job).map(|run| run.lease) else { return };
    let shared = shared.clone();
    tokio::spawn(async move {
        let lost = match shared.store.heartbeat(vec![lease], shared.settings.lease).await {
            Ok(lost) => lost,
            Err(error) => {
                // The next heartbeat finds it.
                tracing::debug!(%job, %error, "a job that was cancelled could not be looked at");
                return;
            }
        };
        if lost.taken_over.is_empty() && lost.cancelled.is_empty() {
            return;
        }
        if let Some(run) = shared.running().get(&job).filter(|run| run.lease == lease) {
            run.cancel.cancel();
        }
    });
}
