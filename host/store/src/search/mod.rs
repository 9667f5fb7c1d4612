//! Full-text search over payloads, results and errors.
//!
//! The index stands in a file of its own ([`index`]) and is kept up by a thread of its own ([`indexer`]):
//! what writes jobs pays one short row for each change. A search is therefore a little behind, and says
//! by how much. What the index finds is looked at once more in the database, so that every filter is
//! exact, and no job is shown that is gone.

mod feed;
mod fold;
mod index;
mod indexer;
mod marks;
mod text;
mod words;

#[cfg(test)]
pub(crate) use indexer::{ANY, CHANGES, WALK, WORDS};

use crate::reading::jobs;
use crate::sqlite::readers::Readers;
use crate::sqlite::writer::Message;
use crate::{JobFilter, JobPage, StoreError};
use anvil_types::{HostId, Life};
use indexer::Indexer;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread::JoinHandle;
use tokio::sync::mpsc::WeakSender;
use words::Words;

/// How many jobs one page looks at that the index finds and the database then does not let through
/// (states that the index does not tell apart): the page may come back short, with a place to go on.
const LOOKED_AT: usize = 2_048;

/// The most jobs that the index has yet to take in and that a list looks at one by one.
const PENDING: usize = 1_000;

/// The index and its thread.
#[derive(Debug)]
pub(crate) struct Search {
    readers: Readers,
    // Dropping it ends the thread.
    stop: Option<SyncSender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Search {
    /// Begins to keep the index in `file` up with the database.
    pub(crate) fn start(
        database: PathBuf,
        file: PathBuf,
        writer: WeakSender<Message>,
        life: Life,
    ) -> Result<Self, StoreError> {
        // Whoever asks first finds the tables.
        drop(index::open(&file)?);
        let (stop, stopped) = sync_channel(1);
        let indexer = Indexer { database, file: file.clone(), writer };
        let thread = std::thread::Builder::new()
            .name("anvil-search".into())
            .spawn(move || indexer.work(&stopped, life))
            .map_err(|error| StoreError::Backend(Box::new(error)))?;
        Ok(Self { readers: Readers::new(file), stop: Some(stop), thread: Some(thread) })
    }

    /// A page of the jobs that have all of these words, the newest first.
    pub(crate) async fn page(
        &self,
        database: &Readers,
        filter: JobFilter,
        typed: &str,
    ) -> Result<JobPage, StoreError> {
        let behind = self.behind(database).await?;
        let Some(words) = Words::parse(typed) else { return Ok(JobPage { behind, ..JobPage::default() }) };
        let question = words.question() + &marks::of(&filter);
        Ok(JobPage { behind, ..self.gather(database, filter, question, Vec::new()).await? })
    }

    /// Jobs that have all of these words and fit the rest of a filter as far as the index knows: up to
    /// `most` of them older than a place. None while the index is behind a change.
    pub(crate) async fn next(
        &self,
        filter: &JobFilter,
        typed: &str,
        before: i64,
        most: usize,
        since: i64,
    ) -> Result<Option<Vec<i64>>, StoreError> {
        let question = Words::parse(typed).map(|words| words.question() + &marks::of(filter));
        self.readers
            .read(move |db| {
                let place = index::place(db)?.unwrap_or_default();
                if place.change < since || place.walked < place.walk_to {
                    return Ok(None);
                }
                let found =
                    question.map_or(Ok(Vec::new()), |question| index::find(db, &question, before, most));
                found.map(Some)
            })
            .await
    }

    /// A page by a tag and more: the index knows where all of it meets, and the few jobs that it has yet
    /// to take in are looked at one by one, so that none is missed. None where those are many.
    pub(crate) async fn page_of_tag(
        &self,
        database: &Readers,
        filter: &JobFilter,
    ) -> Result<Option<JobPage>, StoreError> {
        let Some(place) = self.readers.read(index::place).await? else { return Ok(None) };
        if place.walked < place.walk_to {
            return Ok(None);
        }
        let changed = database.read(move |db| indexer::changed(db, place, PENDING + 1)).await?;
        if changed.len() > PENDING {
            return Ok(None);
        }
        let question = marks::of(filter);
        let question = question.trim_start_matches(" AND ").to_owned();
        self.gather(database, filter.clone(), question, changed).await.map(Some)
    }

    /// Looks at what the index finds, and at these others, until a page is full.
    async fn gather(
        &self,
        database: &Readers,
        filter: JobFilter,
        question: String,
        others: Vec<i64>,
    ) -> Result<JobPage, StoreError> {
        let limit = jobs::length(&filter);
        let after = filter.after;
        let mut before = database.read(move |db| jobs::before(db, after)).await?;
        let mut page = JobPage::default();
        let mut looked_at = 0;
        loop {
            let wanted = limit + 1 - page.items.len();
            let (question, filter) = (question.clone(), filter.clone());
            let mut found = self.readers.read(move |db| index::find(db, &question, before, wanted)).await?;
            let ended = found.len() < wanted;
            // The others stand where they belong; beyond what was found, the index may know more.
            let least = if ended { 0 } else { found.last().copied().unwrap_or(0) };
            found.extend(others.iter().filter(|job| (least..before).contains(*job)));
            found.sort_unstable_by(|one, other| other.cmp(one));
            found.dedup();
            looked_at += found.len();
            let jobs = database.read(move |db| jobs::let_through(db, &filter, &found)).await?;
            page.items.extend(jobs);
            if page.items.len() > limit {
                page.items.truncate(limit);
                page.next = page.items.last().map(|job| job.id);
                return Ok(page);
            }
            if ended {
                return Ok(page);
            }
            if looked_at >= LOOKED_AT {
                page.next = database.read(move |db| jobs::id_at(db, least)).await?;
                return Ok(page);
            }
            before = least;
        }
    }

    /// How many changes the index has yet to take in.
    async fn behind(&self, database: &Readers) -> Result<u64, StoreError> {
        let place = self.readers.read(index::place).await?.unwrap_or_default();
        let (_, newest) = database.read(indexer::ends).await?;
        let behind = (newest - place.change).max(0) + (place.walk_to - place.walked).max(0);
        Ok(u64::try_from(behind).unwrap_or(0))
    }

    /// Ends the thread; what it has not taken in it finds at the next start.
    pub(crate) fn stop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the thread of the search index ended by a fault");
        }
    }
}

/// The index's file in a data folder.
pub(crate) fn file(folder: &Path, beside: Option<HostId>) -> PathBuf {
    // An index has one that feeds it.
    folder.join(beside.map_or_else(|| "anvil-search.db".to_owned(), |host| format!("anvil-search-{host}.db")))
}
