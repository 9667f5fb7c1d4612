//! What a job may still spend.

use crate::run::Run;
use crate::settings::RunnerSettings;
use anvil_store::{Store, StoreError, WindowStanding};
use anvil_types::{Nanodollars, Remaining, Scope};

/// What a job may still spend that has asked for so many calls. Its own windows count as everyone's do.
pub(crate) async fn remaining(
    store: &dyn Store,
    settings: &RunnerSettings,
    run: &Run,
    asked: u32,
) -> Result<Remaining, StoreError> {
    let job = store.job(run.job.id).await?.unwrap_or_else(|| run.job.clone());
    let spend = store.spend(settings.upstream).await?;
    let own = Scope::Agent(run.job.agent.clone());
    let scopes = store.scope_spend(settings.upstream).await?;
    let windows: Vec<WindowStanding> = scopes
        .into_iter()
        .filter(|standing| standing.scope == own)
        .flat_map(|standing| standing.windows)
        .chain(spend.windows)
        .collect();
    let limits = store.limits().await?.limits;
    Ok(Remaining {
        job: job.max_cost.less(job.cost + job.held),
        window: windows
            .iter()
            .map(|w| w.limit.less(w.amounts.committed()))
            .min()
            .unwrap_or(Nanodollars::ZERO),
        calls: settings.calls.saturating_sub(asked),
        max_input_tokens: run.agent.max_input_tokens.unwrap_or(limits.max_input_tokens),
        max_output_tokens: run.agent.max_output_tokens.unwrap_or(limits.max_output_tokens),
        pressure: windows.iter().map(|w| w.amounts.spent().fraction_of(w.limit)).fold(0.0, f64::max),
    })
}
