//! A batch that was sent is looked after until all its calls have come to their ends.

use crate::batch::release::{self, Undone};
use crate::batch::results::{self, ReadResults};
use crate::batch::search::{Found, Others, search};
use crate::batch::send::{LONGEST, ask};
use crate::batch::vain::Vain;
use crate::batch::wire::ToldBatch;
use crate::door::GatewayDoor;
use anvil_store::{OpenBatch, StoreError};
use anvil_types::{BatchState, Timestamp};
use std::time::Duration;
use tokio::time::timeout;

/// After how long a batch expires, as the API has it. By our own clock: what it says itself is for people.
const LIFE: Duration = Duration::from_hours(24);
/// How much later it counts as gone that does not end.
const GRACE: Duration = Duration::from_hours(1);
/// How often results are read whole that lack lines, before what they lack is given up; and how often they are asked for
/// in vain, before that is told.
pub(crate) const READINGS: u32 = 3;
/// How long a batch that may not have been made is looked for before it counts as not made: lists may be behind.
const LIST_IS_SURE: Duration = Duration::from_mins(2);

/// What looks at a batch have come to, beside what is kept of it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tally {
    /// How often its results were asked for, and how often they were read whole.
    tries: u32,
    readings: u32,
    /// How often in a row it was looked at in vain.
    pub vain: u32,
    pub trouble: Option<Trouble>,
}

/// Why a batch is looked at in vain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Trouble {
    pub why: String,
    pub since: Timestamp,
    /// The account was refused.
    of_account: bool,
}

impl Tally {
    // What the account was refused for is over where it is answered.
    async fn well(&mut self, door: &GatewayDoor) {
        self.vain = 0;
        if self.trouble.take().is_some_and(|trouble| trouble.of_account) {
            door.breaker.account_taken();
            door.account_answers().await;
        }
    }

    // What is refused to the account is refused to all.
    async fn in_vain(&mut self, door: &GatewayDoor, what: &str, vain: Vain) -> Option<Duration> {
        let now = door.clock.now();
        let since = self.trouble.as_ref().map_or(now, |trouble| trouble.since);
        let of_account = vain.account.is_some();
        if let Some(account) = vain.account {
            door.breaker.account_refused(&vain.why);
            door.engage_for_account(account, &vain.why, now).await;
        }
        self.vain = self.vain.saturating_add(1);
        self.trouble = Some(Trouble { why: format!("{what}: {}", vain.why), since, of_account });
        vain.after
    }
}

/// What a look has come to.
#[derive(Debug)]
pub(crate) struct Look {
    pub tally: Tally,
    /// How long it asks to wait.
    pub after: Option<Duration>,
    /// It is not there: its calls can wait again.
    pub is_not_there: bool,
}

/// Looks at a batch.
pub(crate) async fn look(
    door: &GatewayDoor,
    batch: &OpenBatch,
    mut tally: Tally,
    others: &Others,
) -> Result<Look, StoreError> {
    let (after, is_not_there) = match &batch.upstream_id {
        Some(id) => (standing(door, batch, id, &mut tally).await?, false),
        None => (None, sought(door, batch, others).await?),
    };
    Ok(Look { tally, after, is_not_there })
}

/// Whether it would be over.
pub(crate) fn is_past(batch: &OpenBatch, now: Timestamp) -> bool {
    now > batch.made_at + LIFE + GRACE
}

// How a batch stands that the upstream has. Answers how long it asks to wait.
async fn standing(
    door: &GatewayDoor,
    batch: &OpenBatch,
    id: &str,
    tally: &mut Tally,
) -> Result<Option<Duration>, StoreError> {
    // Asked before the time is read: one that ends in time is not given up.
    let told = ask(door, &format!("/{id}"), &[]).await.and_then(|asked| {
        let told = serde_json::from_str::<ToldBatch>(&asked.text);
        told.map(|told| (told, asked.after)).map_err(|_| Vain::of("what came in its place is no batch"))
    });
    let after = match told {
        Err(vain) => tally.in_vain(door, "its state cannot be read", vain).await,
        Ok((told, after)) if told.has_ended() => {
            tally.tries += 1;
            let mut after = after;
            match results::read(door, batch, id, tally.tries >= READINGS).await? {
                ReadResults::Whole => {
                    tally.readings += 1;
                    tally.well(door).await;
                }
                ReadResults::Broken(vain) => {
                    let asked = tally.in_vain(door, "its results cannot be read", vain).await;
                    after = after.max(asked);
                }
            }
            let why = if tally.readings >= READINGS {
                Some("its batch has ended without a result of it")
            } else {
                let given_up = tally.tries >= READINGS && is_past(batch, door.clock.now());
                given_up.then_some("its batch has ended, and its results could not be read for a day")
            };
            if let Some(why) = why {
                release::all(door, batch.number, Undone::Unknown(why)).await?;
            }
            return Ok(after);
        }
        Ok((_, after)) => {
            tally.well(door).await;
            after
        }
    };
    if is_past(batch, door.clock.now()) {
        give_up(door, batch.number).await?;
    }
    Ok(after)
}

/// Ends all that is left of a batch that is past.
pub(crate) async fn give_up(door: &GatewayDoor, batch: u64) -> Result<(), StoreError> {
    release::all(door, batch, Undone::Unknown("its batch did not end in a day")).await
}

// Answers whether it is certain that it is not there.
async fn sought(door: &GatewayDoor, batch: &OpenBatch, others: &Others) -> Result<bool, StoreError> {
    let found = timeout(LONGEST, search(door, batch, others)).await.unwrap_or(Ok(Found::Perhaps))?;
    let now = door.clock.now();
    match found {
        Found::It(told) => {
            tracing::info!(batch = batch.number, id = %told.id, "a batch whose creation was not answered is there");
            door.store.batch_sent(batch.number, &told.id, told.expires(batch.made_at)).await?;
        }
        Found::None if batch.state == BatchState::Doubtful && now > batch.made_at + LIST_IS_SURE => {
            return Ok(true);
        }
        Found::None | Found::Perhaps if is_past(batch, now) => {
            let why = "nobody knows whether its batch was made, and it would be over";
            release::all(door, batch.number, Undone::Unknown(why)).await?;
        }
        Found::None | Found::Perhaps => {}
    }
    Ok(false)
}
