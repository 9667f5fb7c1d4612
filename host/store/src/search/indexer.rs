//! The thread that keeps the index up with the database: changes in batches, as their numbers rise.
//!
//! It writes into a file of its own, so that nobody who writes jobs waits for it; a search is behind by
//! what it has yet to take in. Where its place is lost (a new file, a back-up put in the database's
//! place), it walks over all jobs once.

use super::feed;
use crate::StoreError;
use crate::engine::{Db, Row, meta, params};
use crate::rules::tx::Tx;
use crate::search::index::{self, Place};
use crate::search::{marks, text};
use crate::sqlite::connect;
use crate::sqlite::writer::{Course, Message, command};
use anvil_types::Life;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Duration;
use tokio::sync::mpsc::WeakSender;

/// How often it looks for changes when it has caught up: the most that a search is behind.
const LOOK: Duration = Duration::from_millis(250);
/// How long it rests after an error.
const REST: Duration = Duration::from_secs(5);
/// The most changes of one transaction.
const BATCH: u32 = 2_000;
/// How many changes that were taken in may stay in the database before they are cleared away.
const KEPT: i64 = 4_096;
/// The most rows that one command clears away.
const CLEARED: i64 = 2_000;

/// Changes after a place.
pub(crate) const CHANGES: &str =
    "SELECT change, job FROM job_changes WHERE change > ?1 ORDER BY change LIMIT ?2";
/// Jobs after a place.
pub(crate) const WALK: &str = "SELECT seq FROM jobs WHERE seq > ?1 AND seq <= ?2 ORDER BY seq LIMIT ?3";
/// What the index is told of a job.
pub(crate) const WORDS: &str =
    "SELECT agent, action, state, priority, tags, error_kind, error_message, substr(payload, 1, ?2) AS payload,
         substr(result, 1, ?2) AS result
     FROM jobs JOIN job_bodies ON job_bodies.seq = jobs.seq WHERE jobs.seq = ?1";
/// Whether a stretch has a job.
pub(crate) const ANY: &str = "SELECT 1 FROM jobs WHERE seq >= ?1 AND seq < ?2 LIMIT 1";

/// The thread's parts.
#[derive(Debug)]
pub(crate) struct Indexer {
    pub(crate) database: PathBuf,
    pub(crate) file: PathBuf,
    /// Clears away what was taken in; no reason for the writer to stay.
    pub(crate) writer: WeakSender<Message>,
}

impl Indexer {
    /// Works until whoever holds the other end of `stop` lets it go.
    pub(crate) fn work(self, stop: &Receiver<()>, mut life: Life) {
        let mut open = None;
        loop {
            let wait = match life.step(|| self.step(&mut open)) {
                Ok(Ok(true)) => Duration::ZERO,
                Ok(Ok(false)) => LOOK,
                Err(wait) => {
                    open = None;
                    wait
                }
                Ok(Err(error)) => {
                    tracing::warn!(%error, "the search index could not be brought up to date");
                    open = None;
                    REST
                }
            };
            if stop.recv_timeout(wait) != Err(RecvTimeoutError::Timeout) {
                return;
            }
        }
    }

    /// One batch; whether there may be more.
    fn step(&self, open: &mut Option<Open>) -> Result<bool, StoreError> {
        if open.is_none() {
            let opened = Open::new(&self.database, &self.file)?;
            let at = opened.place.change;
            // What comes after it is kept from here on; what went before that is looked for at the next step.
            if self.written(move |tx| feed::came(tx, at))?.is_none() {
                return Ok(false);
            }
            if ends(&opened.database)?.0 > at + 1 {
                return Ok(true);
            }
            *open = Some(opened);
        }
        let Some(open) = open else { return Ok(false) };
        let more = open.step()?;
        if open.place.change - open.cleared >= KEPT {
            // What is cleared away here must be durable there.
            open.index.one("PRAGMA wal_checkpoint(PASSIVE)", params![], |_| Ok(()))?;
            self.clear_away(open)?;
        }
        Ok(more)
    }

    fn clear_away(&self, open: &mut Open) -> Result<(), StoreError> {
        while open.cleared < open.place.change {
            // The newest stays.
            let to = open.place.change.min(open.cleared + CLEARED);
            let Some(cleared) = self.written(move |tx| feed::clear_away(tx, to))? else { return Ok(()) };
            if cleared <= open.cleared {
                // Another host's index has not seen it yet.
                return Ok(());
            }
            open.cleared = cleared;
        }
        Ok(())
    }

    /// What a command to the writer answers; nothing where the store is being closed.
    fn written<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Tx<'_>) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<Option<T>, StoreError> {
        let Some(writer) = self.writer.upgrade() else { return Ok(None) };
        let (message, answer) = command(work, Course::Shared);
        if writer.blocking_send(message).is_err() {
            return Ok(None);
        }
        drop(writer);
        let Ok(answer) = answer.blocking_recv() else { return Ok(None) };
        answer.map(Some)
    }
}

/// The database as it is read, and the index.
struct Open {
    database: Db,
    index: Db,
    place: Place,
    /// All changes before this one are gone from the database.
    cleared: i64,
}

impl Open {
    fn new(database: &Path, file: &Path) -> Result<Self, StoreError> {
        let database = connect::reading(database)?;
        let index = index::open(file)?;
        let (oldest, newest) = ends(&database)?;
        let host = meta::<[u8; 16]>(&database, "host_id")?.unwrap_or_default();
        // Of this database, without a gap, and not ahead of one that is older than the index.
        let known = index::place(&index)?
            .filter(|place| oldest <= place.change + 1 && place.change <= newest)
            .filter(|_| index::is_of(&index, host).unwrap_or(false));
        let place = if let Some(place) = known {
            place
        } else {
            let walk_to: i64 =
                database.one("SELECT coalesce(max(seq), 0) FROM jobs", params![], |row| row.get(0))?;
            let place = Place { change: newest, walked: 0, walk_to };
            index.in_transaction(|index| index::begin(index, host, place))?;
            place
        };
        Ok(Self { database, index, place, cleared: oldest })
    }

    /// Takes a batch in.
    fn step(&mut self) -> Result<bool, StoreError> {
        let (index, from) = (&self.index, self.place);
        // One snapshot for the changes and the jobs: nothing newer than its place is taken in.
        let place = self.database.in_snapshot(|database| take_in(database, index, from))?;
        if place == self.place {
            return Ok(false);
        }
        self.place = place;
        self.index.in_transaction(index::make_one_whole)?;
        Ok(true)
    }
}

/// Takes in what is next behind a place; answers how far it has come.
fn take_in(database: &Db, index: &Db, from: Place) -> Result<Place, StoreError> {
    let mut place = from;
    let changes: Vec<(i64, i64)> =
        database.all(CHANGES, [from.change, i64::from(BATCH)], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let mut jobs: BTreeSet<i64> = changes.iter().map(|(_, job)| *job).collect();
    if let Some((change, _)) = changes.last() {
        place.change = *change;
    } else if place.walked < place.walk_to {
        let walked: Vec<i64> =
            database.all(WALK, [place.walked, place.walk_to, i64::from(BATCH)], |row| row.get(0))?;
        place.walked = walked.last().copied().unwrap_or(place.walk_to);
        jobs.extend(walked);
    }
    if place == from {
        return Ok(from);
    }
    index.in_transaction(|index| {
        let mut emptied = BTreeSet::new();
        let mut words = String::new();
        for job in jobs {
            words.clear();
            if add_words(database, job, &mut words)? {
                index::put(index, job, &words)?;
            } else {
                index::take_out(index, job)?;
                emptied.insert(index::stretch(job));
            }
        }
        for number in emptied {
            let begin = number * index::STRETCH;
            if database.first(ANY, [begin, begin + index::STRETCH], |_| Ok(()))?.is_none() {
                index::drop_stretch(index, number)?;
            }
        }
        index::set_place(index, place)
    })?;
    Ok(place)
}

/// The oldest and the newest change that the database has.
pub(crate) fn ends(database: &Db) -> Result<(i64, i64), StoreError> {
    let select = "SELECT coalesce((SELECT min(change) FROM job_changes), 0),
         coalesce((SELECT max(change) FROM job_changes), 0)";
    database.one(select, params![], |row| Ok((row.get(0)?, row.get(1)?)))
}

/// The job of each change after a place; no more than `most` changes are read.
pub(crate) fn changed(database: &Db, place: Place, most: usize) -> Result<Vec<i64>, StoreError> {
    let most = i64::try_from(most).unwrap_or(i64::MAX);
    database.all(CHANGES, [place.change, most], |row| row.get(1))
}

/// The words of a job; whether there is one.
fn add_words(database: &Db, job: i64, words: &mut String) -> Result<bool, StoreError> {
    let bound = i64::try_from(text::BOUND).unwrap_or(i64::MAX);
    Ok(database.first(WORDS, [job, bound], |row| read(row, words))?.is_some())
}

fn read(row: &Row<'_>, words: &mut String) -> Result<(), StoreError> {
    let agent = row.text("agent")?;
    let mut marks = vec![
        marks::agent(agent),
        marks::state(row.word("state")?),
        marks::priority(row.priority("priority")?),
    ];
    marks.extend(row.texts("tags")?.iter().map(|tag| marks::tag(tag)));
    for mark in marks {
        *words += &mark;
        words.push(' ');
    }
    for column in ["payload", "result"] {
        if let Some(json) = row.maybe_text(column)? {
            text::add_json(words, json);
        }
    }
    for column in ["error_kind", "error_message"] {
        if let Some(plain) = row.maybe_text(column)? {
            text::add_plain(words, &plain[..plain.floor_char_boundary(text::BOUND)]);
        }
    }
    Ok(())
}
