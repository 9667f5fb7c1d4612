//! Agents come and go by the catalog's word: the panel hears of it by an event, and jobs that waited for one go back
//! into the queue.

use crate::shared::Shared;
use crate::{plugin_alerts, versions};
use anvil_types::words::PartEnd;
use anvil_types::{End, EventKind, WaitReason};
use std::sync::Arc;
use tokio::sync::broadcast::error::RecvError;

/// Follows the catalog for as long as it tells anything.
pub(crate) async fn tell(shared: Arc<Shared>) -> End {
    let mut changes = shared.catalog.changes();
    // Who was parked in an earlier life, or before anybody listened.
    everybody_looks_again(&shared).await;
    loop {
        let change = match changes.recv().await {
            Ok(change) => change,
            Err(RecvError::Lagged(_)) => {
                everybody_looks_again(&shared).await;
                continue;
            }
            Err(RecvError::Closed) => return End::Unexpected(PartEnd::CatalogSilent.why()),
        };
        plugin_alerts::follow(&shared, &change).await;
        if let Some(line) = &change.after
            && let Err(error) = versions::look(&shared, &line.name).await
        {
            tracing::error!(%error, agent = %line.name, "what was set aside of an agent could not be looked at");
        }
        // A line that went away tells by its last state that its agent takes no more jobs.
        let Some(line) = change.after.as_ref().or(change.before.as_ref()) else { continue };
        let (name, state) = (line.name.clone(), line.state);
        if change.after.is_some() && state.takes_jobs() {
            let waits = [WaitReason::AgentMissing, WaitReason::AgentDisabled];
            if let Err(error) = shared.store.resume(&waits, Some(&name)).await {
                tracing::error!(%error, agent = %name, "jobs that wait for an agent could not be resumed");
            }
        }
        if let Err(error) = shared.store.record(EventKind::Agent { name, state }).await {
            tracing::error!(%error, "an agent's change could not be recorded");
        }
        shared.freed.notify_one();
    }
}

// Whatever was missed: who waits for an agent looks again, and people are told how the plugins stand.
async fn everybody_looks_again(shared: &Shared) {
    plugin_alerts::look(shared).await;
    let waits = [WaitReason::AgentMissing, WaitReason::AgentDisabled];
    if let Err(error) = shared.store.resume(&waits, None).await {
        tracing::error!(%error, "jobs that wait for an agent could not be resumed");
    }
}
