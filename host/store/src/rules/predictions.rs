//! Predictions and the days that they are compared with: each written once, and gone after a while.

use crate::engine::{Row, params};
use crate::reading::days::readable;
use crate::rules::tx::Tx;
use crate::{KeptPrediction, PredictedPart, StoreError};
use anvil_budget::WindowSpan;
use anvil_types::{DaySeen, Timestamp};
use std::time::Duration;

/// For how long both are kept.
const KEPT_FOR: Duration = Duration::from_hours(24 * 400);
/// For how long it is kept when jobs came: until the last prediction is over that has their day, and a day more.
const ARRIVALS_FOR: Duration = Duration::from_hours(24 * 9);

/// A day as it was seen.
pub(crate) const DAY: &str = "SELECT start, seen_to, seen FROM plan_days WHERE upstream = ?1 AND start = ?2";
const SEE: &str = "INSERT INTO plan_days (upstream, start, until, seen_to, seen) VALUES (?1, ?2, ?3, ?4, ?5)
    ON CONFLICT (upstream, start) DO UPDATE SET seen_to = max(seen_to, excluded.seen_to), seen = excluded.seen";
const END: &str = "INSERT INTO plan_days (upstream, start, until, seen_to, seen, facts, arrivals)
    VALUES (?1, ?2, ?3, ?2, ?4, ?5, ?6)
    ON CONFLICT (upstream, start) DO UPDATE SET facts = excluded.facts, arrivals = excluded.arrivals
    WHERE facts IS NULL";
const KEEP: &str = "INSERT INTO predictions (upstream, start, until, body) VALUES (?1, ?2, ?3, ?4)
    ON CONFLICT (upstream, start) DO NOTHING";
const JUDGE_DAY: &str = "UPDATE predictions SET day = ?3 WHERE upstream = ?1 AND start = ?2 AND day IS NULL";
const JUDGE_WHOLE: &str =
    "UPDATE predictions SET whole = ?3 WHERE upstream = ?1 AND start = ?2 AND whole IS NULL";

/// Keeps a prediction, unless one with that beginning is there.
pub(crate) fn keep(tx: &Tx<'_>, prediction: &KeptPrediction) -> Result<bool, StoreError> {
    let KeptPrediction { start, end, body, .. } = prediction;
    let upstream = tx.policy.upstream.name();
    Ok(tx.run(KEEP, params![upstream, start.micros(), end.micros(), body])? > 0)
}

/// Keeps what it says of the jobs that really came.
pub(crate) fn judge(
    tx: &Tx<'_>,
    start: Timestamp,
    part: PredictedPart,
    says: &str,
) -> Result<(), StoreError> {
    let sql = match part {
        PredictedPart::FirstDay => JUDGE_DAY,
        PredictedPart::Whole => JUDGE_WHOLE,
    };
    tx.run(sql, params![tx.policy.upstream.name(), start.micros(), says]).map(drop)
}

/// Adds what was seen of a day. What another host has seen up to a time was seen.
pub(crate) fn see_day(tx: &Tx<'_>, from: Timestamp, to: Timestamp, seen: &DaySeen) -> Result<(), StoreError> {
    let (upstream, day) = (tx.policy.upstream.name(), tx.policy.windows().day(from));
    let before = tx.first(DAY, params![upstream, day.start.micros()], |row| readable(row, read))?;
    let (seen_to, mut all) = match before {
        Some(Some(before)) => before,
        // What cannot be read is not written over: it would say that nobody was there.
        Some(None) => return Ok(()),
        None => (day.start, DaySeen::default()),
    };
    let new = to.since(from.max(seen_to));
    all.add(&DaySeen { up_us: u64::try_from(new.as_micros()).unwrap_or(u64::MAX), ..seen.clone() });
    let text = written(&all)?;
    tx.run(SEE, params![upstream, day.start.micros(), day.end.micros(), to.micros(), text]).map(drop)
}

/// Keeps what a day's jobs came to.
pub(crate) fn end_day(tx: &Tx<'_>, day: WindowSpan, facts: &str, arrivals: &str) -> Result<(), StoreError> {
    let upstream = tx.policy.upstream.name();
    let nothing = written(&DaySeen::default())?;
    let (from, to) = (day.start.micros(), day.end.micros());
    tx.run(END, params![upstream, from, to, nothing, facts, arrivals]).map(drop)
}

/// Takes out what is old.
pub(crate) fn prune(tx: &Tx<'_>) -> Result<(), StoreError> {
    let (upstream, cut) = (tx.policy.upstream.name(), (tx.now - KEPT_FOR).micros());
    tx.run("DELETE FROM predictions WHERE upstream = ?1 AND start < ?2", params![upstream, cut])?;
    tx.run("DELETE FROM plan_days WHERE upstream = ?1 AND start < ?2", params![upstream, cut])?;
    let cut = (tx.now - ARRIVALS_FOR).micros();
    tx.run(
        "UPDATE plan_days SET arrivals = NULL WHERE upstream = ?1 AND start < ?2 AND arrivals IS NOT NULL",
        params![upstream, cut],
    )
    .map(drop)
}

fn read(row: &Row<'_>) -> Result<(Timestamp, DaySeen), StoreError> {
    Ok((row.time("seen_to")?, row.structure("seen")?))
}

fn written(seen: &DaySeen) -> Result<String, StoreError> {
    serde_json::to_string(seen).map_err(|error| StoreError::Backend(Box::new(error)))
}
