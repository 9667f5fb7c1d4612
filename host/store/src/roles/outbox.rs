//! Alerts and their way out. The ones that money causes fire in the transaction that moves it.

use crate::{AlertFilter, AlertPage, DeliveryFilter, DeliveryTried, DueDelivery, NewAlert, StoreError};
use anvil_types::words::AlertKey;
use anvil_types::{Alert, AlertId, Delivery, DeliveryId, Timestamp, Webhook};
use async_trait::async_trait;

/// Alerts and their way out. The ones that money causes fire in the transaction that moves it.
#[async_trait]
pub trait OutboxStore: Send + Sync {
    /// Tells people of something, once for its key while that lasts, with a row in the outbox for each
    /// webhook that is on. Answers the new alert; none where one with this key is open.
    async fn raise_alert(&self, alert: NewAlert) -> Result<Option<AlertId>, StoreError>;
    /// Ends the open alert with this key, where there is one: its cause is gone.
    async fn resolve_alert(&self, key: &AlertKey<'_>) -> Result<Option<AlertId>, StoreError>;
    /// Somebody knows. An alert that is resolved stays so, and keeps the note.
    async fn acknowledge_alert(&self, id: AlertId, by: &str, note: &str) -> Result<Alert, StoreError>;
    /// An alert.
    async fn alert(&self, id: AlertId) -> Result<Option<Alert>, StoreError>;
    /// A page of alerts.
    async fn alerts(&self, filter: AlertFilter) -> Result<AlertPage, StoreError>;
    /// How many alerts are firing.
    async fn firing_alerts(&self) -> Result<u64, StoreError>;
    /// All webhooks, by name.
    async fn webhooks(&self) -> Result<Vec<Webhook>, StoreError>;
    /// Makes a webhook, or changes the one of this name. One that is on again resolves the alert that
    /// told of its end.
    async fn put_webhook(&self, webhook: Webhook, by: &str) -> Result<(), StoreError>;
    /// Raises an alert of the kind `test` that is resolved from the start, so that it counts for
    /// nothing, and puts it into the outbox for this webhook alone.
    async fn test_webhook(&self, name: &str, by: &str) -> Result<Delivery, StoreError>;
    /// Takes a webhook away; what was still to be sent to it is given up. Answers whether there was one.
    async fn delete_webhook(&self, name: &str, by: &str) -> Result<bool, StoreError>;
    /// Deliveries to a webhook whose time has come, the oldest first; none while it is off.
    async fn due_deliveries(&self, webhook: &str, limit: u32) -> Result<Vec<DueDelivery>, StoreError>;
    /// When the next delivery to each webhook is due, for those that are on and owed one.
    async fn next_deliveries(&self) -> Result<Vec<(String, Timestamp)>, StoreError>;
    /// Notes how a try of a delivery went.
    async fn delivery_tried(&self, tried: DeliveryTried) -> Result<(), StoreError>;
    /// Sends a delivery once more, with the same `webhook-id`, whatever became of it. Refused while
    /// its webhook is off.
    async fn redeliver(&self, id: DeliveryId, by: &str) -> Result<Delivery, StoreError>;
    /// A page of deliveries.
    async fn deliveries(&self, filter: DeliveryFilter) -> Result<Vec<Delivery>, StoreError>;
}
