//! What holds money back: limits, those of scopes, prices, and the brake.

use crate::{BrakeState, LimitsInForce, PriceChange, ScopeLimit, StoreError};
use anvil_budget::{WindowKind, WindowLimits};
use anvil_types::{Limits, LimitsPatch, Scope};
use async_trait::async_trait;

/// What holds money back: limits, those of scopes, prices, and the brake.
#[async_trait]
pub trait LimitStore: Send + Sync {
    /// The limits in force.
    async fn limits(&self) -> Result<LimitsInForce, StoreError>;
    /// The limits as they would be after a change; [`StoreError::BadChange`] where the hard limits or the
    /// others do not let them be.
    async fn judge_limits(&self, patch: &LimitsPatch, reset: &[String]) -> Result<Limits, StoreError>;
    /// Changes limits at run time: at once, kept over a restart, audited. `reset` names limits that go
    /// back to the settings. A raise ends the brake and the parking that the old limit caused.
    async fn set_limits(
        &self,
        patch: LimitsPatch,
        reset: &[String],
        by: &str,
    ) -> Result<LimitsInForce, StoreError>;
    /// The limits of agents and API keys, by scope and window.
    async fn scope_limits(&self) -> Result<Vec<ScopeLimit>, StoreError>;
    /// Sets limits of an agent or an API key and takes others away: at once, kept over a restart, audited.
    /// Puts jobs that were parked for money back into the queue. Answers all limits of scopes.
    async fn set_scope_limits(
        &self,
        scope: Scope,
        set: WindowLimits,
        unset: &[WindowKind],
        by: &str,
    ) -> Result<Vec<ScopeLimit>, StoreError>;
    /// Prices that people set at run time.
    async fn prices(&self) -> Result<Vec<PriceChange>, StoreError>;
    /// Sets a price at run time, kept over a restart, audited; one of the same id is replaced.
    async fn set_price(&self, price: anvil_budget::NewPrice, by: &str) -> Result<(), StoreError>;
    /// Takes a price away that was set at run time. Answers whether there was one.
    async fn reset_price(&self, id: &str, by: &str) -> Result<bool, StoreError>;
    /// The brake's causes now; one whose time is over is gone.
    async fn brake(&self) -> Result<BrakeState, StoreError>;
    /// Engages the brake. A cause that upstream raised for the account is told once while it lasts.
    async fn engage_brake(&self, cause: anvil_budget::BrakeCause) -> Result<BrakeState, StoreError>;
    /// Ends all causes by a person's hand; one that a window raised is muted for that window's
    /// instance. Puts jobs that were parked for the brake back into the queue.
    async fn release_brake(&self, by: &str, reason: &str) -> Result<BrakeState, StoreError>;
    /// Ends the causes that upstream had raised for the account, since it answers again. Puts jobs that
    /// were parked for the brake back into the queue where no other cause is left.
    async fn account_answers(&self, reason: &str) -> Result<BrakeState, StoreError>;
}
