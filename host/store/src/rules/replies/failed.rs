//! Replies that a guest failed on: they answer nobody any more.

use crate::StoreError;
use crate::engine::{Id, params};
use crate::rules::replies::room;
use crate::rules::tx::Tx;
use anvil_types::JobId;

/// The calls that had paid for what a job was answered from a place on, and when: replies are kept in the transaction
/// that settles their call.
pub(crate) const PAID: &str = "SELECT paid.id, paid.settled_at FROM calls AS asked INDEXED BY calls_by_job
    CROSS JOIN calls AS paid ON paid.upstream = asked.upstream AND paid.id = coalesce(asked.reply_of, asked.id)
    WHERE asked.job = ?1 AND asked.position >= ?2 AND paid.upstream = ?3 AND paid.state = 'settled'";
/// What is still kept of one.
pub(crate) const OF_CALL: &str = "SELECT key, bytes FROM replies INDEXED BY replies_by_age
    WHERE upstream = ?1 AND at = ?2 AND call = ?3";

/// Takes out what is kept of the replies that answered a job from a place on. One that has taken such a reply's place
/// since stays: nobody failed on it.
pub(crate) fn take_out_from(tx: &Tx<'_>, job: JobId, from: u32) -> Result<(), StoreError> {
    let upstream = tx.policy.upstream.name();
    let paid: Vec<([u8; 16], i64)> =
        tx.all(PAID, params![job.bytes(), from, upstream], |row| Ok((row.get(0)?, row.get(1)?)))?;
    for (call, at) in paid {
        let kept =
            tx.first(OF_CALL, params![upstream, at, call], |row| Ok((row.get("key")?, row.count("bytes")?)))?;
        if let Some((key, bytes)) = kept {
            room::delete(tx, key, bytes)?;
        }
    }
    Ok(())
}
