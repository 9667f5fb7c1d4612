//! Webhooks, and the outbox of what is to be sent to them.

use super::columns::{Columns, Id, all, first};
use super::tx::Tx;
use super::{alerts, audit};
use crate::{DeliveryFilter, DeliveryNext, DeliveryTried, DueDelivery, NewAlert, StoreError};
use anvil_types::{AlertId, AlertKind, AlertNews, Delivery, DeliveryId, Timestamp, Webhook};
use rusqlite::{Connection, Row, params};

/// The longest page.
const LONGEST: u32 = 500;

/// Puts news of an alert into the outbox, for each webhook that is on.
pub(super) fn queue(tx: &Tx<'_>, alert: AlertId, news: AlertNews) -> Result<(), StoreError> {
    let names = tx.all("SELECT name FROM webhooks WHERE disabled IS NULL ORDER BY name", [], |row| {
        row.get::<_, String>(0)
    })?;
    for name in names {
        let what = format!("{alert} {} {name}", news.name());
        let id: DeliveryId = alerts::made_id(tx.policy, tx.now, &what, DeliveryId::new);
        tx.run(
            "INSERT INTO deliveries (id, alert, news, webhook, state, next_at, created_at)
             VALUES (?1, ?2, ?3, ?4, 'pending', ?5, ?5)",
            params![id.bytes(), alert.bytes(), news.name(), name, tx.now.micros()],
        )?;
    }
    Ok(())
}

/// All webhooks, by name.
pub(super) fn list(conn: &Connection) -> Result<Vec<Webhook>, StoreError> {
    Ok(all(conn, "SELECT * FROM webhooks ORDER BY name", [], read_webhook)?)
}

/// Makes a webhook, or changes the one of this name.
pub(super) fn put(tx: &Tx<'_>, webhook: &Webhook, by: &str) -> Result<(), StoreError> {
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
    audit::note(tx, by, "webhook.put", &format!("{} ({}), {state}", webhook.name, webhook.format.name()))
}

/// Takes a webhook away; what was still to be sent to it is given up.
pub(super) fn delete(tx: &Tx<'_>, name: &str, by: &str) -> Result<bool, StoreError> {
    let gone = tx.run("DELETE FROM webhooks WHERE name = ?1", [name])? > 0;
    if gone {
        give_up(tx, name, "the webhook was deleted")?;
        audit::note(tx, by, "webhook.delete", name)?;
    }
    Ok(gone)
}

/// Deliveries whose time has come, the oldest first. One whose webhook a person switched off waits.
pub(super) fn due(conn: &Connection, now: Timestamp, limit: u32) -> Result<Vec<DueDelivery>, StoreError> {
    let deliveries = all(
        conn,
        "SELECT d.* FROM deliveries d JOIN webhooks w ON w.name = d.webhook
         WHERE d.state = 'pending' AND d.next_at <= ?1 AND w.disabled IS NULL ORDER BY d.next_at, d.id LIMIT ?2",
        params![now.micros(), limit.clamp(1, LONGEST)],
        read_delivery,
    )?;
    let mut due = Vec::with_capacity(deliveries.len());
    for delivery in deliveries {
        let alert = alerts::get(conn, delivery.alert)?;
        let webhook =
            first(conn, "SELECT * FROM webhooks WHERE name = ?1", [&delivery.webhook], read_webhook)?;
        if let (Some(alert), Some(webhook)) = (alert, webhook) {
            due.push(DueDelivery { delivery, alert, webhook });
        }
    }
    Ok(due)
}

/// When the next delivery is due.
pub(super) fn next_due(conn: &Connection) -> Result<Option<Timestamp>, StoreError> {
    let next = first(
        conn,
        "SELECT min(d.next_at) FROM deliveries d JOIN webhooks w ON w.name = d.webhook
         WHERE d.state = 'pending' AND w.disabled IS NULL",
        [],
        |row| row.get::<_, Option<i64>>(0),
    )?;
    Ok(next.flatten().map(Timestamp::from_micros))
}

/// Notes how a try went. One that was given up or redelivered meanwhile counts the try all the same.
pub(super) fn tried(tx: &mut Tx<'_>, tried: &DeliveryTried) -> Result<(), StoreError> {
    let (state, next_at, ended) = match &tried.next {
        DeliveryNext::Delivered => ("delivered", None, Some(tx.now.micros())),
        DeliveryNext::RetryAt(at) => ("pending", Some(at.micros()), None),
        DeliveryNext::GiveUp | DeliveryNext::DisableWebhook => ("failed", None, Some(tx.now.micros())),
    };
    let changed = tx.run(
        "UPDATE deliveries SET state = ?2, next_at = ?3, ended_at = ?4, last_status = ?5, last_error = ?6,
         tries = tries + 1 WHERE id = ?1",
        params![tried.id.bytes(), state, next_at, ended, tried.status, tried.error],
    )?;
    if changed == 0 {
        return Err(StoreError::NoSuchDelivery(tried.id));
    }
    if tried.next == DeliveryNext::DisableWebhook {
        switch_off(tx, tried)?;
    }
    Ok(())
}

fn switch_off(tx: &mut Tx<'_>, tried: &DeliveryTried) -> Result<(), StoreError> {
    let name = tx.first("SELECT webhook FROM deliveries WHERE id = ?1", [tried.id.bytes()], |row| {
        row.get::<_, String>(0)
    })?;
    let Some(name) = name else { return Ok(()) };
    let why = "its receiver answered 410 Gone";
    tx.run("UPDATE webhooks SET disabled = ?2 WHERE name = ?1", params![name, why])?;
    give_up(tx, &name, why)?;
    let upstream = tx.policy.upstream;
    let alert = NewAlert {
        upstream,
        kind: AlertKind::Webhook,
        key: format!("webhook:{name}"),
        crossing: None,
        title: format!("The webhook `{name}` was switched off"),
        detail: format!("{why}. Give it another address, or delete it"),
    };
    alerts::raise(tx, &alert).map(drop)
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
pub(super) fn redeliver(tx: &Tx<'_>, id: DeliveryId, by: &str) -> Result<Delivery, StoreError> {
    let changed = tx.run(
        "UPDATE deliveries SET state = 'pending', next_at = ?2, ended_at = NULL WHERE id = ?1
         AND webhook IN (SELECT name FROM webhooks)",
        params![id.bytes(), tx.now.micros()],
    )?;
    if changed == 0 {
        return Err(StoreError::NoSuchDelivery(id));
    }
    audit::note(tx, by, "delivery.resend", &id.to_string())?;
    tx.first("SELECT * FROM deliveries WHERE id = ?1", [id.bytes()], read_delivery)?
        .ok_or(StoreError::NoSuchDelivery(id))
}

/// A page of deliveries, the newest first.
pub(super) fn deliveries(conn: &Connection, filter: &DeliveryFilter) -> Result<Vec<Delivery>, StoreError> {
    Ok(all(
        conn,
        "SELECT * FROM deliveries WHERE id < ?1 AND (?2 IS NULL OR alert = ?2) AND (?3 IS NULL OR webhook = ?3)
         AND (?4 IS NULL OR state = ?4) ORDER BY id DESC LIMIT ?5",
        params![
            filter.after.map_or([u8::MAX; 16], Id::bytes),
            filter.alert.map(Id::bytes),
            filter.webhook,
            filter.state.map(|state| state.name()),
            filter.limit.clamp(1, LONGEST),
        ],
        read_delivery,
    )?)
}

fn read_webhook(row: &Row<'_>) -> rusqlite::Result<Webhook> {
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

fn read_delivery(row: &Row<'_>) -> rusqlite::Result<Delivery> {
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
