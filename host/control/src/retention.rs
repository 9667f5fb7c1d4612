//! Retention: what is older, or more, than is kept goes, a little at a time.

use crate::parts::ControlParts;
use anvil_sandbox::{CancellationToken, Catalog};
use anvil_store::{ReplyBounds, Retention, Store, StoreError};
use anvil_types::{Clock, End};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How often there is a look for what is old.
const EVERY: Duration = Duration::from_mins(1);
/// The longest rest between two batches.
const LONGEST_REST: Duration = Duration::from_millis(200);

/// Who takes old things out.
#[derive(Clone)]
pub(crate) struct Keeper {
    store: Arc<dyn Store>,
    catalog: Catalog,
    clock: Arc<dyn Clock>,
    retention: Retention,
    replies: ReplyBounds,
    shutdown: CancellationToken,
}

impl Keeper {
    pub(crate) fn new(parts: &ControlParts) -> Self {
        Self {
            store: parts.store.clone(),
            catalog: parts.catalog.clone(),
            clock: parts.clock.clone(),
            retention: parts.settings.retention,
            replies: parts.settings.replies,
            shutdown: parts.runner.shutdown_token(),
        }
    }
}

/// Takes old things out until the host shuts down.
pub(crate) async fn run(keeper: Keeper) -> End {
    loop {
        if let Err(error) = prune(&keeper).await
            && !keeper.shutdown.is_cancelled()
        {
            tracing::error!(%error, "what is old could not be taken out");
        }
        if let Err(error) = trim_replies(&keeper).await
            && !keeper.shutdown.is_cancelled()
        {
            tracing::error!(%error, "replies that are kept no longer could not be taken out");
        }
        prune_plugins(&keeper).await;
        tokio::select! {
            () = keeper.clock.sleep_until(keeper.clock.now() + EVERY) => {}
            () = keeper.shutdown.cancelled() => return End::Asked,
        }
    }
}

// Versions of plugins that are not in force any more, and that no unfinished job is pinned to.
async fn prune_plugins(keeper: &Keeper) {
    // Before the agents of before are known all would look old.
    if !keeper.catalog.is_ready() {
        return;
    }
    match keeper.store.pinned_plugins().await {
        Ok(pinned) => keeper.catalog.keep_only(pinned.into_iter().collect()).await,
        Err(error) => tracing::error!(%error, "old versions of plugins could not be removed"),
    }
}

async fn trim_replies(keeper: &Keeper) -> Result<(), StoreError> {
    while !keeper.shutdown.is_cancelled() {
        let began = Instant::now();
        if !keeper.store.trim_replies(keeper.replies).await? {
            break;
        }
        tokio::time::sleep((began.elapsed() * 2).min(LONGEST_REST)).await;
    }
    Ok(())
}

async fn prune(keeper: &Keeper) -> Result<(), StoreError> {
    let (mut jobs, mut alerts) = (0, 0);
    while !keeper.shutdown.is_cancelled() {
        let began = Instant::now();
        let pruned = keeper.store.prune(keeper.retention).await?;
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
