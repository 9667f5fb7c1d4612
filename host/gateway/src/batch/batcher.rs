//! The task that makes batches, has them sent, and looks after those that were sent.
//!
//! What asks the upstream goes in a task of its own, so that no answer that drips keeps another batch waiting. How long a
//! batch is waited for is kept here, whatever its task does.

use crate::batch::creation::{Creation, Errand, create};
use crate::batch::notices::Notices;
use crate::batch::release::{self, Undone};
use crate::batch::search::Others;
use crate::batch::send::LONGEST;
use crate::batch::tasks::{Done, Tasks, Work};
use crate::batch::watch::{Look, READINGS, Tally, give_up, is_past, look};
use crate::door::GatewayDoor;
use anvil_budget::{BatchRule, DayShape};
use anvil_store::{BatchWish, OpenBatch, StoreError};
use anvil_types::{BatchNote, BatchPause, BatchState, BatchTrouble, CallId, Clock, End, Timestamp};
use std::collections::HashMap;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Weak};
use std::time::Duration;
use tokio::sync::Notify;

/// How long it does nothing where nothing tells it to: another host may have gathered calls.
const IDLE: Duration = Duration::from_mins(1);
/// The first pause after a batch was not taken, doubled at each further one, up to [`LONGEST_PAUSE`].
const FIRST_PAUSE: Duration = Duration::from_secs(10);
/// No pause after a batch was not taken, or was looked at in vain, is longer.
const LONGEST_PAUSE: Duration = Duration::from_mins(15);
/// How long it stays away from a store that fails.
const STORE_PAUSE: Duration = Duration::from_secs(10);
/// How often it learns anew at which hours calls come, and by how many batches at most.
const LEARN: Duration = Duration::from_hours(1);
const LEARNT_BY: u32 = 2_000;
/// How long a trial of the account is left to others whose turn it is.
const TRIAL: Duration = Duration::from_secs(20);
/// How many calls are taken back at once whose price has changed.
const PRICE_PAGE: u32 = 500;
/// How many calls of a batch are looked at at once.
const LEFT_PAGE: u32 = 1_000;
/// How many batches are looked at at once.
const LOOKS: usize = 8;
/// How many are sent at once; a further one only where the others take longer than this.
const CREATIONS: usize = 4;
const SLOW: Duration = Duration::from_secs(30);

/// What is known of a batch beside what is kept of it.
#[derive(Debug, Default)]
struct Watched {
    /// When it is looked at next.
    next: Timestamp,
    tally: Tally,
}

/// What it knows beside what is kept.
#[derive(Debug, Default)]
struct Batcher {
    tasks: Tasks,
    watched: HashMap<u64, Watched>,
    /// Batches of the upstream's that are not the one that is looked for.
    others: Others,
    /// No batch is sent before then.
    not_before: Timestamp,
    /// Why that is.
    why: String,
    refusals: u32,
    notices: Notices,
    /// Calls that were in a batch whose creation was answered by an error: how many of them go together.
    doubted: Arc<HashMap<CallId, u64>>,
    /// Since when the account could be tried, and nobody does.
    trial: Option<Timestamp>,
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
                batcher.tasks.finish_creations().await;
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
            () = batcher.tasks.wait() => {}
        }
    }
}

impl Batcher {
    /// Does what there is to do; answers when there is more.
    async fn look(&mut self, door: &Arc<GatewayDoor>) -> Result<Timestamp, StoreError> {
        let mut heeded = Ok(());
        for done in self.tasks.take() {
            heeded = heeded.and(self.heed(door, done).await);
        }
        heeded?;
        let mut next = door.clock.now() + IDLE;
        if let Some(rule) = door.config.batches {
            next = next.min(self.send_all(door, rule).await?);
        } else {
            give_up_what_waits(door).await?;
        }
        let mut open = door.store.open_batches().await?;
        let is_open = |number: u64| open.iter().any(|batch| batch.number == number);
        let over: Vec<u64> = self.watched.keys().copied().filter(|number| !is_open(*number)).collect();
        for number in over {
            self.watched.remove(&number);
            // An earlier life of the host may have told of it.
            self.notices.over(door, number).await?;
        }
        self.others.retain(is_open);
        let in_doubt = |batch: &OpenBatch| batch.upstream_id.is_none();
        if !self.doubted.is_empty() && !open.iter().any(in_doubt) && door.store.gathered().await?.calls == 0 {
            self.doubted = Arc::default();
        }
        // Whose turn it was first, so that those that take long keep nobody out.
        open.sort_by_key(|batch| self.watched.get(&batch.number).map(|watched| watched.next));
        for batch in open {
            if door.closing.load(Ordering::Relaxed) {
                break;
            }
            next = next.min(self.attend(door, batch).await?);
        }
        self.tell(door).await?;
        Ok(next)
    }

    // Notes for people what keeps batches back, and what is wrong with those that were sent.
    async fn tell(&mut self, door: &GatewayDoor) -> Result<(), StoreError> {
        let pauses = self.not_before > door.clock.now();
        let pause = pauses.then(|| BatchPause { why: self.why.clone(), until: Some(self.not_before) });
        let troubles = self.watched.iter().filter_map(|(number, watched)| {
            let trouble = watched.tally.trouble.as_ref().filter(|_| watched.tally.vain >= READINGS)?;
            Some((*number, BatchTrouble { why: trouble.why.clone(), since: trouble.since }))
        });
        let note = BatchNote { pause, troubles: troubles.collect() };
        self.notices.tell(door, note).await
    }

    // What a task has come to.
    async fn heed(&mut self, door: &GatewayDoor, done: Done) -> Result<(), StoreError> {
        let now = door.clock.now();
        match done {
            Done::Created(Ok(Creation::Taken)) => {
                (self.refusals, self.not_before) = (0, Timestamp::default());
            }
            Done::Created(Ok(Creation::OfNone)) => {}
            Done::Created(Ok(Creation::Pause { asked, why })) => self.pause(now, asked, why),
            Done::Created(Err(error)) => {
                self.not_before = self.not_before.max(now + STORE_PAUSE);
                return Err(error);
            }
            Done::Looked(number, Ok(look)) => return self.looked(door, number, look).await,
            Done::Looked(number, Err(error)) | Done::GivenUp(number, Err(error)) => {
                self.watched.entry(number).or_default().next = now + STORE_PAUSE;
                return Err(error);
            }
            Done::GivenUp(_, Ok(())) => {}
        }
        Ok(())
    }

    async fn looked(&mut self, door: &GatewayDoor, number: u64, look: Look) -> Result<(), StoreError> {
        let pause = door.config.batch_look;
        let vain = look.tally.vain.saturating_sub(1).min(16);
        let pause = pause.saturating_mul(1 << vain).min(LONGEST_PAUSE.max(pause));
        let watched = self.watched.entry(number).or_default();
        watched.next = door.clock.now() + look.after.unwrap_or_default().max(pause);
        watched.tally = look.tally;
        if look.is_not_there { self.divide(door, number).await } else { Ok(()) }
    }

    // The calls of a batch that was refused by an error wait again. Where it is the second time that these were, it may be
    // the doing of one of them: they go out in halves, until it is alone, and goes by itself.
    async fn divide(&mut self, door: &GatewayDoor, number: u64) -> Result<(), StoreError> {
        let (mut calls, mut after) = (Vec::new(), 0);
        loop {
            let left = door.store.batch_left(number, after, LEFT_PAGE).await?;
            let Some((last, _)) = left.last() else { break };
            after = *last;
            calls.extend(left.into_iter().map(|(_, call)| call));
        }
        let count = calls.len() as u64;
        let again = calls.iter().all(|call| self.doubted.contains_key(call));
        if again && count <= 1 {
            return release::all(door, number, Undone::GoesAlone("no batch was taken with it")).await;
        }
        let most = if again { count / 2 } else { count };
        if again {
            tracing::warn!(
                batch = number,
                calls = count,
                "a batch was refused again: its calls go out in halves"
            );
        }
        Arc::make_mut(&mut self.doubted).extend(calls.into_iter().map(|call| (call, most)));
        door.store.batch_back(number).await
    }

    // Looks at a batch, where it is time to. Answers when to look again.
    async fn attend(&mut self, door: &Arc<GatewayDoor>, batch: OpenBatch) -> Result<Timestamp, StoreError> {
        let (now, number) = (door.clock.now(), batch.number);
        if let Some(task) = self.tasks.of(number) {
            let end = task.since + LONGEST;
            if task.work != Work::Look || !is_past(&batch, now) || now <= end {
                return Ok(if task.work == Work::Look && end > now { end } else { now + IDLE });
            }
            tracing::warn!(
                batch = number,
                "a batch is past, and what it is asked for does not end: it is given up"
            );
            let door = door.clone();
            let task = async move { Done::GivenUp(number, give_up(&door, number).await) };
            self.tasks.begin(number, Work::GivingUp, now, task);
            return Ok(now + IDLE);
        }
        if batch.state == BatchState::Sending {
            // Who sent it is gone.
            door.store.batch_unsure(number, BatchState::Lost).await?;
        }
        let watched = self.watched.entry(number).or_default();
        if now < watched.next {
            return Ok(watched.next);
        }
        if self.tasks.since(Work::Look).count() < LOOKS {
            let (door, tally, others) = (door.clone(), watched.tally.clone(), self.others.clone());
            let task = async move { Done::Looked(number, look(&door, &batch, tally, &others).await) };
            self.tasks.begin(number, Work::Look, now, task);
        }
        Ok(now + IDLE)
    }

    // Makes and sends what is due; answers when the next may be.
    async fn send_all(&mut self, door: &Arc<GatewayDoor>, rule: BatchRule) -> Result<Timestamp, StoreError> {
        let idle = door.clock.now() + IDLE;
        loop {
            let gathered = door.store.gathered().await?;
            let now = door.clock.now();
            if gathered.oldest.is_some() {
                self.learn(door, now).await?;
                self.withdraw(door, now).await?;
            }
            let rule = rule.shaped(self.shape.as_ref(), &gathered, now);
            let Some(due) = rule.due(&gathered) else { return Ok(idle) };
            let due = due.max(self.not_before).max(self.room());
            if due > now {
                return Ok(due.min(idle));
            }
            if self.tasks.since(Work::Creation).count() >= CREATIONS {
                return Ok(idle);
            }
            take_back_changed_prices(door).await?;
            let may_go = !door.closing.load(Ordering::Relaxed) && !door.store_failed.load(Ordering::Relaxed);
            let tries_account = self.tries_account(door, now).await?;
            let wish = BatchWish { rule, tries_account, apart: self.doubted.clone() };
            let made = if may_go { door.store.make_batch(wish).await? } else { None };
            // Braked, or another host's to send.
            let Some(batch) = made else {
                let tries_at = self.trial.map(|since| since + TRIAL).filter(|at| *at > now);
                return Ok(tries_at.map_or(idle, |at| at.min(idle)));
            };
            let errand = if tries_account {
                door.breaker.account_refused("a batch tries whether the account is taken again");
                Errand::TriesAccount
            } else {
                Errand::Ordinary
            };
            let (door, number) = (door.clone(), batch.number);
            let task = async move { Done::Created(create(&door, &batch, errand).await) };
            self.tasks.begin(number, Work::Creation, now, task);
        }
    }

    // When another one may be sent beside those that are: one after another, but that no slow one stops the others.
    fn room(&self) -> Timestamp {
        let slow = self.tasks.since(Work::Creation).map(|since| since + SLOW);
        slow.max().unwrap_or_default()
    }

    async fn learn(&mut self, door: &GatewayDoor, now: Timestamp) -> Result<(), StoreError> {
        if now >= self.learns {
            self.learns = now + LEARN;
            let batches = door.store.batches(LEARNT_BY).await?;
            self.shape = DayShape::of(batches.iter().map(|batch| (batch.made_at, batch.calls)), now);
        }
        Ok(())
    }

    // Whether the next batch tries if the account is taken again: the account alone stops calls, and where it is time to try
    // no call does. A batch's creation is judged like a call.
    async fn tries_account(&mut self, door: &GatewayDoor, now: Timestamp) -> Result<bool, StoreError> {
        let causes = door.store.brake().await?.causes;
        let of_account = !causes.is_empty() && causes.iter().all(|cause| cause.kind.is_of_account());
        if !of_account || door.breaker.account_trial() > door.clock.now() {
            self.trial = None;
            return Ok(false);
        }
        Ok(now >= *self.trial.get_or_insert(now) + TRIAL)
    }

    // What jobs that have ended held is free again: within a minute, or at once where it is known that some have.
    async fn withdraw(&mut self, door: &GatewayDoor, now: Timestamp) -> Result<(), StoreError> {
        if door.batch_withdraws.swap(false, Ordering::Relaxed) || now >= self.withdraws {
            self.withdraws = now + IDLE;
            if door.store.withdraw_gathered().await? > 0 {
                door.admission.room();
            }
        }
        Ok(())
    }

    fn pause(&mut self, now: Timestamp, asked: Option<Duration>, why: String) {
        self.why = why;
        let pause = FIRST_PAUSE.saturating_mul(1 << self.refusals.min(8)).min(LONGEST_PAUSE);
        self.refusals = self.refusals.saturating_add(1);
        self.not_before = now + asked.unwrap_or_default().max(pause);
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
