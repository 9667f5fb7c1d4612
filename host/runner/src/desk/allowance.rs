//! What a job may still spend.

use super::Desk;
use anvil_store::{StoreError, WindowStanding};
use anvil_types::{Nanodollars, Remaining, Scope};
use std::sync::atomic::Ordering;

impl Desk {
    /// What the job may still spend; its own windows count as everyone's do.
    pub(super) async fn remaining(&self) -> Result<Remaining, StoreError> {
        let job = self.store.job(self.run.job.id).await?.unwrap_or_else(|| self.run.job.clone());
        let spend = self.store.spend(self.settings.upstream).await?;
        let own = Scope::Agent(self.run.job.agent.clone());
        let scopes = self.store.scope_spend(self.settings.upstream).await?;
        let windows: Vec<WindowStanding> = scopes
            .into_iter()
            .filter(|standing| standing.scope == own)
            .flat_map(|standing| standing.windows)
            .chain(spend.windows)
            .collect();
        let limits = self.store.limits().await?.limits;
        let asked = self.calls.load(Ordering::Relaxed).max(self.run.bounds().calls());
        Ok(Remaining {
            job: job.max_cost.less(job.cost + job.held),
            window: windows
                .iter()
                .map(|w| w.limit.less(w.amounts.committed()))
                .min()
                .unwrap_or(Nanodollars::ZERO),
            calls: self.settings.calls.saturating_sub(asked),
            max_input_tokens: self.run.agent.max_input_tokens.unwrap_or(limits.max_input_tokens),
            max_output_tokens: self.run.agent.max_output_tokens.unwrap_or(limits.max_output_tokens),
            pressure: windows.iter().map(|w| w.amounts.spent().fraction_of(w.limit)).fold(0.0, f64::max),
        })
    }
}
