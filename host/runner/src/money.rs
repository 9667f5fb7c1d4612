//! What people do to money: limits of one agent or API key, and corrections.

use crate::submit::{nearest, sorted};
use crate::{Runner, SubmitError};
use anvil_api::{ScopeLimitsView, ScopeWindowStatus};
use anvil_budget::{WindowKind, WindowLimits};
use anvil_store::{Correction, ScopeStanding, StoreError, Wiped};
use anvil_types::{CallRecord, Scope, Timestamp, UpstreamKind};

impl Runner {
    /// The limits of agents and API keys, each with how its windows stand.
    pub async fn scope_limits(&self) -> Result<Vec<ScopeLimitsView>, StoreError> {
        let limits = self.shared.store.scope_limits().await?;
        let standings = self.shared.store.scope_spend(self.shared.settings.upstream).await?;
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
    pub async fn set_scope_limits(
        &self,
        scope: Scope,
        set: WindowLimits,
        unset: &[WindowKind],
        by: &str,
    ) -> Result<ScopeLimitsView, SubmitError> {
        if let Scope::Agent(name) = &scope {
            let known = sorted(self.agents().iter().map(|agent| agent.name.clone()));
            let limited = self.shared.store.scope_limits().await?.iter().any(|limit| limit.scope == scope);
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
            return Err(SubmitError::Invalid(format!(
                "there is no API key `{name}`, and none can be made yet: nothing would ever count against this limit; \
                 limit an agent, or everything"
            )));
        }
        self.shared.store.set_scope_limits(scope.clone(), set, unset, by).await?;
        self.money_changed().await?;
        let view = self.scope_limits().await?.into_iter().find(|view| view.scope == scope);
        Ok(view.unwrap_or(ScopeLimitsView { scope, windows: Vec::new() }))
    }

    /// Corrects what a call that has ended cost; whoever waits for room looks again.
    pub async fn correct(&self, correction: Correction) -> Result<CallRecord, StoreError> {
        let record = self.shared.store.correct(correction).await?;
        self.money_changed().await?;
        Ok(record)
    }

    /// Wipes what is simulated; what is live is never touched. See [`UpkeepStore::wipe_simulated`](anvil_store::UpkeepStore::wipe_simulated).
    pub async fn wipe_simulated(&self, by: &str) -> Result<Wiped, SubmitError> {
        let store = &self.shared.store;
        let off = store.disabled_agents().await?;
        let wiped = match store.wipe_simulated(by).await {
            Err(StoreError::BadChange(why)) => return Err(SubmitError::Invalid(why)),
            done => done?,
        };
        if self.shared.settings.upstream == UpstreamKind::Simulated {
            for agent in off {
                self.shared.catalog.set_enabled(&agent, true);
            }
            self.prices_changed().await?;
            self.money_changed().await?;
        }
        Ok(wiped)
    }

    /// Sets the ledger's time back to the wall's clock, from the next start on, and engages the brake. Answers
    /// what the wall's clock says.
    pub async fn set_ledger_time_back(&self, by: &str, reason: &str) -> Result<Timestamp, SubmitError> {
        match self.shared.store.set_ledger_time_back(by, reason).await {
            Err(StoreError::BadChange(why)) => Err(SubmitError::Invalid(why)),
            done => Ok(done?),
        }
    }

    /// What the machine's clock says beside the host's; none where the clock is driven.
    pub fn wall(&self) -> Option<Timestamp> {
        self.shared.clock.wall()
    }

    async fn money_changed(&self) -> Result<(), StoreError> {
        self.shared.gateway.limits_changed(&self.shared.store.limits().await?.limits);
        self.shared.freed.notify_one();
        Ok(())
    }
}
