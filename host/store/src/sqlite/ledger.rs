//! Reading the ledger.

use super::columns::{Columns, Id, all};
use crate::StoreError;
use anvil_types::{CallId, CallRecord, JobId, UpstreamKind, Usage};
use rusqlite::{Connection, Row, params};

/// The query for entries of the ledger, with what follows `FROM calls`.
macro_rules! select_calls {
    ($rest:literal) => {
        concat!(
            "SELECT id, state, held_at, settled_at, job, agent, attempt, position, api_key, session,
                 tags, tier_asked, tier_given, model, price_row, hold, cost, input_tokens, output_tokens,
                 cache_read_tokens, cache_write_5m_tokens, cache_write_1h_tokens, service_tier,
                 inference_geo, speed, detail, tier_reason
             FROM calls ",
            $rest
        )
    };
}

/// A job's calls.
pub(super) const OF_JOB: &str = select_calls!("WHERE job = ?1 ORDER BY id");
/// A page of the ledger.
pub(super) const PAGE: &str = select_calls!("WHERE upstream = ?1 AND id < ?2 ORDER BY id DESC LIMIT ?3");
/// Holds that stand.
pub(super) const OPEN: &str = "SELECT id FROM calls WHERE state = 'held'";

/// A job's calls, the oldest first.
pub(super) fn of_job(conn: &Connection, job: JobId) -> Result<Vec<CallRecord>, StoreError> {
    Ok(all(conn, OF_JOB, [job.bytes()], read)?)
}

/// The ledger, the newest first.
pub(super) fn page(
    conn: &Connection,
    upstream: UpstreamKind,
    after: Option<CallId>,
    limit: u32,
) -> Result<Vec<CallRecord>, StoreError> {
    let before = after.map_or([0xff; 16], Id::bytes);
    Ok(all(conn, PAGE, params![upstream.name(), before, limit], read)?)
}

/// Calls whose hold stands.
pub(super) fn open_holds(conn: &Connection) -> Result<Vec<CallId>, StoreError> {
    Ok(all(conn, OPEN, [], |row| row.id("id"))?)
}

fn read(row: &Row<'_>) -> rusqlite::Result<CallRecord> {
    let (held_at, settled_at) = (row.time("held_at")?, row.maybe_time("settled_at")?);
    Ok(CallRecord {
        id: row.id("id")?,
        state: row.word("state")?,
        held_at,
        settled_at,
        job: row.maybe_id("job")?,
        agent: row.get("agent")?,
        attempt: row.get("attempt")?,
        position: row.get("position")?,
        api_key: row.get("api_key")?,
        session: row.get("session")?,
        tags: row.texts("tags")?,
        tier_asked: row.word("tier_asked")?,
        tier_given: row.word("tier_given")?,
        tier_reason: row.get("tier_reason")?,
        model: row.get("model")?,
        usage: Usage {
            input_tokens: row.count("input_tokens")?,
            output_tokens: row.count("output_tokens")?,
            cache_read_tokens: row.count("cache_read_tokens")?,
            cache_write_5m_tokens: row.count("cache_write_5m_tokens")?,
            cache_write_1h_tokens: row.count("cache_write_1h_tokens")?,
            service_tier: row.get("service_tier")?,
            inference_geo: row.get("inference_geo")?,
            speed: row.get("speed")?,
        },
        price_row: row.get("price_row")?,
        hold: row.money("hold")?,
        cost: row.money("cost")?,
        detail: row.get("detail")?,
        duration_ms: settled_at
            .map(|settled_at| u64::try_from(settled_at.since(held_at).as_millis()).unwrap_or(u64::MAX)),
    })
}
