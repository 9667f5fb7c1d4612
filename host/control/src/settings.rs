//! What control goes by.

use anvil_budget::PressureSteps;
use anvil_store::Retention;
use anvil_types::UpstreamKind;
use std::collections::BTreeMap;

/// What control goes by.
#[derive(Clone, Debug)]
pub struct ControlSettings {
    /// The upstream that is asked.
    pub upstream: UpstreamKind,
    /// From which pressure on calls are slowed, and answered by a cheaper model.
    pub pressure: PressureSteps,
    /// How long the past is kept.
    pub retention: Retention,
    /// Where each limit's value comes from before anyone changes it at run time.
    pub limit_sources: BTreeMap<String, String>,
}
