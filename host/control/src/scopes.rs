//! Limits of one agent or API key.

use crate::SubmitError;
use crate::names::{nearest, sorted};
use crate::parts::ControlParts;
use crate::room::Room;
use anvil_api::{ScopeLimitsView, ScopeWindowStatus};
use anvil_budget::{WindowKind, WindowLimits};
use anvil_sandbox::Catalog;
use anvil_store::{ScopeStanding, Store, StoreError};
use anvil_types::words::BadValue;
use anvil_types::{Scope, UpstreamKind};
use std::sync::Arc;

/// Limits of one agent or API key.
pub struct ScopeControl {
    store: Arc<dyn Store>,
    catalog: Catalog,
    upstream: UpstreamKind,
    room: Room,
}

impl ScopeControl {
    pub(crate) fn new(parts: &ControlParts) -> Self {
        Self {
            store: parts.store.clone(),
            catalog: parts.catalog.clone(),
            upstream: parts.settings.upstream,
            room: Room::new(parts),
        }
    }

    /// The limits of agents and API keys, each with how its windows stand.
    pub async fn all(&self) -> Result<Vec<ScopeLimitsView>, StoreError> {
        let limits = self.store.scope_limits().await?;
        let standings = self.store.scope_spend(self.upstream).await?;
        let view = |standing: ScopeStanding| {
            let windows = standing.windows.into_iter().filter_map(|window| {
                let set =
                    limits.iter().find(|set| set.scope == standing.scope && set.window == window.kind)?;
                Some(ScopeWindowStatus {
                    window: window.kind,
                    spent_usd: window.amounts.spent(),
                    held_usd: window.amounts.held,
                    unknown_usd: window.amounts.unknown,
                    limit_usd: window.limit,
                    left_usd: window.limit.less(window.amounts.committed()),
                    resets_at: window.resets_at,
                    by: set.by.clone(),
                    at: set.at,
                })
            });
            ScopeLimitsView { windows: windows.collect(), scope: standing.scope }
        };
        Ok(standings.into_iter().map(view).collect())
    }

    /// Sets limits of an agent or an API key and takes others away; whoever waits for room looks again.
    /// An agent has to be there, or to have limits already.
    pub async fn set(
        &self,
        scope: Scope,
        set: WindowLimits,
        unset: &[WindowKind],
        by: &str,
    ) -> Result<ScopeLimitsView, SubmitError> {
        if let Scope::Agent(name) = &scope {
            let known = sorted(self.catalog.agents().iter().map(|agent| agent.name.clone()));
            let limited = self.store.scope_limits().await?.iter().any(|limit| limit.scope == scope);
            if !known.contains(name) && !limited {
                return Err(SubmitError::UnknownAgent {
                    nearest: nearest(name, &known),
                    known,
                    name: name.clone(),
                });
            }
        }
        if let Scope::ApiKey(name) = &scope
            && set.iter().next().is_some()
        {
            return Err(BadValue::NoApiKey(name.clone()).into());
        }
        self.store.set_scope_limits(scope.clone(), set, unset, by).await?;
        self.room.changed().await?;
        let view = self.all().await?.into_iter().find(|view| view.scope == scope);
        Ok(view.unwrap_or(ScopeLimitsView { scope, windows: Vec::new() }))
    }
}
