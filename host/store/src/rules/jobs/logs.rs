//! What a running attempt says: its progress and its log.

use crate::StoreError;
use crate::engine::{Db, Id, number, params};
use crate::rules::jobs::row::JobHead;
use crate::rules::tx::Tx;
use anvil_types::words::JobNote;
use anvil_types::{EventKind, JobId, Lease, LogLevel, LogLine};

/// Tells how far the job is.
pub(crate) fn progress(tx: &mut Tx<'_>, lease: Lease, fraction: f64, line: &str) -> Result<(), StoreError> {
    let job = JobHead::fenced(tx, lease)?;
    let fraction = if fraction.is_finite() { fraction.clamp(0.0, 1.0) } else { 0.0 };
    tx.run(
        "UPDATE jobs SET progress = ?2, progress_line = ?3 WHERE seq = ?1",
        params![job.seq, fraction, line],
    )?;
    tx.tell(Some(job.id), EventKind::Progress { fraction, line: line.to_owned() });
    Ok(())
}

/// Adds lines to the job's log, numbered from 1.
pub(crate) fn append(tx: &mut Tx<'_>, lease: Lease, lines: &[LogLine]) -> Result<(), StoreError> {
    let job = JobHead::fenced(tx, lease)?;
    write(tx, &job, lines)
}

/// Adds a line of the host's own, whether an attempt runs or not.
pub(crate) fn host(tx: &mut Tx<'_>, job: &JobHead, line: &str) -> Result<(), StoreError> {
    let line = LogLine {
        seq: 0,
        at: tx.now,
        attempt: job.attempts.counted,
        level: LogLevel::Info,
        source: "host".to_owned(),
        line: line.to_owned(),
    };
    write(tx, job, &[line])
}

fn write(tx: &mut Tx<'_>, job: &JobHead, lines: &[LogLine]) -> Result<(), StoreError> {
    if lines.is_empty() {
        return Ok(());
    }
    let mut seq: u64 = tx
        .first("SELECT coalesce(max(seq), 0) AS last FROM log WHERE job = ?1", [job.seq], |row| {
            row.count("last")
        })?
        .unwrap_or(0);
    for line in lines {
        seq += 1;
        tx.run(
            "INSERT INTO log (job, seq, at, attempt, level, source, line) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            params![
                job.seq,
                number(seq),
                line.at.micros(),
                line.attempt,
                line.level.name(),
                line.source,
                line.line
            ],
        )?;
    }
    tx.tell(Some(job.id), EventKind::Logged { last_seq: seq });
    Ok(())
}

/// Adds a line of the host's own to a job's log, whoever has its lease.
pub(crate) fn note(tx: &mut Tx<'_>, job: &JobHead, note: &JobNote<'_>) -> Result<(), StoreError> {
    let seq: u64 = tx
        .first("SELECT coalesce(max(seq), 0) + 1 AS next FROM log WHERE job = ?1", [job.seq], |row| {
            row.count("next")
        })?
        .unwrap_or(1);
    tx.run(
        "INSERT INTO log (job, seq, at, attempt, level, source, line) VALUES (?1, ?2, ?3, ?4, ?5, 'host', ?6)",
        params![
            job.seq,
            number(seq),
            tx.now.micros(),
            job.attempts.counted,
            LogLevel::Info.name(),
            note.to_string()
        ],
    )?;
    tx.tell(Some(job.id), EventKind::Logged { last_seq: seq });
    Ok(())
}

/// Lines of a job's log after a place.
pub(crate) fn lines(db: &Db, job: JobId, after: u64, limit: u32) -> Result<Vec<LogLine>, StoreError> {
    let select = "SELECT seq, at, attempt, level, source, line FROM log
         WHERE job = (SELECT seq FROM jobs WHERE id = ?1) AND seq > ?2 ORDER BY seq LIMIT ?3";
    db.all(select, params![job.bytes(), number(after), limit], |row| {
        Ok(LogLine {
            seq: row.count("seq")?,
            at: row.time("at")?,
            attempt: row.get("attempt")?,
            level: row.word("level")?,
            source: row.get("source")?,
            line: row.get("line")?,
        })
    })
}
