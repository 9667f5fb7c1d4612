//! Schedules: jobs that come in by the clock.

use crate::{Fired, Firing, StoreError};
use anvil_types::{Job, Schedule, Timestamp, UpstreamKind};
use async_trait::async_trait;

/// Schedules: jobs that come in by the clock.
#[async_trait]
pub trait ScheduleStore: Send + Sync {
    /// All schedules, by name.
    async fn schedules(&self) -> Result<Vec<Schedule>, StoreError>;
    /// A schedule.
    async fn schedule(&self, name: &str) -> Result<Option<Schedule>, StoreError>;
    /// Makes a schedule, or changes the one of this name, which keeps its id; audited. Answers it as it is.
    async fn put_schedule(&self, schedule: Schedule, by: &str) -> Result<Schedule, StoreError>;
    /// Deletes a schedule; its jobs stay. Answers whether there was one.
    async fn delete_schedule(&self, name: &str, by: &str) -> Result<bool, StoreError>;
    /// Schedules of an upstream whose time has come, the oldest first.
    async fn due_schedules(&self, upstream: UpstreamKind) -> Result<Vec<Schedule>, StoreError>;
    /// When the next schedule of an upstream is due whose agent is not switched off.
    async fn next_schedule(&self, upstream: UpstreamKind) -> Result<Option<Timestamp>, StoreError>;
    /// Takes in the jobs of a schedule's times that have come, and moves it on to its next time, in one
    /// step. Nothing is done where it has moved on already. Where the queue has no place it stays at the
    /// first time that got none, and says so.
    async fn fire_schedule(&self, firing: Firing) -> Result<Fired, StoreError>;
    /// The newest jobs of a schedule.
    async fn schedule_jobs(&self, name: &str, limit: u32) -> Result<Vec<Job>, StoreError>;
}
