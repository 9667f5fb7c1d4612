//! Webhooks, and the outbox of what is to be sent to them.

use crate::engine::{Db, Id, Row, params};
use crate::rules::duties::{self, Duty};
use crate::rules::questions::links;
use crate::rules::tx::Tx;
use crate::rules::{alerts, audit};
use crate::{DeliveryFilter, DeliveryNext, DeliveryTried, DueDelivery, NewAlert, StoreError};
use anvil_types::words::{AlertCause, AlertKey, WebhookGone, WebhookTest};
use anvil_types::{
    AlertId, AlertNews, AlertState, Delivery, DeliveryId, DeliveryState, EventKind, HostId, Timestamp,
    UpstreamKind, Webhook,
};

/// The longest page.
const LONGEST: u32 = 500;

/// The most webhooks: each is sent to on its own, so that they bound what is sent at once.
const MOST: u32 = 20;

/// Puts news of an alert into the outbox, for each webhook that is on.
pub(crate) fn queue(tx: &Tx<'_>, alert: AlertId, news: AlertNews) -> Result<(), StoreError> {
    queue_at(tx, alert, news, tx.now)
}

/// The same, to be sent at a time that may be still to come.
pub(crate) fn queue_at(
    tx: &Tx<'_>,
    alert: AlertId,
    news: AlertNews,
    at: Timestamp,
) -> Result<(), StoreError> {
    let names =
        tx.all("SELECT name FROM webhooks WHERE disabled IS NULL ORDER BY name", params![], |row| {
            row.get::<String>(0)
        })?;
    names.iter().try_for_each(|name| queue_one(tx, alert, news, name, at).map(drop))
}

fn queue_one(
    tx: &Tx<'_>,
    alert: AlertId,
    news: AlertNews,
    webhook: &str,
    at: Timestamp,
) -> Result<DeliveryId, StoreError> {
    let what = format!("{alert} {} {webhook}", news.name());
    let id: DeliveryId = alerts::made_id(tx.policy, tx.now, &what, DeliveryId::new);
    tx.run(
        "INSERT INTO deliveries (id, alert, news, webhook, state, next_at, created_at, upstream)
         VALUES (?1, ?2, ?3, ?4, 'pending', ?6, ?5, (SELECT upstream FROM alerts WHERE id = ?2))",
        params![id.bytes(), alert.bytes(), news.name(), webhook, tx.now.micros(), at.micros()],
    )?;
    Ok(id)
}

/// All webhooks, by name.
pub(crate) fn list(db: &Db) -> Result<Vec<Webhook>, StoreError> {
    db.all("SELECT * FROM webhooks ORDER BY name", params![], read_webhook)
}

/// Makes a webhook, or changes the one of this name.
pub(crate) fn put(tx: &mut Tx<'_>, webhook: &Webhook, by: &str) -> Result<(), StoreError> {
    let others = "SELECT count(*) AS others FROM webhooks WHERE name <> ?1";
    let others: u32 = tx.first(others, [&webhook.name], |row| row.count("others"))?.unwrap_or(0);
    if others >= MOST {
        return Err(StoreError::TooManyWebhooks(MOST));
    }
    tx.run(
        "INSERT INTO webhooks (name, url, format, secret, allow_private, disabled, created_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
         ON CONFLICT (name) DO UPDATE SET url = excluded.url, format = excluded.format,
             secret = excluded.secret, allow_private = excluded.allow_private, disabled = excluded.disabled",
        params![
            webhook.name,
            webhook.url,
            webhook.format.name(),
            webhook.secret,
            webhook.allow_private,
            webhook.disabled,
            webhook.created_at.micros(),
        ],
    )?;
    let state = webhook.disabled.as_deref().map_or_else(|| "on".to_owned(), |why| format!("off: {why}"));
    audit::note(tx, by, "webhook.put", &format!("{} ({}), {state}", webhook.name, webhook.format.name()))?;
    if webhook.disabled.is_none() {
        is_on_again(tx, &webhook.name)?;
    }
    tell(tx, &webhook.name);
    Ok(())
}

/// Takes a webhook away; what was still to be sent to it is given up, and links that went out by it are good no more.
pub(crate) fn delete(tx: &mut Tx<'_>, name: &str, by: &str) -> Result<bool, StoreError> {
    let gone = tx.run("DELETE FROM webhooks WHERE name = ?1", [name])? > 0;
    if gone {
        give_up(tx, name, "the webhook was deleted")?;
        links::end_of_webhook(tx, name)?;
        audit::note(tx, by, "webhook.delete", name)?;
        is_on_again(tx, name)?;
        tell(tx, name);
    }
    Ok(gone)
}

/// Raises an alert that counts for nothing, for one webhook alone.
pub(crate) fn test(tx: &mut Tx<'_>, name: &str, by: &str) -> Result<Delivery, StoreError> {
    is_on(tx, name)?;
    let alert = NewAlert::of(tx.policy.upstream, &AlertCause::Test(WebhookTest { name, by }));
    let id = alerts::insert(tx, &alert, AlertState::Resolved)?;
    let delivery = queue_one(tx, id, AlertNews::Fired, name, tx.now)?;
    audit::note(tx, by, "webhook.test", name)?;
    tell(tx, name);
    one(tx, delivery)
}

/// Refuses a webhook that is not there or off.
fn is_on(tx: &Tx<'_>, name: &str) -> Result<(), StoreError> {
    let off = tx.first("SELECT disabled FROM webhooks WHERE name = ?1", [name], |row| row.get(0))?;
    match off {
        None => Err(StoreError::NoSuchWebhook(name.to_owned())),
        Some(Some(why)) => Err(StoreError::WebhookOff { name: name.to_owned(), why }),
        Some(None) => Ok(()),
    }
}

/// Deliveries of an upstream's alerts to a webhook whose time has come, the oldest first; none while it is off.
pub(crate) const DUE: &str = "SELECT d.* FROM webhooks w CROSS JOIN deliveries d ON d.webhook = w.name
    WHERE w.name = ?1 AND w.disabled IS NULL AND d.upstream = ?4 AND d.state = 'pending' AND d.next_at <= ?2
    ORDER BY d.next_at LIMIT ?3";
/// When the next delivery to each webhook is due.
pub(crate) const NEXT: &str = "SELECT w.name AS name, (SELECT d.next_at FROM deliveries d
        WHERE d.webhook = w.name AND d.upstream = ?1 AND d.state = 'pending' ORDER BY d.next_at LIMIT 1) AS next_at
    FROM webhooks w WHERE w.disabled IS NULL";

/// Deliveries whose time has come, the oldest first; none where another host sends them. One whose webhook a person switched off waits.
pub(crate) fn due(
    db: &Db,
    upstream: UpstreamKind,
    host: HostId,
    webhook: &str,
    now: Timestamp,
    limit: u32,
) -> Result<Vec<DueDelivery>, StoreError> {
    if !duties::is_of(db, upstream, host, Duty::Deliveries)? {
        return Ok(Vec::new());
    }
    let find = "SELECT * FROM webhooks WHERE name = ?1";
    let Some(webhook) = db.first(find, [webhook], read_webhook)? else { return Ok(Vec::new()) };
    let params = params![webhook.name, now.micros(), limit.clamp(1, LONGEST), upstream.name()];
    let deliveries = db.all(DUE, params, read_delivery)?;
    let mut due = Vec::with_capacity(deliveries.len());
    for delivery in deliveries {
        if let Some(alert) = alerts::get(db, delivery.alert)? {
            due.push(DueDelivery { delivery, alert, webhook: webhook.clone() });
        }
    }
    Ok(due)
}

/// When the next delivery to each webhook is due, for those that are on and owed one; none where another host sends
/// them.
pub(crate) fn next_due(
    db: &Db,
    upstream: UpstreamKind,
    host: HostId,
) -> Result<Vec<(String, Timestamp)>, StoreError> {
    if !duties::is_of(db, upstream, host, Duty::Deliveries)? {
        return Ok(Vec::new());
    }
    let next = db.all(NEXT, [upstream.name()], |row| Ok((row.get("name")?, row.maybe_time("next_at")?)))?;
    Ok(next.into_iter().filter_map(|(name, at)| Some((name, at?))).collect())
}

/// Notes how a try went. What a person or a deletion ended meanwhile stays ended, unless the receiver
/// has it after all; the try counts.
pub(crate) fn tried(tx: &mut Tx<'_>, tried: &DeliveryTried) -> Result<(), StoreError> {
    let (state, next_at, ended) = match &tried.next {
        DeliveryNext::Delivered => ("delivered", None, Some(tx.now.micros())),
        DeliveryNext::RetryAt(at) => ("pending", Some(at.micros()), None),
        DeliveryNext::GiveUp | DeliveryNext::DisableWebhook { .. } => ("failed", None, Some(tx.now.micros())),
    };
    tx.run(
        "UPDATE deliveries SET tries = tries + 1, last_status = ?2, last_error = ?3 WHERE id = ?1",
        params![tried.id.bytes(), tried.status, tried.error],
    )?;
    tx.run(
        "UPDATE deliveries SET state = ?2, next_at = ?3, ended_at = ?4
         WHERE id = ?1 AND (state = 'pending' OR ?2 = 'delivered')",
        params![tried.id.bytes(), state, next_at, ended],
    )?;
    let delivery = one(tx, tried.id)?;
    if let DeliveryNext::DisableWebhook { url } = &tried.next {
        switch_off(tx, &delivery.webhook, url)?;
    }
    tell(tx, &delivery.webhook);
    Ok(())
}

fn switch_off(tx: &mut Tx<'_>, name: &str, url: &str) -> Result<(), StoreError> {
    let why = WebhookGone::WHY;
    let off = "UPDATE webhooks SET disabled = ?3 WHERE name = ?1 AND url = ?2 AND disabled IS NULL";
    if tx.run(off, params![name, url, why])? == 0 {
        return Ok(());
    }
    give_up(tx, name, why)?;
    let alert = NewAlert::of(tx.policy.upstream, &AlertCause::Webhook(WebhookGone { name }));
    alerts::raise(tx, &alert).map(drop)
}

/// Nothing has to be told of a webhook's end any more, whichever upstream's alert met it.
fn is_on_again(tx: &mut Tx<'_>, name: &str) -> Result<(), StoreError> {
    UpstreamKind::ALL
        .into_iter()
        .try_for_each(|upstream| alerts::resolve(tx, upstream, &AlertKey::Webhook(name)).map(drop))
}

fn tell(tx: &mut Tx<'_>, webhook: &str) {
    tx.tell(None, EventKind::Webhook { name: webhook.to_owned() });
}

fn one(tx: &Tx<'_>, id: DeliveryId) -> Result<Delivery, StoreError> {
    tx.first("SELECT * FROM deliveries WHERE id = ?1", [id.bytes()], read_delivery)?
        .ok_or(StoreError::NoSuchDelivery(id))
}

fn give_up(tx: &Tx<'_>, webhook: &str, why: &str) -> Result<(), StoreError> {
    tx.run(
        "UPDATE deliveries SET state = 'failed', next_at = NULL, ended_at = ?2, last_error = ?3
         WHERE webhook = ?1 AND state = 'pending'",
        params![webhook, tx.now.micros(), why],
    )
    .map(drop)
}

/// Sends a delivery once more.
pub(crate) fn redeliver(tx: &mut Tx<'_>, id: DeliveryId, by: &str) -> Result<Delivery, StoreError> {
    let name = one(tx, id)?.webhook;
    is_on(tx, &name)?;
    tx.run(
        "UPDATE deliveries SET state = 'pending', next_at = ?2, ended_at = NULL WHERE id = ?1",
        params![id.bytes(), tx.now.micros()],
    )?;
    audit::note(tx, by, "delivery.resend", &id.to_string())?;
    tell(tx, &name);
    one(tx, id)
}

/// A page of deliveries, the newest first.
pub(crate) fn deliveries(db: &Db, filter: &DeliveryFilter) -> Result<Vec<Delivery>, StoreError> {
    db.all("SELECT * FROM deliveries WHERE id < ?1 AND (?2 IS NULL OR alert = ?2) AND (?3 IS NULL OR webhook = ?3)
         AND (?4 IS NULL OR state = ?4) ORDER BY id DESC LIMIT ?5",
        params![
            filter.after.map_or([u8::MAX; 16], Id::bytes),
            filter.alert.map(Id::bytes),
            filter.webhook,
            filter.state.map(DeliveryState::name),
            filter.limit.clamp(1, LONGEST),
        ],
        read_delivery,
    )
}

fn read_webhook(row: &Row<'_>) -> Result<Webhook, StoreError> {
    Ok(Webhook {
        name: row.get("name")?,
        url: row.get("url")?,
        format: row.word("format")?,
        secret: row.get("secret")?,
        allow_private: row.get("allow_private")?,
        disabled: row.get("disabled")?,
        created_at: row.time("created_at")?,
    })
}

fn read_delivery(row: &Row<'_>) -> Result<Delivery, StoreError> {
    Ok(Delivery {
        id: row.id("id")?,
        alert: row.id("alert")?,
        news: row.word("news")?,
        webhook: row.get("webhook")?,
        state: row.word("state")?,
        tries: row.count("tries")?,
        next_at: row.maybe_time("next_at")?,
        last_status: row.get("last_status")?,
        last_error: row.get("last_error")?,
        created_at: row.time("created_at")?,
        ended_at: row.maybe_time("ended_at")?,
    })
}
