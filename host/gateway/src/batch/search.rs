//! A batch that was sent, and of which nobody knows whether the upstream has it, is looked for.
//!
//! What calls a batch was made of is told by its results alone. So every batch that was made since, and that nobody here
//! knows, may be it until it has ended; then its first lines say whether it is.

use crate::batch::results;
use crate::batch::send::ask;
use crate::batch::wire::{ToldBatch, ToldBatches, ToldLine, line_text};
use crate::door::GatewayDoor;
use anvil_store::{OpenBatch, StoreError};
use anvil_types::{CallId, Timestamp};
use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// By how much the upstream's clock may be behind ours beyond what it says of itself.
const SKEW: Duration = Duration::from_hours(26);
/// How many are asked for at once, and how many pages are looked at.
const PAGE: &str = "100";
const PAGES: usize = 50;
/// Of how many the first lines are read at one look. Those that are left have their turn at the next: a list can be long, and one
/// that lies is without end.
const READ_AT_ONCE: usize = 20;
/// How many lines say whose batch it is: one of them may be odd.
const LINES: usize = 3;

/// What a search has come to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Found {
    /// It is this one.
    It(Box<ToldBatch>),
    /// It may be one that has not ended, or the list could not be read.
    Perhaps,
    /// It is none of those that there are.
    None,
}

/// Batches of the upstream's that are not those that are looked for, by these.
#[derive(Clone, Debug, Default)]
pub(crate) struct Others(Arc<Mutex<HashSet<(u64, String)>>>);

impl Others {
    fn locked(&self) -> MutexGuard<'_, HashSet<(u64, String)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Forgets those of batches that are not looked for any more.
    pub(crate) fn retain(&self, mut is_open: impl FnMut(u64) -> bool) {
        self.locked().retain(|(number, _)| is_open(*number));
    }
}

/// Looks for a batch. What it is not is noted in `others`.
pub(crate) async fn search(
    door: &GatewayDoor,
    batch: &OpenBatch,
    others: &Others,
) -> Result<Found, StoreError> {
    let (mut after, mut found, mut read) = (String::new(), Found::None, 0);
    for _ in 0..PAGES {
        let mut query = vec![("limit", PAGE)];
        if !after.is_empty() {
            query.push(("after_id", after.as_str()));
        }
        let Ok(asked) = ask(door, "", &query).await else { return Ok(Found::Perhaps) };
        let Ok(page) = serde_json::from_str::<ToldBatches>(&asked.text) else { return Ok(Found::Perhaps) };
        let oldest = oldest(batch.made_at, door.clock.now(), asked.said_at);
        let since = |told: &&ToldBatch| told.created_at.is_none_or(|at| at >= oldest);
        for told in page.data.iter().filter(since).filter(|told| told.is_named()) {
            let key = (batch.number, told.id.clone());
            if others.locked().contains(&key) || door.store.batch_known(&told.id).await? {
                continue;
            }
            if !told.has_ended() {
                found = Found::Perhaps;
                continue;
            }
            if read == READ_AT_ONCE {
                return Ok(Found::Perhaps);
            }
            read += 1;
            match results::first(door, &told.id, LINES).await {
                None => found = Found::Perhaps,
                Some(lines) if is_it(door, batch.number, &lines).await? => {
                    return Ok(Found::It(Box::new(told.clone())));
                }
                Some(_) => {
                    others.locked().insert(key);
                }
            }
        }
        let goes_on = page.has_more && page.data.last().is_some_and(|last| since(&last));
        match page.data.last().filter(|_| goes_on) {
            Some(last) => after.clone_from(&last.id),
            None => return Ok(found),
        }
    }
    // There are more than anybody looks at.
    Ok(Found::Perhaps)
}

/// From when on, by the upstream's clock, a batch may be the one that was made at `made_at` by ours. Of two clocks that differ
/// neither is believed: the earlier reading counts, so that the batch is among those that are looked at.
fn oldest(made_at: Timestamp, now: Timestamp, said_at: Option<Timestamp>) -> Timestamp {
    // Ours may have been set back since.
    let made_at = made_at.min(now);
    let by_theirs = said_at.map_or(made_at, |said_at| said_at - now.since(made_at));
    made_at.min(by_theirs) - SKEW
}

async fn is_it(door: &GatewayDoor, batch: u64, lines: &[bytes::Bytes]) -> Result<bool, StoreError> {
    for line in lines {
        let line = line_text(line);
        let Ok(line) = serde_json::from_str::<ToldLine<'_>>(&line) else { continue };
        let Ok(call) = line.custom_id.parse::<CallId>() else { continue };
        if door.store.batch_call(call).await?.is_some_and(|call| call.batch == Some(batch)) {
            return Ok(true);
        }
    }
    Ok(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_is_looked_for_by_whichever_clock_is_behind() {
        let hour = |hour: i64| Timestamp::from_secs(hour * 3_600);
        for (what, made, now, said, oldest_is) in [
            ("no clock is told", 100, 101, None, 74),
            ("they agree", 100, 101, Some(101), 74),
            ("ours is ahead", 130, 131, Some(101), 74),
            ("ours is behind", 70, 71, Some(101), 44),
            ("theirs is wild", 100, 101, Some(9_000_000), 74),
            ("theirs began", 100, 101, Some(0), -27),
            ("ours was set back since", 130, 101, Some(101), 75),
        ] {
            assert_eq!(oldest(hour(made), hour(now), said.map(hour)), hour(oldest_is), "{what}");
        }
    }
}
