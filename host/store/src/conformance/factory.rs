//! How the suite opens a store.

use crate::{Store, StoreError};
use anvil_budget::{LimitsRule, Windows};
use anvil_types::{BootId, Clock, HostId, Limits, UpstreamKind};
use async_trait::async_trait;
use std::sync::Arc;

/// What a store is opened with.
#[derive(Clone, Debug)]
pub struct Setup {
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// The limits of the settings.
    pub limits: Limits,
    /// What limits may be at most.
    pub rule: Arc<dyn LimitsRule>,
    /// Where windows begin and end.
    pub windows: Windows,
    /// The upstream that the host asks.
    pub upstream: UpstreamKind,
    /// The life of the host that opens it.
    pub boot: BootId,
}

/// Opens stores over one data set.
#[async_trait]
pub trait Factory: Send + Sync {
    /// Opens the store; every time on the same data, by the same host. What was open before is dropped.
    async fn open(&self, setup: Setup) -> Arc<dyn Store>;

    /// Opens the store as this one of several hosts, on the same data; what is open before stays open.
    async fn open_beside(&self, setup: Setup, host: HostId) -> Result<Arc<dyn Store>, StoreError>;

    /// Another, over data of its own that are empty.
    fn fresh(&self) -> Box<dyn Factory>;
}
