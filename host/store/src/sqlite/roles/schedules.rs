use crate::rules::schedules;
use crate::sqlite::SqliteStore;
use crate::{Fired, Firing, ScheduleStore, StoreError};
use anvil_types::{Job, Schedule, Timestamp, UpstreamKind};
use async_trait::async_trait;

#[async_trait]
impl ScheduleStore for SqliteStore {
    async fn schedules(&self) -> Result<Vec<Schedule>, StoreError> {
        let upstream = self.upstream;
        self.readers.read(move |db| schedules::list(db, upstream)).await
    }

    async fn schedule(&self, name: &str) -> Result<Option<Schedule>, StoreError> {
        let (upstream, name) = (self.upstream, name.to_owned());
        self.readers.read(move |db| schedules::get(db, upstream, &name)).await
    }

    async fn put_schedule(&self, schedule: Schedule, by: &str) -> Result<Schedule, StoreError> {
        let by = by.to_owned();
        self.write(move |tx| schedules::put(tx, &schedule, &by)).await
    }

    async fn delete_schedule(&self, name: &str, by: &str) -> Result<bool, StoreError> {
        let (name, by) = (name.to_owned(), by.to_owned());
        self.write(move |tx| schedules::delete(tx, &name, &by)).await
    }

    async fn due_schedules(&self, upstream: UpstreamKind) -> Result<Vec<Schedule>, StoreError> {
        let now = self.now();
        self.readers.read(move |db| schedules::due(db, upstream, now)).await
    }

    async fn next_schedule(&self, upstream: UpstreamKind) -> Result<Option<Timestamp>, StoreError> {
        self.readers.read(move |db| schedules::next(db, upstream)).await
    }

    async fn fire_schedule(&self, firing: Firing) -> Result<Fired, StoreError> {
        self.write(move |tx| schedules::fire(tx, firing)).await
    }

    async fn schedule_jobs(&self, name: &str, limit: u32) -> Result<Vec<Job>, StoreError> {
        let (upstream, name) = (self.upstream, name.to_owned());
        self.readers.read(move |db| schedules::jobs(db, upstream, &name, limit)).await
    }
}
