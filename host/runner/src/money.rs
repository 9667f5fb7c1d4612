//! What people do to money: limits of one agent or API key, and corrections.

use crate::Runner;
use anvil_budget::{WindowKind, WindowLimits};
use anvil_store::{Correction, ScopeLimit, ScopeStanding, StoreError};
use anvil_types::{CallRecord, Scope};

impl Runner {
    /// The limits of agents and API keys.
    pub async fn scope_limits(&self) -> Result<Vec<ScopeLimit>, StoreError> {
        self.shared.store.scope_limits().await
    }

    /// How the windows stand that an agent or an API key has a limit for.
    pub async fn scope_spend(&self) -> Result<Vec<ScopeStanding>, StoreError> {
        self.shared.store.scope_spend(self.shared.settings.upstream).await
    }

    /// Sets limits of an agent or an API key and takes others away; whoever waits for room looks again.
    pub async fn set_scope_limits(
        &self,
        scope: Scope,
        set: WindowLimits,
        unset: &[WindowKind],
        by: &str,
    ) -> Result<Vec<ScopeLimit>, StoreError> {
        let limits = self.shared.store.set_scope_limits(scope, set, unset, by).await?;
        self.money_changed().await?;
        Ok(limits)
    }

    /// Corrects what a call that has ended cost; whoever waits for room looks again.
    pub async fn correct(&self, correction: Correction) -> Result<CallRecord, StoreError> {
        let record = self.shared.store.correct(correction).await?;
        self.money_changed().await?;
        Ok(record)
    }

    async fn money_changed(&self) -> Result<(), StoreError> {
        self.shared.gateway.limits_changed(&self.shared.store.limits().await?.limits);
        self.shared.freed.notify_one();
        Ok(())
    }
}
