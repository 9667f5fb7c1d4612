//! What waits for batches and what is in them.

use crate::engine::{Db, Id, number, params};
use crate::{BatchBody, BatchCall, BatchPlace, OpenBatch, StoreError};
use anvil_types::{BatchRecord, CallId, GatheredCalls, JobId, UpstreamKind};

/// Whether the same question of a job is kept.
pub(crate) const SAME: &str =
    "SELECT 1 FROM batch_calls WHERE job = ?1 AND position = ?2 AND request_hash = ?3";
/// Whether a batch brought a question of a job back undone. Found by the job: an upstream has all the calls that there are.
pub(crate) const BACK: &str =
    "SELECT 1 FROM calls WHERE job = ?1 AND +upstream = ?2 AND position = ?3 AND batched = 2";
/// Whether any question of a job is kept.
pub(crate) const ANY: &str = "SELECT 1 FROM batch_calls WHERE job = ?1 LIMIT 1";
/// What waits.
pub(crate) const GATHERED: &str =
    "SELECT count(*) AS calls, coalesce(sum(bytes), 0) AS bytes, min(at) AS oldest
    FROM batch_calls INDEXED BY batch_calls_waiting WHERE upstream = ?1 AND batch IS NULL";
/// What waits, in its order.
pub(crate) const WAITING: &str = "SELECT seq, bytes FROM batch_calls INDEXED BY batch_calls_waiting
    WHERE upstream = ?1 AND batch IS NULL ORDER BY seq LIMIT ?2";
/// The same calls.
pub(crate) const WAITING_CALLS: &str = "SELECT call FROM batch_calls INDEXED BY batch_calls_waiting
    WHERE upstream = ?1 AND batch IS NULL ORDER BY seq LIMIT ?2";
/// The prices that what waits is held by.
const PRICES: &str = "SELECT DISTINCT c.price_row AS price_row
    FROM batch_calls AS b INDEXED BY batch_calls_waiting
    CROSS JOIN calls AS c ON c.upstream = b.upstream AND c.id = b.call
    WHERE b.upstream = ?1 AND b.batch IS NULL";
/// What waits that is held by one of them.
const OF_PRICE: &str = "SELECT b.call AS call FROM batch_calls AS b INDEXED BY batch_calls_waiting
    CROSS JOIN calls AS c ON c.upstream = b.upstream AND c.id = b.call
    WHERE b.upstream = ?1 AND b.batch IS NULL AND c.price_row = ?2 LIMIT ?3";
/// Batches that are not over.
pub(crate) const OPEN: &str = "SELECT seq, state, upstream_id, calls, made_at, expires_at
    FROM batches INDEXED BY batches_open WHERE upstream = ?1 AND state <> 'ended' ORDER BY seq";
/// The newest batches, with what is left of them.
const NEWEST: &str =
    "SELECT b.seq AS seq, state, upstream_id, b.calls AS calls, made_at, expires_at, ended_at,
        (SELECT count(*) FROM batch_calls AS c WHERE c.batch = b.seq) AS open,
        (SELECT coalesce(sum(hold), 0) FROM batch_calls AS c WHERE c.batch = b.seq) AS held
    FROM batches AS b WHERE b.upstream = ?1 ORDER BY b.seq DESC LIMIT ?2";
/// The sizes of a batch's calls behind a place.
pub(crate) const SIZES: &str = "SELECT seq, bytes FROM batch_calls INDEXED BY batch_calls_of_batch
    WHERE batch = ?1 AND seq > ?2 ORDER BY seq LIMIT ?3";
/// A batch's requests between two places.
pub(crate) const BODIES: &str = "SELECT c.seq AS seq, c.call AS call, b.body AS body
    FROM batch_calls AS c INDEXED BY batch_calls_of_batch CROSS JOIN batch_bodies AS b ON b.seq = c.seq
    WHERE c.batch = ?1 AND c.seq > ?2 AND c.seq <= ?3 ORDER BY c.seq";
/// A batch's calls behind a place.
pub(crate) const LEFT: &str = "SELECT seq, call FROM batch_calls INDEXED BY batch_calls_of_batch
    WHERE batch = ?1 AND seq > ?2 ORDER BY seq LIMIT ?3";
/// A call that has no end yet.
pub(crate) const CALL: &str = "SELECT b.batch AS batch, b.bytes AS bytes, b.terms AS terms, c.agent AS agent,
        c.tier_asked AS tier_asked, c.tier_given AS tier_given, c.tier_reason AS tier_reason, c.model AS model,
        c.price_row AS price_row, c.hold AS hold, c.held_at AS held_at
    FROM batch_calls AS b CROSS JOIN calls AS c ON c.upstream = b.upstream AND c.id = b.call
    WHERE b.upstream = ?1 AND b.call = ?2";

/// How many rows are looked at for one piece of a batch's body.
const ROWS: u32 = 256;

/// How a place of a job's journal stands with batches.
pub(crate) fn place(
    db: &Db,
    upstream: UpstreamKind,
    job: JobId,
    position: u32,
    request_hash: [u8; 32],
) -> Result<BatchPlace, StoreError> {
    if db.first(SAME, params![job.bytes(), position, request_hash], |_| Ok(()))?.is_some() {
        return Ok(BatchPlace::Waits);
    }
    let back = db.first(BACK, params![job.bytes(), upstream.name(), position], |_| Ok(()))?;
    Ok(if back.is_some() { BatchPlace::CameBack } else { BatchPlace::New })
}

/// Whether a job has anything in batches, or waiting for one.
pub(crate) fn has_any(db: &Db, job: JobId) -> Result<bool, StoreError> {
    Ok(db.first(ANY, [job.bytes()], |_| Ok(()))?.is_some())
}

/// What waits for a batch to be made.
pub(crate) fn gathered(db: &Db, upstream: UpstreamKind) -> Result<GatheredCalls, StoreError> {
    db.one(GATHERED, [upstream.name()], |row| {
        Ok(GatheredCalls {
            calls: row.count("calls")?,
            bytes: row.count("bytes")?,
            oldest: row.maybe_time("oldest")?,
        })
    })
}

/// The price rows that what waits is held by.
pub(crate) fn prices(db: &Db, upstream: UpstreamKind) -> Result<Vec<String>, StoreError> {
    db.all(PRICES, [upstream.name()], |row| row.get("price_row"))
}

/// Some of what waits that is held by a price row.
pub(crate) fn of_price(
    db: &Db,
    upstream: UpstreamKind,
    price_row: &str,
    most: u32,
) -> Result<Vec<CallId>, StoreError> {
    db.all(OF_PRICE, params![upstream.name(), price_row, most], |row| row.id("call"))
}

/// The batches that are not over, the oldest first.
pub(crate) fn open(db: &Db, upstream: UpstreamKind) -> Result<Vec<OpenBatch>, StoreError> {
    db.all(OPEN, [upstream.name()], |row| {
        Ok(OpenBatch {
            number: row.count("seq")?,
            state: row.word("state")?,
            upstream_id: row.get("upstream_id")?,
            calls: row.count("calls")?,
            made_at: row.time("made_at")?,
            expires_at: row.maybe_time("expires_at")?,
        })
    })
}

/// The newest batches first.
pub(crate) fn newest(db: &Db, upstream: UpstreamKind, most: u32) -> Result<Vec<BatchRecord>, StoreError> {
    db.all(NEWEST, params![upstream.name(), most], |row| {
        Ok(BatchRecord {
            number: row.count("seq")?,
            state: row.word("state")?,
            upstream_id: row.get("upstream_id")?,
            calls: row.count("calls")?,
            open: row.count("open")?,
            held: row.money("held")?,
            made_at: row.time("made_at")?,
            expires_at: row.maybe_time("expires_at")?,
            ended_at: row.maybe_time("ended_at")?,
            trouble: None,
        })
    })
}

/// The next requests of a batch behind a place: about as many bytes, one request at least; none at its end.
pub(crate) fn bodies(db: &Db, batch: u64, after: u64, bytes: u64) -> Result<Vec<BatchBody>, StoreError> {
    let (batch, after) = (number(batch), number(after));
    let (mut last, mut sum) = (None, 0);
    let sizes: Vec<(i64, u64)> =
        db.all(SIZES, params![batch, after, ROWS], |row| Ok((row.get("seq")?, row.count("bytes")?)))?;
    for (place, size) in sizes {
        sum += size;
        if last.is_some() && sum > bytes {
            break;
        }
        last = Some(place);
    }
    let Some(last) = last else { return Ok(Vec::new()) };
    db.all(BODIES, params![batch, after, last], |row| {
        Ok(BatchBody {
            place: row.count("seq")?,
            call: row.id("call")?,
            body: row.maybe_bytes("body")?.unwrap_or_default().to_vec(),
        })
    })
}

/// Calls of a batch that have no end yet, behind a place; each with its own.
pub(crate) fn left(db: &Db, batch: u64, after: u64, most: u32) -> Result<Vec<(u64, CallId)>, StoreError> {
    db.all(LEFT, params![number(batch), number(after), most], |row| Ok((row.count("seq")?, row.id("call")?)))
}

/// A call that has no end yet.
pub(crate) fn call(db: &Db, upstream: UpstreamKind, call: CallId) -> Result<Option<BatchCall>, StoreError> {
    db.first(CALL, params![upstream.name(), call.bytes()], |row| {
        let batch: Option<i64> = row.get("batch")?;
        Ok(BatchCall {
            batch: batch.map(i64::unsigned_abs),
            agent: row.get::<Option<String>>("agent")?.unwrap_or_default(),
            tier_asked: row.word("tier_asked")?,
            tier_given: row.word("tier_given")?,
            tier_reason: row.get("tier_reason")?,
            model: row.get("model")?,
            price_row: row.get("price_row")?,
            amount: row.money("hold")?,
            held_at: row.time("held_at")?,
            bytes: row.count("bytes")?,
            terms: row.json("terms")?,
        })
    })
}

/// The request of such a call.
pub(crate) const BODY: &str =
    "SELECT b.body AS body FROM batch_calls AS c CROSS JOIN batch_bodies AS b ON b.seq = c.seq
    WHERE c.upstream = ?1 AND c.call = ?2";

/// The request of a call that has no end yet.
pub(crate) fn body(db: &Db, upstream: UpstreamKind, call: CallId) -> Result<Option<Vec<u8>>, StoreError> {
    db.first(BODY, params![upstream.name(), call.bytes()], |row| {
        Ok(row.maybe_bytes("body")?.unwrap_or_default().to_vec())
    })
}
