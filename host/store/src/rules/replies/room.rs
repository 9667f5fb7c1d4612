//! Room for replies: what is too old goes, then what was not used for the longest time.

use crate::engine::{number, params};
use crate::rules::audit;
use crate::rules::duties::{self, Duty};
use crate::rules::replies::find;
use crate::rules::tx::Tx;
use crate::{ReplyBounds, ReplyKey, StoreError};
use anvil_types::ReplySize;

/// How many a settlement takes out at most: where bounds were lowered, others do the rest.
const AT_ONCE: usize = 16;
/// How many a purge or a look takes out at a time.
const BATCH: usize = 200;

/// The oldest that was kept before a time.
pub(crate) const OLDEST: &str =
    "SELECT key, bytes FROM replies WHERE upstream = ?1 AND at < ?2 ORDER BY at LIMIT 1";
/// The one that was not used for the longest time.
pub(crate) const LEAST_USED: &str =
    "SELECT key, bytes FROM replies WHERE upstream = ?1 ORDER BY used LIMIT 1";
/// Some that an agent paid for.
pub(crate) const OF_AGENT: &str =
    "SELECT key, bytes FROM replies INDEXED BY replies_by_agent WHERE upstream = ?1 AND agent = ?2 LIMIT ?3";
/// Its size.
const BYTES: &str = "SELECT bytes FROM replies WHERE upstream = ?1 AND key = ?2";

/// Makes room for one of so many bytes; false where not enough could be taken out at once.
pub(crate) fn make(tx: &Tx<'_>, bounds: ReplyBounds, bytes: u64) -> Result<bool, StoreError> {
    let fits = |size: ReplySize| size.entries < bounds.entries && size.bytes + bytes <= bounds.bytes;
    for _ in 0..AT_ONCE {
        if fits(find::size(tx.db, tx.policy.upstream)?) {
            return Ok(true);
        }
        let Some((key, bytes)) = next_out(tx, bounds, MayGo::Any)? else { break };
        delete(tx, key, bytes)?;
    }
    Ok(fits(find::size(tx.db, tx.policy.upstream)?))
}

/// Takes out what is too old, and what is beyond the bounds: a batch. Answers whether there may be more.
pub(crate) fn trim(tx: &mut Tx<'_>, bounds: ReplyBounds) -> Result<bool, StoreError> {
    let upstream = tx.policy.upstream;
    if !duties::is_of(tx.db, upstream, tx.policy.host, Duty::Retention)? {
        return Ok(false);
    }
    for _ in 0..BATCH {
        let size = find::size(tx.db, upstream)?;
        let beyond = size.entries > bounds.entries || size.bytes > bounds.bytes;
        let may_go = if beyond { MayGo::Any } else { MayGo::TooOld };
        let Some((key, bytes)) = next_out(tx, bounds, may_go)? else { return Ok(false) };
        delete(tx, key, bytes)?;
    }
    Ok(true)
}

/// Which may go.
#[derive(Clone, Copy, PartialEq, Eq)]
enum MayGo {
    TooOld,
    Any,
}

fn next_out(tx: &Tx<'_>, bounds: ReplyBounds, may_go: MayGo) -> Result<Option<([u8; 32], u64)>, StoreError> {
    let upstream = tx.policy.upstream.name();
    let since = (tx.now - bounds.ttl).micros();
    let old = tx.first(OLDEST, params![upstream, since], |row| Ok((row.get("key")?, row.count("bytes")?)))?;
    if old.is_some() || may_go == MayGo::TooOld {
        return Ok(old);
    }
    tx.first(LEAST_USED, [upstream], |row| Ok((row.get("key")?, row.count("bytes")?)))
}

/// Takes one out, of so many bytes.
pub(crate) fn delete(tx: &Tx<'_>, key: [u8; 32], bytes: u64) -> Result<(), StoreError> {
    let upstream = tx.policy.upstream.name();
    tx.run("DELETE FROM replies WHERE upstream = ?1 AND key = ?2", params![upstream, key])?;
    tx.run(
        "UPDATE reply_use SET entries = entries - 1, bytes = bytes - ?2 WHERE upstream = ?1",
        params![upstream, number(bytes)],
    )
    .map(drop)
}

/// Takes out the reply of a key, where there is one.
pub(crate) fn take_out(tx: &Tx<'_>, key: ReplyKey) -> Result<(), StoreError> {
    let upstream = tx.policy.upstream.name();
    match tx.first(BYTES, params![upstream, key.0], |row| row.count("bytes"))? {
        Some(bytes) => delete(tx, key.0, bytes),
        None => Ok(()),
    }
}

/// Purges what is kept: all, or what an agent paid for. Answers what is gone.
pub(crate) fn purge(tx: &mut Tx<'_>, agent: Option<&str>, by: &str) -> Result<ReplySize, StoreError> {
    let upstream = tx.policy.upstream;
    let gone = match agent {
        None => {
            let gone = find::size(tx.db, upstream)?;
            tx.run("DELETE FROM replies WHERE upstream = ?1", [upstream.name()])?;
            tx.run("DELETE FROM reply_use WHERE upstream = ?1", [upstream.name()])?;
            gone
        }
        Some(agent) => purge_agent(tx, agent)?,
    };
    let whose = agent.unwrap_or("all agents");
    audit::note(tx, by, "cache.purge", &format!("{whose}: {} replies, {} bytes", gone.entries, gone.bytes))?;
    Ok(gone)
}

fn purge_agent(tx: &Tx<'_>, agent: &str) -> Result<ReplySize, StoreError> {
    let mut gone = ReplySize::default();
    loop {
        let batch: Vec<([u8; 32], u64)> = tx.all(
            OF_AGENT,
            params![tx.policy.upstream.name(), agent, i64::try_from(BATCH).unwrap_or(i64::MAX)],
            |row| Ok((row.get("key")?, row.count("bytes")?)),
        )?;
        for (key, bytes) in &batch {
            delete(tx, *key, *bytes)?;
            gone.entries += 1;
            gone.bytes += bytes;
        }
        if batch.len() < BATCH {
            return Ok(gone);
        }
    }
}
