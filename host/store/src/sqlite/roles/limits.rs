use crate::rules::jobs::recovery;
use crate::rules::money::{brake, evaluate, limits, prices, scope_limits};
use crate::sqlite::SqliteStore;
use crate::{BrakeState, LimitStore, LimitsInForce, PriceChange, ScopeLimit, StoreError};
use anvil_budget::{BrakeCause, WindowKind, WindowLimits};
use anvil_types::{Limits, LimitsPatch, Scope};
use async_trait::async_trait;

#[async_trait]
impl LimitStore for SqliteStore {
    async fn limits(&self) -> Result<LimitsInForce, StoreError> {
        Ok((*self.shared.limits()).clone())
    }

    async fn judge_limits(&self, patch: &LimitsPatch, reset: &[String]) -> Result<Limits, StoreError> {
        limits::judged(&self.shared.limits(), &self.base, &*self.rule, patch, reset)
    }

    async fn set_limits(
        &self,
        patch: LimitsPatch,
        reset: &[String],
        by: &str,
    ) -> Result<LimitsInForce, StoreError> {
        let (reset, by) = (reset.to_vec(), by.to_owned());
        self.write(move |tx| {
            let force = limits::change(tx, &patch, &reset, &by)?;
            recovery::remember_limits(tx)?;
            Ok(force)
        })
        .await
    }

    async fn scope_limits(&self) -> Result<Vec<ScopeLimit>, StoreError> {
        let upstream = self.upstream;
        self.readers.read(move |db| scope_limits::list(db, upstream)).await
    }

    async fn set_scope_limits(
        &self,
        scope: Scope,
        set: WindowLimits,
        unset: &[WindowKind],
        by: &str,
    ) -> Result<Vec<ScopeLimit>, StoreError> {
        let (unset, by) = (unset.to_vec(), by.to_owned());
        self.write(move |tx| scope_limits::change(tx, &scope, &set, &unset, &by)).await
    }

    async fn prices(&self) -> Result<Vec<PriceChange>, StoreError> {
        let upstream = self.upstream;
        self.readers.read(move |db| prices::list(db, upstream)).await
    }

    async fn set_price(&self, price: anvil_budget::NewPrice, by: &str) -> Result<(), StoreError> {
        let by = by.to_owned();
        self.write(move |tx| prices::put(tx, &price, &by)).await
    }

    async fn reset_price(&self, id: &str, by: &str) -> Result<bool, StoreError> {
        let (id, by) = (id.to_owned(), by.to_owned());
        self.write(move |tx| prices::reset(tx, &id, &by)).await
    }

    async fn brake(&self) -> Result<BrakeState, StoreError> {
        let brake = self.shared.brake();
        let now = self.now();
        if !brake.causes.iter().any(|cause| brake::is_over(cause, now)) {
            return Ok(brake);
        }
        self.write(|tx| {
            evaluate::evaluate_all(tx)?;
            Ok(tx.policy.brake())
        })
        .await
    }

    async fn engage_brake(&self, cause: BrakeCause) -> Result<BrakeState, StoreError> {
        self.write(move |tx| brake::engage(tx, cause)).await
    }

    async fn release_brake(&self, by: &str, reason: &str) -> Result<BrakeState, StoreError> {
        let (by, reason) = (by.to_owned(), reason.to_owned());
        self.write(move |tx| brake::release(tx, &by, &reason)).await
    }

    async fn account_answers(&self, reason: &str) -> Result<BrakeState, StoreError> {
        let reason = reason.to_owned();
        self.write(move |tx| brake::account_answers(tx, &reason)).await
    }
}
