use crate::engine::{meta, set_meta};
use crate::rules::alerts::wall_clock;
use crate::rules::hosts;
use crate::rules::jobs::trouble;
use crate::rules::money::evaluate;
use crate::rules::questions::closing;
use crate::rules::retention::prune;
use crate::sqlite::SqliteStore;
use crate::{Pruned, Recovered, Retention, StoreError, UpkeepStore, Wiped};
use anvil_types::UpstreamKind;
use async_trait::async_trait;

#[async_trait]
impl UpkeepStore for SqliteStore {
    async fn look(&self) -> Result<(), StoreError> {
        // Every window begins and ends with a minute.
        if !self.shared.begins_minute(self.now()) {
            return Ok(());
        }
        let wall = self.clock.wall();
        self.write(move |tx| {
            hosts::look(tx)?;
            evaluate::evaluate_all(tx)?;
            trouble::look(tx)?;
            closing::expire_due(tx)?;
            wall_clock::look(tx, wall)
        })
        .await
    }

    async fn prune(&self, retention: Retention) -> Result<Pruned, StoreError> {
        self.write(move |tx| prune::prune(tx, &retention)).await
    }

    async fn wipe_simulated(&self, by: &str) -> Result<Wiped, StoreError> {
        self.wipe(by).await
    }

    async fn remember(&self, key: &str, note: &str) -> Result<(), StoreError> {
        let (key, note) = (note_key(self.upstream, key), note.to_owned());
        self.write(move |tx| set_meta(tx.db, &key, note)).await
    }

    async fn recall(&self, key: &str) -> Result<Option<String>, StoreError> {
        let key = note_key(self.upstream, key);
        self.readers.read(move |db| meta(db, &key)).await
    }

    fn told_at_start(&self) -> Vec<String> {
        self.told.clone()
    }

    fn disk_trouble(&self) -> Option<String> {
        self.shared.disk()
    }

    fn recovered(&self) -> Recovered {
        self.recovered
    }

    async fn close(&self) {
        self.end().await;
    }
}

// Notes have a room of their own in `meta`, beside what the store itself keeps there: one for each upstream,
// so that nothing that was learnt of the simulator is believed of the live one.
fn note_key(upstream: UpstreamKind, key: &str) -> String {
    format!("note.{}.{key}", upstream.name())
}
