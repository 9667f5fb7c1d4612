//! The task that makes batches, sends them, and looks after those that were sent.

use crate::batch::release::{self, Undone};
use crate::batch::send::{SentBatch, send};
use crate::batch::watch::{Watched, look};
use crate::door::GatewayDoor;
use crate::upstream::class::Class;
use crate::upstream::failed::Failed;
use anvil_budget::{BatchRule, DayShape};
use anvil_store::{OpenBatch, StoreError};
use anvil_types::{BatchState, Clock, End, Timestamp};
use std::collections::{HashMap, HashSet};
use std::sync::atomic::Ordering;
use std::sync::{Arc, Weak};
use std::time::Duration;
use tokio::sync::Notify;

/// How long it does nothing where nothing tells it to: another host may have gathered calls.
const IDLE: Duration = Duration::from_mins(1);
/// The first pause after a batch was not taken, doubled at each further one, up to [`LONGEST_PAUSE`].
const FIRST_PAUSE: Duration = Duration::from_secs(10);
const LONGEST_PAUSE: Duration = Duration::from_mins(15);
/// How long it stays away from a store that fails.
const STORE_PAUSE: Duration = Duration::from_secs(10);
/// How often it learns anew at which hours calls come, and by how many batches at most.
const LEARN: Duration = Duration::from_hours(1);
const LEARNT_BY: u32 = 2_000;
/// How many calls are taken back at once whose price has changed.
const PRICE_PAGE: u32 = 500;

/// What it knows beside what is kept.
#[derive(Debug, Default)]
struct Batcher {
    watched: HashMap<u64, Watched>,
    /// Batches of the upstream's that are not the one that is looked for.
    others: HashSet<(u64, String)>,
    /// No batch is sent before then.
    not_before: Timestamp,
    refusals: u32,
    /// When it looks next for what waits although its job has ended.
    withdraws: Timestamp,
    /// At which hours calls come, once that is known, and when it learns that anew.
    shape: Option<DayShape>,
    learns: Timestamp,
}

/// Runs it, for as long as there is a gateway.
pub(crate) async fn run(door: Weak<GatewayDoor>, news: Arc<Notify>, clock: Arc<dyn Clock>) -> End {
    let mut batcher = Batcher::default();
    loop {
        let next = {
            let Some(door) = door.upgrade() else { return End::Asked };
            if door.closing.load(Ordering::Relaxed) {
                return End::Asked;
            }
            match batcher.look(&door).await {
                Ok(next) => next,
                Err(StoreError::Closed) => return End::Asked,
                Err(error) => {
                    tracing::error!(%error, "batches could not be looked after; they are looked at again");
                    clock.now() + STORE_PAUSE
                }
            }
        };
        tokio::select! {
            () = news.notified() => {}
            () = clock.sleep_until(next) => {}
        }
    }
}

impl Batcher {
    /// Does what there is to do; answers when there is more.
    async fn look(&mut self, door: &GatewayDoor) -> Result<Timestamp, StoreError> {
        let mut next = door.clock.now() + IDLE;
        if let Some(rule) = door.config.batches {
            next = next.min(self.send_all(door, rule).await?);
        } else {
            give_up_what_waits(door).await?;
        }
        let pause = door.config.batches.map_or(IDLE, |rule| rule.look);
        let open = door.store.open_batches().await?;
        self.watched.retain(|number, _| open.iter().any(|batch| batch.number == *number));
        self.others.retain(|(number, _)| open.iter().any(|batch| batch.number == *number));
        for batch in &open {
            if door.closing.load(Ordering::Relaxed) {
                break;
            }
            if batch.state == BatchState::Sending {
                // Who sent it is gone, or was too slow to be waited for.
                door.store.batch_unsure(batch.number, BatchState::Lost).await?;
            }
            let watched = self.watched.entry(batch.number).or_default();
            next = next.min(look(door, batch, watched, &mut self.others, pause).await?);
        }
        Ok(next)
    }

    // Makes and sends what is due; answers when the next may be.
    async fn send_all(&mut self, door: &GatewayDoor, rule: BatchRule) -> Result<Timestamp, StoreError> {
        let idle = door.clock.now() + IDLE;
        loop {
            let gathered = door.store.gathered().await?;
            let now = door.clock.now();
            if gathered.oldest.is_some() {
                self.learn(door, now).await?;
            }
            let rule = rule.shaped(self.shape.as_ref(), &gathered, now);
            let Some(due) = rule.due(&gathered) else { return Ok(idle) };
            let due = due.max(self.not_before);
            if due > now {
                self.withdraw(door, now).await?;
                return Ok(due.min(idle));
            }
            take_back_changed_prices(door).await?;
            let may_go = !door.closing.load(Ordering::Relaxed) && !door.store_failed.load(Ordering::Relaxed);
            let made = if may_go { door.store.make_batch(rule).await? } else { None };
            // Braked, or another host's to send.
            let Some(batch) = made else { return Ok(idle) };
            self.send(door, &batch).await?;
        }
    }

    async fn learn(&mut self, door: &GatewayDoor, now: Timestamp) -> Result<(), StoreError> {
        if now >= self.learns {
            self.learns = now + LEARN;
            let batches = door.store.batches(LEARNT_BY).await?;
            self.shape = DayShape::of(batches.iter().map(|batch| (batch.made_at, batch.calls)), now);
        }
        Ok(())
    }

    // What jobs that have ended held is free again within a minute.
    async fn withdraw(&mut self, door: &GatewayDoor, now: Timestamp) -> Result<(), StoreError> {
        if now >= self.withdraws {
            self.withdraws = now + IDLE;
            if door.store.withdraw_gathered().await? > 0 {
                door.admission.room();
            }
        }
        Ok(())
    }

    async fn send(&mut self, door: &GatewayDoor, batch: &OpenBatch) -> Result<(), StoreError> {
        let number = batch.number;
        match send(door, number).await {
            SentBatch::Created(told) => {
                tracing::info!(batch = number, id = %told.id, calls = batch.calls, "a batch was sent");
                self.refusals = 0;
                door.store.batch_sent(number, &told.id, told.expires(batch.made_at)).await.map(drop)
            }
            SentBatch::Lost(why) => {
                tracing::warn!(
                    batch = number,
                    why,
                    "a batch was sent, and its creation was not answered; it is looked for"
                );
                self.pause(door, None);
                door.store.batch_unsure(number, BatchState::Lost).await
            }
            SentBatch::Doubtful(why) => {
                tracing::warn!(
                    batch = number,
                    why,
                    "a batch was refused by an error of the upstream's; it is looked for"
                );
                self.pause(door, None);
                door.store.batch_unsure(number, BatchState::Doubtful).await
            }
            SentBatch::Refused(failed) => self.refused(door, batch, &failed).await,
        }
    }

    async fn refused(
        &mut self,
        door: &GatewayDoor,
        batch: &OpenBatch,
        failed: &Failed,
    ) -> Result<(), StoreError> {
        let why = &failed.error.message;
        tracing::warn!(batch = batch.number, why, "a batch was refused");
        match failed.class() {
            // No batches are taken there, or not this one: its calls are judged one by one.
            Class::Request | Class::Model => {
                release::all(door, batch.number, Undone::GoesAlone("no batch was taken")).await
            }
            Class::Upstream if failed.heard.status.is_some() => {
                release::all(door, batch.number, Undone::GoesAlone("no batch was taken")).await
            }
            Class::Upstream | Class::Pace => {
                self.pause(door, failed.after);
                door.store.batch_back(batch.number).await
            }
            Class::Account(account) => {
                self.pause(door, None);
                door.engage_for_account(account, why, door.clock.now()).await;
                door.store.batch_back(batch.number).await
            }
        }
    }

    fn pause(&mut self, door: &GatewayDoor, asked: Option<Duration>) {
        let pause = FIRST_PAUSE.saturating_mul(1 << self.refusals.min(8)).min(LONGEST_PAUSE);
        self.refusals = self.refusals.saturating_add(1);
        self.not_before = door.clock.now() + asked.unwrap_or_default().max(pause);
    }
}

// What is held by prices that are not in force any more is asked for anew.
async fn take_back_changed_prices(door: &GatewayDoor) -> Result<(), StoreError> {
    let (prices, now) = (door.prices(), door.clock.now());
    for held_by in door.store.gathered_prices().await? {
        let row = prices.by_id(&held_by);
        let in_force = row.and_then(|row| prices.row(&row.model, row.speed.as_deref(), now).ok());
        if in_force.is_some_and(|in_force| in_force.id == held_by) {
            continue;
        }
        take_back(door, &held_by, Undone::AskedAnew("price changed")).await?;
    }
    Ok(())
}

// Batches were switched off: what waits for one goes out by itself.
async fn give_up_what_waits(door: &GatewayDoor) -> Result<(), StoreError> {
    for held_by in door.store.gathered_prices().await? {
        take_back(door, &held_by, Undone::GoesAlone("batches are switched off")).await?;
    }
    Ok(())
}

async fn take_back(door: &GatewayDoor, price_row: &str, to: Undone) -> Result<(), StoreError> {
    loop {
        let calls = door.store.gathered_by(price_row, PRICE_PAGE).await?;
        if calls.is_empty() {
            return Ok(());
        }
        release::these(door, calls, to).await?;
    }
}
