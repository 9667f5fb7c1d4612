//! Predictions, and the days that they are compared with.

use crate::{KeptDay, KeptPrediction, PredictedPart, StoreError};
use anvil_budget::WindowSpan;
use anvil_types::{DayJobs, DaySeen, Timestamp, WaitReason};
use async_trait::async_trait;

/// Predictions of this host's upstream, and the days that they are compared with. Both go after 400 days.
#[async_trait]
pub trait PredictionStore: Send + Sync {
    /// Keeps a prediction, unless one with that beginning is kept already; answers whether it was.
    async fn keep_prediction(&self, prediction: KeptPrediction) -> Result<bool, StoreError>;
    /// Keeps what a prediction says of the jobs that really came. What was kept first stays.
    async fn judge_prediction(
        &self,
        start: Timestamp,
        part: PredictedPart,
        says: String,
    ) -> Result<(), StoreError>;
    /// The newest predictions that begin within a stretch, these first. What cannot be read, or begins after the stretch, is left
    /// out, with a word in the log.
    async fn predictions(&self, within: WindowSpan, limit: u32) -> Result<Vec<KeptPrediction>, StoreError>;
    /// Notes what was seen of a day from one time to another: both are of one day. For how long a host was up is counted
    /// once, however many saw it. A day of which what was seen before cannot be read stays as it is, with a word in the log.
    async fn see_day(&self, from: Timestamp, to: Timestamp, seen: DaySeen) -> Result<(), StoreError>;
    /// Keeps what a day's jobs came to, and when they came; the day is made where nobody saw it. What was kept first stays.
    async fn end_day(&self, day: WindowSpan, facts: String, arrivals: String) -> Result<(), StoreError>;
    /// The days that are kept that begin since one time and before another, the oldest first; where the time zone was changed, days
    /// of both lie over each other. What cannot be read is left out, with a word in the log.
    async fn plan_days(&self, from: Timestamp, to: Timestamp) -> Result<Vec<KeptDay>, StoreError>;
    /// The jobs of a stretch of time that asked Claude something, or may yet.
    async fn day_jobs(&self, from: Timestamp, to: Timestamp) -> Result<DayJobs, StoreError>;
    /// How many jobs are parked for each of these reasons.
    async fn parked_for(&self, reasons: Vec<WaitReason>) -> Result<Vec<(WaitReason, u64)>, StoreError>;
}
