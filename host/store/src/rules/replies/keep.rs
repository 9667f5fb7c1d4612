//! Keeping a reply, in the transaction that settles its call.

use crate::engine::{Id, number, params};
use crate::rules::replies::{find, room};
use crate::rules::tx::Tx;
use crate::{NewReply, StoreError};
use anvil_types::CallId;

/// Keeps a reply in the place of an earlier one of the same key. One that is too long, or for which no room can be made
/// at once, is not kept; the earlier one goes all the same.
pub(crate) fn keep(tx: &Tx<'_>, call: CallId, new: &NewReply) -> Result<(), StoreError> {
    room::take_out(tx, new.key)?;
    let reply = new.reply.as_str();
    let bytes = reply.len() as u64;
    if bytes > new.bounds.longest() || !room::make(tx, new.bounds, bytes)? {
        return Ok(());
    }
    let upstream = tx.policy.upstream.name();
    tx.run(
        "INSERT INTO replies (upstream, key, agent, call, at, used, bytes, digest, reply)
         VALUES (?1, ?2, ?3, ?4, ?5, ?5, ?6, ?7, ?8)",
        params![
            upstream,
            new.key.0,
            new.agent,
            call.bytes(),
            tx.now.micros(),
            number(bytes),
            find::digest(reply),
            reply,
        ],
    )?;
    tx.run(
        "INSERT INTO reply_use (upstream, entries, bytes) VALUES (?1, 1, ?2)
         ON CONFLICT (upstream) DO UPDATE SET entries = entries + 1, bytes = bytes + excluded.bytes",
        params![upstream, number(bytes)],
    )
    .map(drop)
}
