//! Retention: what is older, or more, than is kept goes, a little at a time.

use crate::shared::Shared;
use anvil_types::End;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How often there is a look for what is old.
const EVERY: Duration = Duration::from_mins(1);
/// The longest rest between two batches.
const LONGEST_REST: Duration = Duration::from_millis(200);

/// Takes old things out until the host shuts down.
pub(crate) async fn run(shared: Arc<Shared>) -> End {
    loop {
        if let Err(error) = prune(&shared).await
            && !shared.shutting_down()
        {
            tracing::error!(%error, "what is old could not be taken out");
        }
        prune_plugins(&shared).await;
        tokio::select! {
            () = shared.clock.sleep_until(shared.clock.now() + EVERY) => {}
            () = shared.shutdown.cancelled() => return End::Asked,
        }
    }
}

// Versions of plugins that are not in force any more, and that no unfinished job is pinned to.
async fn prune_plugins(shared: &Shared) {
    // Before the agents of before are known all would look old.
    if !shared.catalog.is_ready() {
        return;
    }
    match shared.store.pinned_plugins().await {
        Ok(pinned) => shared.catalog.keep_only(pinned.into_iter().collect()).await,
        Err(error) => tracing::error!(%error, "old versions of plugins could not be removed"),
    }
}

async fn prune(shared: &Shared) -> Result<(), anvil_store::StoreError> {
    let (mut jobs, mut alerts) = (0, 0);
    while !shared.shutting_down() {
        let began = Instant::now();
        let pruned = shared.store.prune(shared.settings.retention).await?;
        jobs += pruned.jobs;
        alerts += pruned.alerts;
        if !pruned.more {
            break;
        }
        // The writer is everyone's: two thirds of its time stay theirs.
        tokio::time::sleep((began.elapsed() * 2).min(LONGEST_REST)).await;
    }
    if jobs + alerts > 0 {
        tracing::info!(jobs, alerts, "took out what is older, or more, than is kept");
    }
    Ok(())
}
