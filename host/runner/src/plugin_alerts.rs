//! Tells people of plugins that could not be loaded by no fault of their own, and of a folder that is gone.

use crate::shared::Shared;
use anvil_sandbox::CatalogChange;
use anvil_store::StoreError;
use anvil_types::words::{AlertCause, AlertKey, PluginDelayed, PluginsFolderGone};
use anvil_types::{AgentInfo, AgentState};

/// Raises or resolves what a change is about.
pub(crate) async fn follow(shared: &Shared, change: &CatalogChange) {
    let told = match (&change.before, &change.after) {
        (None, None) => folder(shared).await,
        (_, Some(now)) if now.state == AgentState::Delayed => delayed(shared, now).await,
        (Some(before), _) if before.state == AgentState::Delayed => {
            shared.store.resolve_alert(&AlertKey::Plugin(&before.file)).await.map(drop)
        }
        _ => Ok(()),
    };
    if let Err(error) = told {
        tracing::error!(%error, "people could not be told of a plugin");
    }
}

/// Looks at all there is: what changed while nobody listened is told too.
pub(crate) async fn look(shared: &Shared) {
    let told = async {
        folder(shared).await?;
        for file in shared.catalog.agents().iter() {
            match file.state {
                AgentState::Delayed => delayed(shared, file).await?,
                _ => shared.store.resolve_alert(&AlertKey::Plugin(&file.file)).await.map(drop)?,
            }
        }
        Ok::<(), StoreError>(())
    };
    if let Err(error) = told.await {
        tracing::error!(%error, "people could not be told of the plugins");
    }
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
