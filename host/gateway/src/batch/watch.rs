//! A batch that was sent is looked after until all its calls have come to their ends.

use crate::batch::release::{self, Undone};
use crate::batch::results::{self, ReadResults};
use crate::batch::search::{Found, search};
use crate::batch::send::{Told, ask};
use crate::batch::wire::ToldBatch;
use crate::door::GatewayDoor;
use anvil_store::{OpenBatch, StoreError};
use anvil_types::{BatchState, Timestamp};
use std::collections::HashSet;
use std::time::Duration;

/// After how long a batch expires, as the API has it. By our own clock: what it says itself is for people.
const LIFE: Duration = Duration::from_hours(24);
/// How much later it counts as gone that does not end.
const GRACE: Duration = Duration::from_hours(1);
/// How often results are read whole that lack lines, before what they lack is given up.
const READINGS: u32 = 3;
/// How long a batch that may not have been made is looked for before it counts as not made: lists may be behind.
const LIST_IS_SURE: Duration = Duration::from_mins(2);

/// What is known of a batch beside what is kept of it.
#[derive(Debug, Default)]
pub(crate) struct Watched {
    /// When it is looked at next.
    pub next: Timestamp,
    /// How often its results were asked for, and how often they were read whole.
    tries: u32,
    readings: u32,
}

/// Looks at a batch, where it is time to. Answers when to look again.
pub(crate) async fn look(
    door: &GatewayDoor,
    batch: &OpenBatch,
    watched: &mut Watched,
    others: &mut HashSet<(u64, String)>,
    pause: Duration,
) -> Result<Timestamp, StoreError> {
    let now = door.clock.now();
    if now < watched.next {
        return Ok(watched.next);
    }
    let more = match &batch.upstream_id {
        Some(id) => standing(door, batch, id, watched).await?,
        None => sought(door, batch, others).await?,
    };
    // The clock may have been driven meanwhile.
    watched.next = door.clock.now() + more.unwrap_or_default().max(pause);
    Ok(watched.next)
}

fn is_past(batch: &OpenBatch, now: Timestamp) -> bool {
    now > batch.made_at + LIFE + GRACE
}

// How a batch stands that the upstream has. Answers how long it asks to wait.
async fn standing(
    door: &GatewayDoor,
    batch: &OpenBatch,
    id: &str,
    watched: &mut Watched,
) -> Result<Option<Duration>, StoreError> {
    // Asked before the time is read: one that ends in time is not given up.
    let (told, after) = ask(door, &format!("/{id}"), &[]).await;
    let told = match told {
        Told::Text(text) => serde_json::from_str::<ToldBatch>(&text).ok(),
        Told::Nothing => None,
    };
    if told.is_some_and(|told| told.has_ended()) {
        watched.tries += 1;
        if results::read(door, batch, id).await? == ReadResults::Whole {
            watched.readings += 1;
        }
        let why = if watched.readings >= READINGS {
            Some("its batch has ended without a result of it")
        } else {
            let given_up = watched.tries >= READINGS && is_past(batch, door.clock.now());
            given_up.then_some("its batch has ended, and its results could not be read for a day")
        };
        if let Some(why) = why {
            release::all(door, batch.number, Undone::Unknown(why)).await?;
        }
        return Ok(after);
    }
    if is_past(batch, door.clock.now()) {
        release::all(door, batch.number, Undone::Unknown("its batch did not end in a day")).await?;
    }
    Ok(after)
}

async fn sought(
    door: &GatewayDoor,
    batch: &OpenBatch,
    others: &mut HashSet<(u64, String)>,
) -> Result<Option<Duration>, StoreError> {
    let found = search(door, batch, others).await?;
    let now = door.clock.now();
    match found {
        Found::It(told) => {
            tracing::info!(batch = batch.number, id = %told.id, "a batch whose creation was not answered is there");
            door.store.batch_sent(batch.number, &told.id, told.expires(batch.made_at)).await?;
            door.batch_news.notify_one();
        }
        Found::None if batch.state == BatchState::Doubtful && now > batch.made_at + LIST_IS_SURE => {
            door.store.batch_back(batch.number).await?;
        }
        Found::None | Found::Perhaps if is_past(batch, now) => {
            let why = "nobody knows whether its batch was made, and it would be over";
            release::all(door, batch.number, Undone::Unknown(why)).await?;
        }
        Found::None | Found::Perhaps => {}
    }
    Ok(None)
}
