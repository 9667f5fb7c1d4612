//! What a job may still spend, as its guest is told.

use crate::run::Run;
use anvil_store::{Store, StoreError, WindowStanding};
use anvil_types::{Nanodollars, Remaining, Scope, UpstreamKind};

/// What the job of a run may still spend, with so many calls left. Its agent's own windows count as everyone's do, and
/// what those that it leads may spend is theirs.
pub(crate) async fn remaining(
    store: &dyn Store,
    upstream: UpstreamKind,
    run: &Run,
    calls: u32,
) -> Result<Remaining, StoreError> {
    let job = store.job(run.job.id).await?.unwrap_or_else(|| run.job.clone());
    let spend = store.spend(upstream).await?;
    let own = Scope::Agent(run.job.agent.clone());
    let scopes = store.scope_spend(upstream).await?;
    let windows: Vec<WindowStanding> = scopes
        .into_iter()
        .filter(|standing| standing.scope == own)
        .flat_map(|standing| standing.windows)
        .chain(spend.windows)
        .collect();
    let limits = store.limits().await?.limits;
    Ok(Remaining {
        job: job.max_cost.less(job.cost + job.held + job.team),
        window: windows
            .iter()
            .map(|window| window.limit.less(window.amounts.committed()))
            .min()
            .unwrap_or(Nanodollars::ZERO),
        calls,
        max_input_tokens: run.agent.max_input_tokens.unwrap_or(limits.max_input_tokens),
        max_output_tokens: run.agent.max_output_tokens.unwrap_or(limits.max_output_tokens),
        pressure: windows
            .iter()
            .map(|window| window.amounts.spent().fraction_of(window.limit))
            .fold(0.0, f64::max),
    })
}
