use crate::rules::alerts::{self, webhooks};
use crate::sqlite::SqliteStore;
use crate::{
    AlertFilter, AlertPage, DeliveryFilter, DeliveryTried, DueDelivery, NewAlert, OutboxStore, StoreError,
};
use anvil_types::words::AlertKey;
use anvil_types::{Alert, AlertId, Delivery, DeliveryId, Timestamp, Webhook};
use async_trait::async_trait;

#[async_trait]
impl OutboxStore for SqliteStore {
    async fn raise_alert(&self, alert: NewAlert) -> Result<Option<AlertId>, StoreError> {
        self.write(move |tx| alerts::raise(tx, &alert)).await
    }

    async fn resolve_alert(&self, key: &AlertKey<'_>) -> Result<Option<AlertId>, StoreError> {
        let (upstream, key) = (self.upstream, key.to_string());
        self.write(move |tx| alerts::resolve_stored(tx, upstream, &key)).await
    }

    async fn acknowledge_alert(&self, id: AlertId, by: &str, note: &str) -> Result<Alert, StoreError> {
        let (by, note) = (by.to_owned(), note.to_owned());
        self.write(move |tx| alerts::acknowledge(tx, id, &by, &note)).await
    }

    async fn alert(&self, id: AlertId) -> Result<Option<Alert>, StoreError> {
        self.readers.read(move |db| alerts::get(db, id)).await
    }

    async fn alerts(&self, filter: AlertFilter) -> Result<AlertPage, StoreError> {
        let upstream = self.upstream;
        self.readers.read(move |db| alerts::list(db, upstream, &filter)).await
    }

    async fn firing_alerts(&self) -> Result<u64, StoreError> {
        let upstream = self.upstream;
        self.readers.read(move |db| alerts::firing(db, upstream)).await
    }

    async fn webhooks(&self) -> Result<Vec<Webhook>, StoreError> {
        self.readers.read(webhooks::list).await
    }

    async fn put_webhook(&self, webhook: Webhook, by: &str) -> Result<(), StoreError> {
        let by = by.to_owned();
        self.write(move |tx| webhooks::put(tx, &webhook, &by)).await
    }

    async fn test_webhook(&self, name: &str, by: &str) -> Result<Delivery, StoreError> {
        let (name, by) = (name.to_owned(), by.to_owned());
        self.write(move |tx| webhooks::test(tx, &name, &by)).await
    }

    async fn delete_webhook(&self, name: &str, by: &str) -> Result<bool, StoreError> {
        let (name, by) = (name.to_owned(), by.to_owned());
        self.write(move |tx| webhooks::delete(tx, &name, &by)).await
    }

    async fn due_deliveries(&self, webhook: &str, limit: u32) -> Result<Vec<DueDelivery>, StoreError> {
        let (upstream, host, webhook, now) = (self.upstream, self.host, webhook.to_owned(), self.now());
        self.readers.read(move |db| webhooks::due(db, upstream, host, &webhook, now, limit)).await
    }

    async fn next_deliveries(&self) -> Result<Vec<(String, Timestamp)>, StoreError> {
        let (upstream, host) = (self.upstream, self.host);
        self.readers.read(move |db| webhooks::next_due(db, upstream, host)).await
    }

    async fn delivery_tried(&self, tried: DeliveryTried) -> Result<(), StoreError> {
        self.write(move |tx| webhooks::tried(tx, &tried)).await
    }

    async fn redeliver(&self, id: DeliveryId, by: &str) -> Result<Delivery, StoreError> {
        let by = by.to_owned();
        self.write(move |tx| webhooks::redeliver(tx, id, &by)).await
    }

    async fn deliveries(&self, filter: DeliveryFilter) -> Result<Vec<Delivery>, StoreError> {
        self.readers.read(move |db| webhooks::deliveries(db, &filter)).await
    }
}
