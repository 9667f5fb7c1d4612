//! A batch's results are read as a stream, line by line, however many there are.
//!
//! A line that has an answer ends its call at once, so that it counts whatever comes behind it. One that says that there is
//! none ends its call when no other line can have it: when all were read, or were read in vain often enough.

use crate::batch::item::{self, NoAnswer, Taken};
use crate::batch::lines::Lines;
use crate::batch::release::AT_ONCE;
use crate::batch::send::LONGEST;
use crate::batch::vain::Vain;
use crate::door::GatewayDoor;
use anvil_store::{OpenBatch, StoreError};
use anvil_types::CallId;
use bytes::Bytes;
use futures_util::stream;
use futures_util::{FutureExt as _, StreamExt as _};
use reqwest::Method;
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use tokio::time::{Instant, timeout, timeout_at};

/// About so many bytes of lines are under way at once, beside one line of any length.
const MOST_BYTES: usize = 1024 * 1024;
/// So many lines may come beside two for each call: empty ones, and such as are of no call here.
const SPARE_LINES: u64 = 1_000;
/// So many calls that fail are kept until all lines were read; what is more ends at once.
const MOST_FAILED: usize = 10_000;

/// How reading came to its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ReadResults {
    /// They came to their end; not all of them need be such that they could be read.
    Whole,
    /// They broke off, did not come, or are no results.
    Broken(Vain),
}

/// Reads them, and ends each call by its line. What has no end, or more lines than there are calls to tell of, is given
/// up. `last_try`: what is told to have no answer is believed, even where not all lines come.
pub(crate) async fn read(
    door: &GatewayDoor,
    batch: &OpenBatch,
    id: &str,
    last_try: bool,
) -> Result<ReadResults, StoreError> {
    let mut reading = Reading::of(batch);
    let read = timeout(LONGEST, reading.all(door, id)).await;
    let read = read.unwrap_or_else(|_| Ok(ReadResults::Broken(Vain::of("its results do not end"))))?;
    if last_try || read == ReadResults::Whole {
        reading.end_without_answer(door).await?;
    }
    Ok(read)
}

/// How far it has come.
struct Reading {
    batch: u64,
    /// How many more lines may come.
    left: u64,
    /// How many lines could be read, and how many not.
    good: u64,
    bad: u64,
    /// Calls that were told to have no answer.
    none: HashMap<CallId, NoAnswer>,
    failed: usize,
}

impl Reading {
    fn of(batch: &OpenBatch) -> Self {
        let left = batch.calls.saturating_mul(2).saturating_add(SPARE_LINES);
        Self { batch: batch.number, left, good: 0, bad: 0, none: HashMap::new(), failed: 0 }
    }

    async fn all(&mut self, door: &GatewayDoor, id: &str) -> Result<ReadResults, StoreError> {
        let patience = door.config.patience;
        let request = door.sender.to_batches(Method::GET, &format!("/{id}/results"), &[]);
        let response = match timeout(patience.first_byte, request.send()).await {
            Err(_) => return Ok(ReadResults::Broken(Vain::of("no answer came in time"))),
            Ok(Err(error)) => return Ok(ReadResults::Broken(Vain::broken(&error))),
            Ok(Ok(response)) => response,
        };
        if response.status() != reqwest::StatusCode::OK {
            return Ok(ReadResults::Broken(Vain::refused(door, response).await));
        }
        let (mut chunks, mut lines) = (response.bytes_stream(), Lines::default());
        let (mut some, mut bytes) = (Vec::with_capacity(AT_ONCE), 0);
        // Bytes without an end of a line are no progress, and no more are empty lines.
        let mut late = Instant::now() + patience.idle;
        loop {
            let next = match chunks.next().now_or_never() {
                Some(next) => Ok(next),
                None => {
                    // Nothing more is there: what has come is not kept waiting.
                    self.take(door, std::mem::take(&mut some)).await?;
                    bytes = 0;
                    timeout_at(late, chunks.next()).await
                }
            };
            let ended = match next {
                Ok(Some(Ok(chunk))) => {
                    lines.push(&chunk);
                    None
                }
                Ok(None) => Some(ReadResults::Whole),
                Ok(Some(Err(error))) => Some(ReadResults::Broken(Vain::broken(&error))),
                Err(_) => Some(ReadResults::Broken(Vain::of("no line of its results came in time"))),
            };
            while let Some(line) = lines.next() {
                let Some(less) = self.left.checked_sub(1) else {
                    self.take(door, some).await?;
                    return Ok(ReadResults::Broken(Vain::of("its results have lines without end")));
                };
                self.left = less;
                if line.is_empty() {
                    continue;
                }
                late = Instant::now() + patience.idle;
                bytes += line.len();
                some.push(line);
                if some.len() >= AT_ONCE || bytes >= MOST_BYTES {
                    self.take(door, std::mem::take(&mut some)).await?;
                    bytes = 0;
                }
            }
            let Some(ended) = ended else {
                if late <= Instant::now() {
                    self.take(door, some).await?;
                    return Ok(ReadResults::Broken(Vain::of("no line of its results came in time")));
                }
                continue;
            };
            // A last line may have no end; one that was cut cannot be read.
            some.extend(lines.last());
            self.take(door, some).await?;
            let is_of_results = self.good > 0 || self.bad == 0;
            return Ok(match ended {
                ReadResults::Whole if !is_of_results => {
                    ReadResults::Broken(Vain::of("what came in their place is no list of results"))
                }
                ended => ended,
            });
        }
    }

    async fn take(&mut self, door: &GatewayDoor, lines: Vec<Bytes>) -> Result<(), StoreError> {
        let batch = self.batch;
        let lines = lines.into_iter().filter(|line| !line.trim_ascii().is_empty());
        let taken = stream::iter(lines).map(|line| async move { item::take(door, batch, &line).await });
        let mut taken = taken.buffer_unordered(AT_ONCE);
        while let Some(taken) = taken.next().await {
            match taken? {
                Taken::Ended => self.good += 1,
                Taken::NoAnswer(call, none) => {
                    self.good += 1;
                    self.keep(door, call, none).await?;
                }
                Taken::Unreadable => {
                    self.bad += 1;
                    tracing::warn!(batch, "a line of a batch's results cannot be read");
                }
            }
        }
        Ok(())
    }

    async fn keep(&mut self, door: &GatewayDoor, call: CallId, none: NoAnswer) -> Result<(), StoreError> {
        if !matches!(none, NoAnswer::Alone(_)) {
            if self.failed >= MOST_FAILED {
                return none.end(door, call).await;
            }
            self.failed += 1;
        }
        match self.none.entry(call) {
            Entry::Vacant(place) => drop(place.insert(none)),
            Entry::Occupied(mut place) if place.get().rank() < none.rank() => drop(place.insert(none)),
            Entry::Occupied(_) => {}
        }
        Ok(())
    }

    async fn end_without_answer(self, door: &GatewayDoor) -> Result<(), StoreError> {
        let ends = stream::iter(self.none).map(|(call, none)| none.end(door, call));
        ends.buffer_unordered(AT_ONCE).fold(Ok(()), async |all, one| all.and(one)).await
    }
}

/// The first lines of a batch's results; none where they do not come in the time that a call has.
pub(crate) async fn first(door: &GatewayDoor, id: &str, most: usize) -> Option<Vec<Bytes>> {
    timeout(door.config.patience.call, first_of(door, id, most)).await.ok().flatten()
}

async fn first_of(door: &GatewayDoor, id: &str, most: usize) -> Option<Vec<Bytes>> {
    let opened = door.sender.to_batches(Method::GET, &format!("/{id}/results"), &[]).send().await;
    let response = opened.ok().filter(|response| response.status().is_success())?;
    let (mut chunks, mut lines, mut first) = (response.bytes_stream(), Lines::default(), Vec::new());
    while first.len() < most {
        let Ok(Some(Ok(chunk))) = timeout(door.config.patience.idle, chunks.next()).await else {
            first.extend(lines.last());
            break;
        };
        lines.push(&chunk);
        while let Some(line) = lines.next() {
            first.push(line);
        }
    }
    first.truncate(most);
    Some(first)
}
