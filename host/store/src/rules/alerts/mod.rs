//! Alerts: fired in the transaction that causes them, once for a key while that lasts.

pub(crate) mod wall_clock;
pub(crate) mod webhooks;

use crate::engine::{Db, Id, Row, params};
use crate::rules::audit;
use crate::rules::policy::Policy;
use crate::rules::tx::Tx;
use crate::{AlertFilter, AlertPage, NewAlert, StoreError};
use anvil_types::words::AlertKey;
use anvil_types::{
    Acknowledgement, Alert, AlertId, AlertNews, AlertState, Crossing, EventKind, Timestamp, UpstreamKind,
};

/// The longest page.
const LONGEST: u32 = 500;

macro_rules! select_alerts {
    ($rest:literal) => {
        concat!(
            "SELECT id, upstream, kind, state, scope, window, window_start, percent, title, detail, raised_at,
             ack_by, ack_at, ack_note, resolved_at FROM alerts ",
            $rest
        )
    };
}

/// Fires an alert, where none with its key is open, and puts it into the outbox.
pub(crate) fn raise(tx: &mut Tx<'_>, new: &NewAlert) -> Result<Option<AlertId>, StoreError> {
    if open(tx, new.upstream(), new.key())?.is_some() {
        return Ok(None);
    }
    let id = insert(tx, new, AlertState::Firing)?;
    webhooks::queue(tx, id, AlertNews::Fired)?;
    Ok(Some(id))
}

/// Fires an alert now of which webhooks are told at a time that is still to come.
pub(crate) fn raise_later(
    tx: &mut Tx<'_>,
    new: &NewAlert,
    told_at: Timestamp,
) -> Result<AlertId, StoreError> {
    if let Some(open) = open(tx, new.upstream(), new.key())? {
        return Ok(open);
    }
    let id = insert(tx, new, AlertState::Firing)?;
    webhooks::queue_at(tx, id, AlertNews::Fired, told_at)?;
    Ok(id)
}

/// Puts an alert into the outbox that is resolved from the start.
pub(crate) fn tell_webhooks(tx: &Tx<'_>, id: AlertId) -> Result<(), StoreError> {
    webhooks::queue(tx, id, AlertNews::Fired)
}

/// Writes an alert, and tells of it.
pub(crate) fn insert(tx: &mut Tx<'_>, new: &NewAlert, state: AlertState) -> Result<AlertId, StoreError> {
    let id = free_id(tx, new.key())?;
    let crossing = new.crossing();
    let resolved_at = (state == AlertState::Resolved).then_some(tx.now.micros());
    tx.run(
        "INSERT INTO alerts (id, upstream, kind, state, key, scope, window, window_start, percent, title, detail,
         raised_at, resolved_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)",
        params![
            id.bytes(),
            new.upstream().name(),
            new.kind().name(),
            state.name(),
            new.key(),
            crossing.map(|crossing| crossing.scope.to_string()),
            crossing.map(|crossing| crossing.window.name()),
            crossing.map(|crossing| crossing.start.micros()),
            crossing.map(|crossing| crossing.percent),
            new.title(),
            new.detail(),
            tx.now.micros(),
            resolved_at,
        ],
    )?;
    tx.tell(None, EventKind::Alert { alert: id, state });
    Ok(id)
}

/// Ends the open alert of an upstream with this key: its cause is gone.
pub(crate) fn resolve(
    tx: &mut Tx<'_>,
    upstream: UpstreamKind,
    key: &AlertKey<'_>,
) -> Result<Option<AlertId>, StoreError> {
    resolve_stored(tx, upstream, &key.to_string())
}

/// The same, by a key as it is stored.
pub(crate) fn resolve_stored(
    tx: &mut Tx<'_>,
    upstream: UpstreamKind,
    key: &str,
) -> Result<Option<AlertId>, StoreError> {
    let Some(id) = open(tx, upstream, key)? else { return Ok(None) };
    end(tx, id)?;
    Ok(Some(id))
}

/// Ends an alert: its cause is gone. Answers whether it was open.
pub(crate) fn end(tx: &mut Tx<'_>, id: AlertId) -> Result<bool, StoreError> {
    let ended = tx.run(
        "UPDATE alerts SET state = 'resolved', resolved_at = ?2 WHERE id = ?1 AND state <> 'resolved'",
        params![id.bytes(), tx.now.micros()],
    )? > 0;
    if ended {
        webhooks::queue(tx, id, AlertNews::Resolved)?;
        tx.tell(None, EventKind::Alert { alert: id, state: AlertState::Resolved });
    }
    Ok(ended)
}

/// Notes who knows of an alert.
pub(crate) fn acknowledge(tx: &mut Tx<'_>, id: AlertId, by: &str, note: &str) -> Result<Alert, StoreError> {
    crate::rules::audit::check_reason(note)?;
    let changed = tx.run(
        "UPDATE alerts SET ack_by = ?2, ack_at = ?3, ack_note = ?4,
         state = CASE WHEN state = 'firing' THEN 'acknowledged' ELSE state END WHERE id = ?1",
        params![id.bytes(), by, tx.now.micros(), note],
    )?;
    if changed == 0 {
        return Err(StoreError::NoSuchAlert(id));
    }
    let alert = get(tx.db, id)?.ok_or(StoreError::NoSuchAlert(id))?;
    audit::note(tx, by, "alert.acknowledge", &format!("{id}: {note}"))?;
    tx.tell(None, EventKind::Alert { alert: id, state: alert.state });
    Ok(alert)
}

/// An alert.
pub(crate) fn get(db: &Db, id: AlertId) -> Result<Option<Alert>, StoreError> {
    db.first(select_alerts!("WHERE id = ?1"), [id.bytes()], read)
}

/// A page of an upstream's alerts, the newest first.
pub(crate) fn list(db: &Db, upstream: UpstreamKind, filter: &AlertFilter) -> Result<AlertPage, StoreError> {
    let limit = filter.limit.clamp(1, LONGEST);
    let states: String = filter.states.iter().flat_map(|state| [" ", state.name(), " "]).collect();
    let before = filter.after.map_or([u8::MAX; 16], Id::bytes);
    let mut items = db.all(
        select_alerts!(
            "WHERE upstream = ?1 AND id < ?2 AND (?3 = '' OR instr(?3, ' ' || state || ' ') > 0)
             ORDER BY id DESC LIMIT ?4"
        ),
        params![upstream.name(), before, states, limit + 1],
        read,
    )?;
    let more = items.len() > limit as usize;
    items.truncate(limit as usize);
    let next = items.last().filter(|_| more).map(|alert| alert.id);
    Ok(AlertPage { items, next })
}

/// How many of an upstream's alerts are firing.
pub(crate) fn firing(db: &Db, upstream: UpstreamKind) -> Result<u64, StoreError> {
    let count = "SELECT count(*) AS firing FROM alerts INDEXED BY alerts_open
                 WHERE state <> 'resolved' AND state = 'firing' AND upstream = ?1";
    Ok(db.first(count, [upstream.name()], |row| row.count("firing"))?.unwrap_or(0))
}

// The same thing can fire, end and fire again within one moment.
fn free_id(tx: &Tx<'_>, key: &str) -> Result<AlertId, StoreError> {
    let mut turn = 0_u32;
    loop {
        let id = made_id(tx.policy, tx.now, &format!("{turn} {key}"), AlertId::new);
        if tx.first("SELECT 1 FROM alerts WHERE id = ?1", [id.bytes()], |_| Ok(()))?.is_none() {
            return Ok(id);
        }
        turn += 1;
    }
}

/// An id without a source of randomness: what it is made for is in it, and so is this life of the host.
pub(crate) fn made_id<T>(
    policy: &Policy,
    now: Timestamp,
    what: &str,
    new: impl Fn(Timestamp, u128) -> T,
) -> T {
    let mut hash = blake3::Hasher::new();
    policy.made.set(policy.made.get() + 1);
    hash.update(&policy.made.get().to_be_bytes());
    hash.update(&policy.boot.bytes()).update(&now.micros().to_be_bytes()).update(what.as_bytes());
    let mut random = [0; 16];
    random.copy_from_slice(&hash.finalize().as_bytes()[..16]);
    new(now, u128::from_be_bytes(random))
}

fn open(tx: &Tx<'_>, upstream: UpstreamKind, key: &str) -> Result<Option<AlertId>, StoreError> {
    let select = "SELECT id FROM alerts WHERE upstream = ?1 AND key = ?2 AND state <> 'resolved'";
    tx.first(select, [upstream.name(), key], |row| row.id("id"))
}

pub(crate) fn read(row: &Row<'_>) -> Result<Alert, StoreError> {
    let crossing = if row.is_null("scope")? {
        None
    } else {
        Some(Crossing {
            scope: row.word("scope")?,
            window: row.word("window")?,
            start: row.time("window_start")?,
            percent: row.count("percent")?,
        })
    };
    let acknowledged = match row.get::<Option<String>>("ack_by")? {
        None => None,
        Some(by) => Some(Acknowledgement { by, at: row.time("ack_at")?, note: row.get("ack_note")? }),
    };
    Ok(Alert {
        id: row.id("id")?,
        upstream: row.word("upstream")?,
        kind: row.word("kind")?,
        state: row.word("state")?,
        crossing,
        title: row.get("title")?,
        detail: row.get("detail")?,
        raised_at: row.time("raised_at")?,
        acknowledged,
        resolved_at: row.maybe_time("resolved_at")?,
    })
}
