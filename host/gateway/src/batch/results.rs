//! A batch's results are read as a stream, line by line, however many there are.

use crate::batch::item;
use crate::batch::lines::Lines;
use crate::batch::release::AT_ONCE;
use crate::batch::send::LONGEST;
use crate::door::GatewayDoor;
use anvil_store::{OpenBatch, StoreError};
use bytes::Bytes;
use futures_util::StreamExt as _;
use futures_util::stream;
use reqwest::Method;

/// About so many bytes of lines are under way at once, beside one line of any length.
const MOST_BYTES: usize = 1024 * 1024;
/// So many lines may come beside two for each call: empty ones, and such as are of no call here.
const SPARE_LINES: u64 = 1_000;

/// How reading came to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ReadResults {
    /// They came to their end; not all of them need be such that they could be read.
    Whole,
    /// They broke off, or did not come.
    Broken,
}

/// Reads them, and ends each call by its line. What has no end, or more lines than there are calls to tell of, is given up.
pub(crate) async fn read(door: &GatewayDoor, batch: &OpenBatch, id: &str) -> Result<ReadResults, StoreError> {
    tokio::time::timeout(LONGEST, read_all(door, batch, id)).await.unwrap_or(Ok(ReadResults::Broken))
}

async fn read_all(door: &GatewayDoor, batch: &OpenBatch, id: &str) -> Result<ReadResults, StoreError> {
    let request = door.sender.to_batches(Method::GET, &format!("/{id}/results"), &[]);
    let opened = tokio::time::timeout(door.config.patience.call, request.send()).await;
    let Ok(Ok(response)) = opened else { return Ok(ReadResults::Broken) };
    if !response.status().is_success() {
        return Ok(ReadResults::Broken);
    }
    let (mut chunks, mut lines) = (response.bytes_stream(), Lines::default());
    let (mut some, mut bytes) = (Vec::with_capacity(AT_ONCE), 0);
    let mut left = batch.calls.saturating_mul(2).saturating_add(SPARE_LINES);
    loop {
        let ended = match tokio::time::timeout(door.config.patience.idle, chunks.next()).await {
            Ok(Some(Ok(chunk))) => {
                lines.push(&chunk);
                None
            }
            Ok(None) => Some(ReadResults::Whole),
            Ok(Some(Err(_))) | Err(_) => Some(ReadResults::Broken),
        };
        while let Some(line) = lines.next() {
            let Some(less) = left.checked_sub(1) else { return Ok(ReadResults::Broken) };
            left = less;
            bytes += line.len();
            some.push(line);
            if some.len() >= AT_ONCE || bytes >= MOST_BYTES {
                take(door, batch.number, std::mem::take(&mut some)).await?;
                bytes = 0;
            }
        }
        let Some(ended) = ended else { continue };
        // A last line may have no end; one that was cut cannot be read.
        some.extend(lines.last());
        take(door, batch.number, some).await?;
        return Ok(ended);
    }
}

/// The first lines of a batch's results; none where they do not come in the time that a call has.
pub(crate) async fn first(door: &GatewayDoor, id: &str, most: usize) -> Option<Vec<Bytes>> {
    tokio::time::timeout(door.config.patience.call, first_of(door, id, most)).await.ok().flatten()
}

async fn first_of(door: &GatewayDoor, id: &str, most: usize) -> Option<Vec<Bytes>> {
    let opened = door.sender.to_batches(Method::GET, &format!("/{id}/results"), &[]).send().await;
    let response = opened.ok().filter(|response| response.status().is_success())?;
    let (mut chunks, mut lines, mut first) = (response.bytes_stream(), Lines::default(), Vec::new());
    while first.len() < most {
        let Ok(Some(Ok(chunk))) = tokio::time::timeout(door.config.patience.idle, chunks.next()).await else {
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

async fn take(door: &GatewayDoor, batch: u64, lines: Vec<Bytes>) -> Result<(), StoreError> {
    let lines = lines.into_iter().filter(|line| !line.is_empty());
    let taken = stream::iter(lines).map(|line| async move { item::take(door, batch, &line).await });
    let mut taken = taken.buffer_unordered(AT_ONCE);
    while let Some(taken) = taken.next().await {
        if !taken? {
            tracing::warn!(batch, "a line of a batch's results cannot be read");
        }
    }
    Ok(())
}
