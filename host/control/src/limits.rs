//! The limits in force and where each comes from.

use crate::SubmitError;
use crate::parts::ControlParts;
use anvil_api::LimitsView;
use anvil_gateway::Gateway;
use anvil_runner::Runner;
use anvil_store::{AuditEntry, LimitSource, LimitsInForce, Store, StoreError};
use anvil_types::LimitsPatch;
use anvil_types::words::BadValue;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The limits of everything.
pub struct LimitControl {
    store: Arc<dyn Store>,
    gateway: Gateway,
    runner: Runner,
    sources: BTreeMap<String, String>,
}

impl LimitControl {
    pub(crate) fn new(parts: &ControlParts) -> Self {
        Self {
            store: parts.store.clone(),
            gateway: parts.gateway.clone(),
            runner: parts.runner.clone(),
            sources: parts.settings.limit_sources.clone(),
        }
    }

    /// The limits in force and where each comes from.
    pub async fn in_force(&self) -> Result<LimitsView, StoreError> {
        Ok(self.view(self.store.limits().await?))
    }

    fn view(&self, in_force: LimitsInForce) -> LimitsView {
        let source = |name: &str| match in_force.changes.iter().find(|(changed, _, _)| changed == name) {
            Some((_, by, at)) => LimitSource::RunTime { by: by.clone(), at: *at },
            None => LimitSource::Settings { name: self.sources.get(name).cloned().unwrap_or_default() },
        };
        let sources = LimitsPatch::NAMES.iter().map(|name| ((*name).to_owned(), source(name))).collect();
        LimitsView { limits: in_force.limits, sources }
    }

    /// Changes limits; `reset` names limits that go back to the settings. `SubmitError::Invalid` where
    /// they make no sense together.
    pub async fn set(
        &self,
        patch: LimitsPatch,
        reset: &[String],
        by: &str,
    ) -> Result<LimitsView, SubmitError> {
        if let Some(unknown) = reset.iter().find(|name| !LimitsPatch::NAMES.contains(&name.as_str())) {
            return Err(BadValue::UnknownLimit { name: unknown.clone() }.into());
        }
        let in_force = match self.store.set_limits(patch, reset, by).await {
            Err(StoreError::BadChange(why)) => return Err(SubmitError::Invalid(why)),
            done => done?,
        };
        self.gateway.limits_changed(&in_force.limits);
        self.runner.wake();
        Ok(self.view(in_force))
    }

    /// Says what is wrong with limits that a person wants, without changing any.
    pub async fn judge(&self, patch: &LimitsPatch) -> Result<Option<String>, StoreError> {
        match self.store.judge_limits(patch, &[]).await {
            Ok(_) => Ok(None),
            Err(StoreError::BadChange(why)) => Ok(Some(why)),
            Err(error) => Err(error),
        }
    }

    /// Who changed limits, the newest first.
    pub async fn changes(&self, limit: u32) -> Result<Vec<AuditEntry>, StoreError> {
        self.store.audit_of("limits", limit).await
    }
}
