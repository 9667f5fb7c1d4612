//! Events: rows of the transaction that they tell of, published after it.

use crate::StoreError;
use crate::engine::{Db, Id, Row, number, params};
use crate::rules::tx::News;
use anvil_types::{Event, JobId, Timestamp};
use std::sync::Arc;

/// Writes an event.
pub(crate) const INSERT: &str = "INSERT INTO events (seq, at, job, kind) VALUES (?1, ?2, ?3, ?4)";

/// Events after a place.
pub(crate) const AFTER: &str = "SELECT seq, at, job, kind FROM events WHERE seq > ?1 ORDER BY seq LIMIT ?2";
/// A job's events after a place.
pub(crate) const OF_JOB: &str =
    "SELECT seq, at, job, kind FROM events WHERE job = ?1 AND seq > ?2 ORDER BY seq LIMIT ?3";

/// How many events stay readable.
const KEPT: u64 = 100_000;
/// How many more may be there before the oldest go, so that most commits delete nothing.
const SLACK: u64 = 512;

/// The order of all events, kept by the writer: numbers without gaps, from 1.
#[derive(Debug)]
pub(crate) struct EventOrder {
    last: u64,
    oldest: u64,
}

impl EventOrder {
    /// Goes on where the table ends.
    pub(crate) fn load(db: &Db) -> Result<Self, StoreError> {
        let (first, last): (Option<i64>, Option<i64>) = db.one(
            "SELECT (SELECT min(seq) FROM events), (SELECT max(seq) FROM events)",
            params![],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )?;
        let seq = |value: Option<i64>| value.and_then(|seq| u64::try_from(seq).ok());
        Ok(Self { last: seq(last).unwrap_or(0), oldest: seq(first).unwrap_or(1) })
    }

    /// Writes what a batch had to say, in its order. [`EventOrder::take_back`] undoes the numbers when
    /// the commit fails.
    pub(crate) fn write(
        &mut self,
        db: &Db,
        at: Timestamp,
        news: &mut Vec<News>,
    ) -> Result<Vec<Arc<Event>>, StoreError> {
        let mut written = Vec::with_capacity(news.len());
        for News { job, kind } in news.drain(..) {
            self.last += 1;
            let text = serde_json::to_string(&kind).map_err(|error| StoreError::Backend(Box::new(error)))?;
            db.run(INSERT, params![number(self.last), at.micros(), job.map(Id::bytes), text])?;
            written.push(Arc::new(Event { seq: self.last, at, job, kind }));
        }
        self.prune(db, KEPT)?;
        Ok(written)
    }

    fn prune(&mut self, db: &Db, kept: u64) -> Result<(), StoreError> {
        if self.last.saturating_sub(self.oldest) < kept + SLACK {
            return Ok(());
        }
        let first_kept = self.last + 1 - kept;
        db.run("DELETE FROM events WHERE seq < ?1", [number(first_kept)])?;
        self.oldest = first_kept;
        Ok(())
    }

    /// The batch was rolled back: its numbers are free again.
    pub(crate) fn take_back(&mut self, last: u64, oldest: u64) {
        self.last = last;
        self.oldest = oldest;
    }

    /// What [`EventOrder::take_back`] wants.
    pub(crate) fn mark(&self) -> (u64, u64) {
        (self.last, self.oldest)
    }
}

/// Events after a place, the oldest first.
pub(crate) fn after(db: &Db, after: u64, job: Option<JobId>, limit: u32) -> Result<Vec<Event>, StoreError> {
    let after = number(after);

    match job {
        Some(job) => db.all(OF_JOB, params![job.bytes(), after, limit], event),
        None => db.all(AFTER, params![after, limit], event),
    }
}

/// The newest event's number.
pub(crate) fn last(db: &Db) -> Result<u64, StoreError> {
    db.one("SELECT coalesce(max(seq), 0) AS last FROM events", params![], |row| row.count("last"))
}

fn event(row: &Row<'_>) -> Result<Event, StoreError> {
    Ok(Event {
        seq: row.count("seq")?,
        at: row.time("at")?,
        job: row.maybe_id("job")?,
        kind: row.structure("kind")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use anvil_types::EventKind;

    #[test]
    fn the_oldest_events_go_and_numbers_go_on() {
        let db = Db::in_memory();
        db.batch("CREATE TABLE events (seq INTEGER PRIMARY KEY, at, job, kind)").expect("made");
        let mut order = EventOrder::load(&db).expect("it loads");
        let at = Timestamp::default();
        for _ in 0..300 {
            let mut news = (0..10).map(|_| News { job: None, kind: EventKind::Limits }).collect();
            order.write(&db, at, &mut news).expect("written");
            order.prune(&db, 100).expect("pruned");
        }
        let kept = after(&db, 0, None, 10_000).expect("read");
        assert!(
            (100..100 + usize::try_from(SLACK).expect("small") + 10).contains(&kept.len()),
            "{}",
            kept.len()
        );
        assert_eq!(kept.last().map(|event| event.seq), Some(3_000));
        assert!(kept.windows(2).all(|pair| pair[0].seq + 1 == pair[1].seq));
        assert_eq!(EventOrder::load(&db).expect("it loads").last, 3_000);
    }
}
