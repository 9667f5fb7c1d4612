//! How far a batch has come.

use crate::StoreError;
use crate::engine::{Db, number, params};
use crate::rules::tx::Tx;
use anvil_types::{BatchState, Timestamp, UpstreamKind};

/// The upstream has it, under this id. One that is over, or has another id, stays as it is.
pub(crate) fn sent(
    tx: &Tx<'_>,
    batch: u64,
    upstream_id: &str,
    expires_at: Option<Timestamp>,
) -> Result<bool, StoreError> {
    let written = tx.run(
        "UPDATE batches SET state = 'sent', upstream_id = ?2, expires_at = ?3
         WHERE seq = ?1 AND upstream_id IS NULL AND state <> 'ended'",
        params![number(batch), upstream_id, expires_at.map(Timestamp::micros)],
    )?;
    Ok(written > 0)
}

/// Nobody knows whether the upstream has it; `state` says how much that is in doubt.
pub(crate) fn unsure(tx: &Tx<'_>, batch: u64, state: BatchState) -> Result<(), StoreError> {
    tx.run(
        "UPDATE batches SET state = ?2 WHERE seq = ?1 AND state = 'sending'",
        params![number(batch), state.name()],
    )
    .map(drop)
}

/// It is certain that the upstream has it not: its calls wait again, as they did.
pub(crate) fn back(tx: &Tx<'_>, batch: u64) -> Result<(), StoreError> {
    let gone = tx.run(
        "DELETE FROM batches WHERE seq = ?1 AND state IN ('sending', 'doubtful') AND upstream_id IS NULL",
        [number(batch)],
    )?;
    if gone > 0 {
        tx.run("UPDATE batch_calls SET batch = NULL WHERE batch = ?1", [number(batch)])?;
    }
    Ok(())
}

/// Whether an id of the upstream's is a batch that is known here.
pub(crate) const KNOWN: &str = "SELECT 1 FROM batches WHERE upstream = ?1 AND upstream_id = ?2 LIMIT 1";

/// Whether an id of the upstream's is a batch that is known here.
pub(crate) fn is_known(db: &Db, upstream: UpstreamKind, upstream_id: &str) -> Result<bool, StoreError> {
    Ok(db.first(KNOWN, params![upstream.name(), upstream_id], |_| Ok(()))?.is_some())
}
