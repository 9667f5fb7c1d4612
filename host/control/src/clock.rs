//! The host's time.

use crate::SubmitError;
use crate::parts::ControlParts;
use anvil_store::{Store, StoreError};
use anvil_types::words::BadValue;
use anvil_types::{Clock, DrivenClock, Timestamp};
use std::sync::Arc;
use std::time::Duration;

/// The latest time that a clock can be driven to: the year 2200. Times that are added to it stay times.
const LATEST: Timestamp = Timestamp::from_secs(7_258_118_400);

/// The host's time, and what people may do about it.
pub struct ClockControl {
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    driven: Option<Arc<DrivenClock>>,
}

impl ClockControl {
    pub(crate) fn new(parts: &ControlParts) -> Self {
        Self { store: parts.store.clone(), clock: parts.clock.clone(), driven: parts.driven.clone() }
    }

    /// The host's time.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// What the machine's clock says beside the host's; none where the clock is driven.
    pub fn wall(&self) -> Option<Timestamp> {
        self.clock.wall()
    }

    /// How many of the host's seconds pass in one of the machine's: 1 unless the clock is driven.
    pub fn rate(&self) -> f64 {
        self.driven.as_ref().map_or(1.0, |clock| clock.rate())
    }

    /// Drives the host's clock ahead, and sets how fast it runs where that is given; only with the
    /// simulator.
    pub fn drive(&self, by: Duration, rate: Option<f64>) -> Result<Timestamp, String> {
        match &self.driven {
            Some(_) if self.clock.now() + by > LATEST => Err(BadValue::ClockTooFar.to_string()),
            Some(clock) => Ok(clock.drive(by, rate)),
            None => Err(BadValue::ClockOfTheMachine.to_string()),
        }
    }

    /// Sets the ledger's time back to the wall's clock, from the next start on, and engages the brake. Answers
    /// what the wall's clock says.
    pub async fn set_back(&self, by: &str, reason: &str) -> Result<Timestamp, SubmitError> {
        match self.store.set_ledger_time_back(by, reason).await {
            Err(StoreError::BadChange(why)) => Err(SubmitError::Invalid(why)),
            done => Ok(done?),
        }
    }
}
