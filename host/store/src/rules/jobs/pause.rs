//! The pause of an upstream's queue: while it lasts, no job is claimed. What runs goes on.

use crate::engine::{Db, params};
use crate::rules::audit;
use crate::rules::tx::Tx;
use crate::{QueuePause, StoreError};
use anvil_types::{EventKind, UpstreamKind};

/// Whether there is one, asked by every claim.
pub(crate) const ENGAGED: &str = "SELECT 1 FROM queue_pause WHERE upstream = ?1";

/// The pause, where there is one.
pub(crate) fn get(db: &Db, upstream: UpstreamKind) -> Result<Option<QueuePause>, StoreError> {
    let select = "SELECT reason, who, since FROM queue_pause WHERE upstream = ?1";
    db.first(select, [upstream.name()], |row| {
        Ok(QueuePause { reason: row.get("reason")?, by: row.get("who")?, since: row.time("since")? })
    })
}

/// Whether no job is to be claimed.
pub(crate) fn engaged(tx: &Tx<'_>) -> Result<bool, StoreError> {
    Ok(tx.first(ENGAGED, [tx.policy.upstream.name()], |_| Ok(()))?.is_some())
}

/// Pauses the queue for a reason, or ends the pause where there is none. The first pause stands, with the
/// newest reason.
pub(crate) fn set(tx: &mut Tx<'_>, reason: Option<&str>, by: &str) -> Result<Option<QueuePause>, StoreError> {
    let upstream = tx.policy.upstream;
    if let Some(reason) = reason {
        audit::check_reason(reason)?;
        tx.run(
            "INSERT INTO queue_pause (upstream, reason, who, since) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (upstream) DO UPDATE SET reason = excluded.reason, who = excluded.who",
            params![upstream.name(), reason, by, tx.now.micros()],
        )?;
        audit::note(tx, by, "queue.pause", reason)?;
    } else {
        if tx.run("DELETE FROM queue_pause WHERE upstream = ?1", [upstream.name()])? == 0 {
            return Ok(None);
        }
        audit::note(tx, by, "queue.resume", "")?;
    }
    tx.tell(None, EventKind::Queue { paused: reason.is_some() });
    get(tx.db, upstream)
}
