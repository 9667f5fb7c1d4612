//! A held call is kept for a batch, in the transaction that holds its money.

use crate::engine::{Db, Id, number, params};
use crate::rules::money::held::Held;
use crate::rules::tx::Tx;
use crate::{HoldRequest, NewBatchCall, StoreError};
use anvil_budget::{Denial, LimitName, WindowKind, Windows};
use anvil_types::{JobId, Nanodollars, Scope, Timestamp, UpstreamKind};
use std::time::Duration;

/// How long a call stays away for which only holds of batches leave no room.
const STAYS_AWAY: Duration = Duration::from_mins(5);

/// What a job's calls in batches hold.
pub(crate) const OF_JOB: &str = "SELECT coalesce(sum(hold), 0) FROM batch_calls WHERE job = ?1";

/// Keeps a call that is held now.
pub(crate) fn keep(
    tx: &Tx<'_>,
    request: &HoldRequest,
    job: JobId,
    position: u32,
    call: &NewBatchCall,
) -> Result<(), StoreError> {
    let upstream = request.upstream.name();
    tx.run(
        "INSERT INTO batch_calls (upstream, call, job, position, request_hash, at, hold, bytes, terms)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        params![
            upstream,
            request.id.bytes(),
            job.bytes(),
            position,
            call.request_hash,
            tx.now.micros(),
            request.amount.get(),
            number(call.body.len() as u64),
            call.terms.as_str(),
        ],
    )?;
    let place = tx.db.last_row();
    tx.run(
        "INSERT INTO batch_bodies (seq, upstream, body) VALUES (?1, ?2, ?3)",
        params![place, upstream, &call.body[..]],
    )?;
    tx.run(
        "UPDATE calls SET batched = 1 WHERE upstream = ?1 AND id = ?2",
        params![upstream, request.id.bytes()],
    )
    .map(drop)
}

/// Whoever waits for holds waits for calls that are under way. Where those of batches alone leave no room, which may last
/// for a day, it comes again later instead. `room` is what the limit would have beside it, were nothing held.
pub(crate) fn not_for_batches(
    tx: &Tx<'_>,
    denial: Denial,
    upstream: UpstreamKind,
    job: Option<JobId>,
    room: Nanodollars,
) -> Result<Denial, StoreError> {
    let Denial::WaitForHolds { limit } = denial else { return Ok(denial) };
    let held = match (&limit, job) {
        (LimitName::Window { scope, window }, _) => {
            let places = tx.policy.windows();
            let start = match window {
                WindowKind::Hour => Windows::first_bucket(tx.now),
                WindowKind::Day => places.day(tx.now).start,
                WindowKind::Month => places.month(tx.now).start,
            };
            in_batches(tx.db, upstream, scope, start)?
        }
        (LimitName::Job, Some(job)) => {
            tx.first(OF_JOB, [job.bytes()], |row| row.get(0).map(Nanodollars::new))?.unwrap_or_default()
        }
        (LimitName::Job | LimitName::Week, _) => Nanodollars::ZERO,
    };
    // With no other call under way there would still be no room.
    if held > Nanodollars::ZERO && held > room {
        return Ok(Denial::ParkUntil { at: tx.now + STAYS_AWAY, limit });
    }
    Ok(Denial::WaitForHolds { limit })
}

fn in_batches(
    db: &Db,
    upstream: UpstreamKind,
    scope: &Scope,
    start: Timestamp,
) -> Result<Nanodollars, StoreError> {
    Ok(Held::in_batches(db, upstream)?.since(scope, start))
}
