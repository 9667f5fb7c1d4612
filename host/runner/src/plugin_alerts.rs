//! Tells people of plugins that could not be loaded by no fault of their own, of two files that say that they are one
//! agent, and of a folder that is gone.

use crate::shared::Shared;
use anvil_sandbox::CatalogChange;
use anvil_store::StoreError;
use anvil_types::words::{AlertCause, AlertKey, NameTaken, PluginDelayed, PluginsFolderGone};
use anvil_types::{AgentInfo, AgentState};

/// Raises or resolves what a change is about.
pub(crate) async fn follow(shared: &Shared, change: &CatalogChange) {
    let told = match (&change.before, &change.after) {
        (None, None) => folder(shared).await,
        (before, now) => file(shared, before.as_ref(), now.as_ref()).await,
    };
    if let Err(error) = told {
        tracing::error!(%error, "people could not be told of a plugin");
    }
}

/// Looks at all there is: what changed while nobody listened is told too.
pub(crate) async fn look(shared: &Shared) {
    let told = async {
        folder(shared).await?;
        for now in shared.catalog.agents().iter() {
            match now.state {
                AgentState::Delayed => delayed(shared, now).await?,
                _ => shared.store.resolve_alert(&AlertKey::Plugin(&now.file)).await.map(drop)?,
            }
            match now.state {
                AgentState::Shadowed => shadowed(shared, now).await?,
                _ => shared.store.resolve_alert(&AlertKey::Shadowed(&now.file)).await.map(drop)?,
            }
        }
        Ok::<(), StoreError>(())
    };
    if let Err(error) = told.await {
        tracing::error!(%error, "people could not be told of the plugins");
    }
}

async fn file(
    shared: &Shared,
    before: Option<&AgentInfo>,
    now: Option<&AgentInfo>,
) -> Result<(), StoreError> {
    let was = |state| before.filter(|before| before.state == state);
    let is = |state| now.filter(|now| now.state == state);
    match (was(AgentState::Delayed), is(AgentState::Delayed)) {
        (_, Some(now)) => delayed(shared, now).await?,
        (Some(before), None) => {
            shared.store.resolve_alert(&AlertKey::Plugin(&before.file)).await?;
        }
        (None, None) => {}
    }
    match (was(AgentState::Shadowed), is(AgentState::Shadowed)) {
        (_, Some(now)) => shadowed(shared, now).await?,
        (Some(before), None) => {
            shared.store.resolve_alert(&AlertKey::Shadowed(&before.file)).await?;
        }
        (None, None) => {}
    }
    Ok(())
}

async fn folder(shared: &Shared) -> Result<(), StoreError> {
    let Some(trouble) = shared.catalog.trouble() else {
        return shared.store.resolve_alert(&AlertKey::PluginsFolder).await.map(drop);
    };
    shared.raise(&AlertCause::PluginsFolder(PluginsFolderGone { trouble: &trouble })).await
}

async fn delayed(shared: &Shared, file: &AgentInfo) -> Result<(), StoreError> {
    let why = file.reason.as_deref().unwrap_or_default();
    shared.raise(&AlertCause::Plugin(PluginDelayed { file: &file.file, why })).await
}

async fn shadowed(shared: &Shared, file: &AgentInfo) -> Result<(), StoreError> {
    let why = file.reason.as_deref().unwrap_or_default();
    shared.raise(&AlertCause::Shadowed(NameTaken { agent: &file.name, file: &file.file, why })).await
}
