//! Versions of agents that are set aside: what the store says is put in force in the catalog.

use crate::shared::Shared;
use anvil_sandbox::Catalog;
use anvil_store::{Store, StoreError};
use anvil_types::AsideVersion;
use std::collections::BTreeMap;

/// Puts in force what the store says of the versions of an agent.
pub async fn put_in_force(store: &dyn Store, catalog: &Catalog, agent: &str) -> Result<(), StoreError> {
    let all = store.versions_aside().await?;
    catalog.set_aside(agent, all.into_iter().filter(|one| one.agent == agent).collect());
    Ok(())
}

/// The same of all agents, at a start.
pub(crate) async fn put_all_in_force(store: &dyn Store, catalog: &Catalog) -> Result<(), StoreError> {
    let mut agents: BTreeMap<String, Vec<AsideVersion>> = BTreeMap::new();
    for one in store.versions_aside().await? {
        agents.entry(one.agent.clone()).or_default().push(one);
    }
    for (agent, versions) in agents {
        catalog.set_aside(&agent, versions);
    }
    Ok(())
}

/// An agent's line changed: where its file has another version than those that are set aside, that is over.
pub(crate) async fn look(shared: &Shared, agent: &str) -> Result<(), StoreError> {
    let aside = shared.catalog.aside(agent);
    let Some(file) = shared.catalog.of_file(agent).filter(|_| !aside.is_empty()) else { return Ok(()) };
    if aside.iter().any(|one| one.digest == file.digest) {
        return Ok(());
    }
    if shared.store.version_came(agent, &file.digest).await? {
        put_in_force(&*shared.store, &shared.catalog, agent).await?;
    }
    Ok(())
}
