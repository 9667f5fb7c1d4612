use crate::reading::days;
use crate::rules::predictions;
use crate::sqlite::SqliteStore;
use crate::{KeptDay, KeptPrediction, PredictedPart, PredictionStore, StoreError};
use anvil_budget::WindowSpan;
use anvil_types::{DayJobs, DaySeen, Timestamp, WaitReason};
use async_trait::async_trait;

#[async_trait]
impl PredictionStore for SqliteStore {
    async fn keep_prediction(&self, prediction: KeptPrediction) -> Result<bool, StoreError> {
        self.write(move |tx| predictions::keep(tx, &prediction)).await
    }

    async fn judge_prediction(
        &self,
        start: Timestamp,
        part: PredictedPart,
        says: String,
    ) -> Result<(), StoreError> {
        self.write(move |tx| predictions::judge(tx, start, part, &says)).await
    }

    async fn predictions(&self, within: WindowSpan, limit: u32) -> Result<Vec<KeptPrediction>, StoreError> {
        let upstream = self.upstream;
        self.readers.read(move |db| days::predictions(db, upstream, within, limit)).await
    }

    async fn see_day(&self, from: Timestamp, to: Timestamp, seen: DaySeen) -> Result<(), StoreError> {
        self.write(move |tx| predictions::see_day(tx, from, to, &seen)).await
    }

    async fn end_day(&self, day: WindowSpan, facts: String, arrivals: String) -> Result<(), StoreError> {
        self.write(move |tx| predictions::end_day(tx, day, &facts, &arrivals)).await
    }

    async fn plan_days(&self, from: Timestamp, to: Timestamp) -> Result<Vec<KeptDay>, StoreError> {
        let upstream = self.upstream;
        self.readers.read(move |db| days::kept(db, upstream, from, to)).await
    }

    async fn day_jobs(&self, from: Timestamp, to: Timestamp) -> Result<DayJobs, StoreError> {
        let upstream = self.upstream;
        self.readers.read(move |db| days::jobs(db, upstream, from, to)).await
    }

    async fn parked_for(&self, reasons: Vec<WaitReason>) -> Result<Vec<(WaitReason, u64)>, StoreError> {
        let upstream = self.upstream;
        self.readers.read(move |db| days::parked(db, upstream, &reasons)).await
    }
}
