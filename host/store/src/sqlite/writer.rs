//! The one thread that writes, and its group commit.
//!
//! Commands queue while a commit syncs; the next transaction takes what has queued, each command in a
//! savepoint, so that one that fails takes nothing of the others along. A command is answered, and its
//! events are published, only after the commit. There is no timer: a command that comes alone is
//! committed at once.
//!
//! A settlement behind which nothing waits is answered when it is in the log, and synced right after: who was answered
//! can send nothing but by a hold, whose commit is synced with it or later. See
//! `docs/decisions/0016-a-settlement-is-answered-before-its-sync.md`.

use crate::engine::{Db, params, set_meta};
use crate::rules::events::EventOrder;
use crate::rules::money::ledger_time;
use crate::rules::policy::Policy;
use crate::rules::tx::{News, Tx};
use crate::rules::{hosts, reload};
use crate::sqlite::high_water_mark::Mark;
use crate::sqlite::lock::DataFolder;
use crate::{BrakeState, LimitsInForce, StoreError};
use anvil_budget::Windows;
use anvil_types::{Clock, Event, EventKind, Life, Timestamp};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use tokio::sync::{broadcast, mpsc, oneshot};

/// The most commands of one commit.
const BATCH: usize = 256;
/// How many events a slow listener may be behind before it has to ask for what it missed.
const BACKLOG: usize = 4_096;

/// What the writer lets everyone see without asking it, as of the last commit.
#[derive(Debug)]
pub(crate) struct Shared {
    limits: RwLock<Arc<LimitsInForce>>,
    brake: RwLock<BrakeState>,
    ledger_time: AtomicI64,
    // Why nothing could be written last, where that was the disk's fault.
    disk: RwLock<Option<String>>,
    // The minute of the last look at what time alone changes.
    looked: AtomicI64,
    events: broadcast::Sender<Arc<Event>>,
}

impl Shared {
    pub(crate) fn new(policy: &Policy, ledger_time: Timestamp) -> Self {
        Self {
            limits: RwLock::new(policy.force.clone()),
            brake: RwLock::new(policy.brake()),
            ledger_time: AtomicI64::new(ledger_time.micros()),
            disk: RwLock::new(None),
            looked: AtomicI64::new(0),
            events: broadcast::Sender::new(BACKLOG),
        }
    }

    pub(crate) fn limits(&self) -> Arc<LimitsInForce> {
        self.limits.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn brake(&self) -> BrakeState {
        self.brake.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn ledger_time(&self) -> Timestamp {
        Timestamp::from_micros(self.ledger_time.load(Ordering::Acquire))
    }

    /// Why nothing can be written, as of the last try.
    pub(crate) fn disk(&self) -> Option<String> {
        self.disk.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn disk_fails(&self, why: Option<String>) {
        // Read first: a commit that succeeds like the one before it waits for nobody.
        if self.disk() != why {
            *self.disk.write().unwrap_or_else(PoisonError::into_inner) = why;
        }
    }

    /// Whether this is the first time that it is asked in this minute.
    pub(crate) fn begins_minute(&self, now: Timestamp) -> bool {
        let minute = Windows::bucket(now).micros();
        self.looked.swap(minute, Ordering::AcqRel) != minute
    }

    pub(crate) fn subscribe(&self) -> broadcast::Receiver<Arc<Event>> {
        self.events.subscribe()
    }

    fn show(&self, policy: &mut Policy) {
        if std::mem::take(&mut policy.touched) {
            *self.limits.write().unwrap_or_else(PoisonError::into_inner) = policy.force.clone();
            *self.brake.write().unwrap_or_else(PoisonError::into_inner) = policy.brake();
        }
    }
}

/// One command on its way through the writer.
pub(crate) trait Command: Send {
    /// Whether it has a commit to itself: it writes so much that a disk that is nearly full fails at it, and what
    /// is small must not fail with it.
    fn is_alone(&self) -> bool;
    /// Whether it may be answered before it is synced.
    fn is_early(&self) -> bool;
    /// Runs it; false when what it wrote has to be undone.
    fn run(&mut self, tx: &mut Tx<'_>) -> bool;
    /// How the disk failed it, where it did.
    fn disk(&self) -> Option<StoreError>;
    /// What it did is not durable, or it did not run.
    fn fail(&mut self, why: StoreError);
    /// Answers whoever waits.
    fn answer(self: Box<Self>);
}

/// What the writer is sent.
pub(crate) enum Message {
    /// A command.
    Run(Box<dyn Command>),
    /// End after all that was sent before.
    Close(oneshot::Sender<()>),
}

/// How a command goes through the writer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Course {
    /// With others, and answered when all of them are synced.
    Shared,
    /// In a commit to itself.
    Alone,
    /// With others; where these may be too, answered before they are synced.
    Early,
}

/// A closure as a command.
struct Operation<T, F> {
    course: Course,
    run: Option<F>,
    result: Result<T, StoreError>,
    reply: oneshot::Sender<Result<T, StoreError>>,
}

impl<T, F> Command for Operation<T, F>
where
    T: Send,
    F: FnOnce(&mut Tx<'_>) -> Result<T, StoreError> + Send,
{
    fn is_alone(&self) -> bool {
        self.course == Course::Alone
    }

    fn is_early(&self) -> bool {
        self.course == Course::Early
    }

    fn run(&mut self, tx: &mut Tx<'_>) -> bool {
        let Some(run) = self.run.take() else { return false };
        // A fault in one command must not end the writer.
        self.result = catch_unwind(AssertUnwindSafe(|| run(tx)))
            .unwrap_or_else(|_| Err(failed("a fault in the store; its details are in the log")));
        self.result.is_ok()
    }

    fn disk(&self) -> Option<StoreError> {
        match &self.result {
            Err(error @ (StoreError::DiskFull | StoreError::DiskFails(_))) => Some(error.for_another()),
            _ => None,
        }
    }

    fn fail(&mut self, why: StoreError) {
        self.result = Err(why);
    }

    fn answer(self: Box<Self>) {
        // Whoever asked may have gone; the work is done all the same.
        let _ = self.reply.send(self.result);
    }
}

/// How many commands from the first on share a commit.
fn together(batch: &[Box<dyn Command>]) -> usize {
    match batch.iter().position(|command| command.is_alone()) {
        Some(0) => 1,
        Some(alone) => alone,
        None => batch.len(),
    }
}

fn failed(why: &str) -> StoreError {
    StoreError::Backend(why.into())
}

/// A command made of a closure, and where its answer comes.
pub(crate) fn command<T, F>(run: F, course: Course) -> (Message, oneshot::Receiver<Result<T, StoreError>>)
where
    T: Send + 'static,
    F: FnOnce(&mut Tx<'_>) -> Result<T, StoreError> + Send + 'static,
{
    let (reply, answer) = oneshot::channel();
    let operation = Operation { course, run: Some(run), result: Err(StoreError::Closed), reply };
    (Message::Run(Box::new(operation)), answer)
}

/// Whether other hosts write too.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Others {
    /// Nobody does: the folder's lock says so.
    None,
    /// Some may: what number the database had when it was last known by heart, if it was.
    Since(Option<i64>),
}

/// The writer: owns the connection that writes, and the lock on the folder.
#[derive(Debug)]
pub(crate) struct Writer {
    pub(crate) db: Db,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) policy: Policy,
    pub(crate) shared: Arc<Shared>,
    pub(crate) order: EventOrder,
    pub(crate) _folder: DataFolder,
    /// Ledger time in the database. What changed nothing does not move it: that costs no sync.
    pub(crate) stored_time: Timestamp,
    /// How far the ledger has come, beside the database.
    pub(crate) mark: Mark,
    /// What is known by heart may differ from the tables: read it before the next batch.
    pub(crate) stale: bool,
    pub(crate) others: Others,
    pub(crate) life: Life,
}

impl Writer {
    /// Works until everyone who could send has gone, or it is told to close.
    pub(crate) fn work(mut self, mut inbox: mpsc::Receiver<Message>) {
        let mut taken = Vec::with_capacity(BATCH);
        let mut batch: Vec<Box<dyn Command>> = Vec::with_capacity(BATCH);
        let mut closers = Vec::new();
        while inbox.blocking_recv_many(&mut taken, BATCH) > 0 {
            for message in taken.drain(..) {
                match message {
                    Message::Run(command) => batch.push(command),
                    Message::Close(done) => {
                        inbox.close();
                        closers.push(done);
                    }
                }
            }
            while !batch.is_empty() {
                let together = together(&batch);
                let ended = self.commit(&mut batch[..together], inbox.is_empty());
                batch.drain(..ended).for_each(Command::answer);
                // Where something has come meanwhile, its commit syncs this one too.
                if batch.is_empty() && inbox.is_empty() {
                    self.pay();
                }
                if !self.db.owes() {
                    self.mark.follow(self.stored_time);
                }
            }
        }
        self.pay();
        // Whoever only dropped the store may not have ended in order: it is waited for.
        if !closers.is_empty()
            && let Err(error) = hosts::leave(&self.db, self.policy.host, self.policy.boot)
        {
            tracing::warn!(%error, "other hosts wait until the lease of this one runs out");
        }
        if let Err(error) = self.db.batch("PRAGMA wal_checkpoint(TRUNCATE)") {
            tracing::warn!(%error, "the write-ahead log stays; the next start reads it");
        }
        self.mark.set(self.stored_time);
        drop(self);
        for done in closers {
            let _ = done.send(());
        }
    }

    /// Syncs what was answered before that. Where it cannot be, nothing more is written until it has been.
    fn pay(&mut self) {
        if let Err(error) = self.db.pay() {
            tracing::error!(%error, "what was committed last could not be synced");
            self.shared.disk_fails(Some(error.to_string()));
        }
    }

    /// One transaction of as many commands as it can hold; answers how many have come to their end.
    /// `quiet`: nothing else waits.
    fn commit(&mut self, batch: &mut [Box<dyn Command>], quiet: bool) -> usize {
        let mark = self.order.mark();
        let mut news = Vec::new();
        let mut ran = 0;
        let transacted = catch_unwind(AssertUnwindSafe(|| self.transact(batch, quiet, &mut news, &mut ran)));
        // A fault outside of the commands is the end of this commit, as an error of the disk is: whoever asked is
        // told, what is known by heart is read anew, and the next commit is another.
        let transacted = transacted.unwrap_or_else(|_| {
            self.life.fell("a fault of the host in a commit; the log has its place");
            Err(failed("a fault in the store; its details are in the log"))
        });
        match transacted {
            Ok(events) => {
                self.shared.show(&mut self.policy);
                for event in events {
                    // Nobody may be listening.
                    let _ = self.shared.events.send(event);
                }
            }
            Err(error) => {
                tracing::error!(%error, "a commit failed");
                if !self.db.has_rolled_back()
                    && let Err(error) = self.db.batch("ROLLBACK")
                {
                    tracing::error!(%error, "a rollback failed");
                }
                self.order.take_back(mark.0, mark.1);
                self.stale = true;
                if let Others::Since(known) = &mut self.others {
                    *known = None;
                }
                if matches!(error, StoreError::DiskFull | StoreError::DiskFails(_)) {
                    self.shared.disk_fails(Some(error.to_string()));
                }
                // Where nothing could begin, nothing of the batch can.
                ran = if ran == 0 { batch.len() } else { ran };
                batch[..ran].iter_mut().for_each(|command| command.fail(error.for_another()));
            }
        }
        ran
    }

    fn transact(
        &mut self,
        batch: &mut [Box<dyn Command>],
        quiet: bool,
        news: &mut Vec<News>,
        ran: &mut usize,
    ) -> Result<Vec<Arc<Event>>, StoreError> {
        let db = &self.db;
        let before = db.changes();
        db.run("BEGIN IMMEDIATE", params![])?;
        if let Others::Since(known) = &mut self.others {
            let version: i64 = db.one("PRAGMA data_version", params![], |row| row.get(0))?;
            if known.replace(version) != Some(version) {
                self.stale = true;
                self.order = EventOrder::load(db)?;
                let stored = ledger_time::stored(db, self.policy.upstream)?;
                self.stored_time = self.stored_time.max(stored);
                self.shared.ledger_time.fetch_max(stored.micros(), Ordering::AcqRel);
            }
        }
        if self.stale {
            reload::everything(&mut self.policy, db)?;
            self.stale = false;
        }
        let seen = self.shared.ledger_time();
        let now = self.clock.now().max(seen);
        let early = batch.iter().all(|command| command.is_early());
        // A command that is alone needs no savepoint: the transaction is one.
        let alone = batch.len() == 1;
        let mut failing = false;
        for command in batch {
            let told = news.len();
            if !alone {
                db.run("SAVEPOINT command", params![])?;
            }
            let touched = std::mem::take(&mut self.policy.touched);
            self.policy.moved = false;
            let good = command.run(&mut Tx::new(db, now, &mut self.policy, news));
            *ran += 1;
            let disk = command.disk();
            if let Some(error) = &disk {
                self.shared.disk_fails(Some(error.to_string()));
                failing = true;
            }
            if db.has_rolled_back() {
                // The disk is full or failing: SQLite has rolled back all of it by itself.
                return Err(disk.unwrap_or_else(|| {
                    failed("the transaction was rolled back: the disk may be full or failing")
                }));
            }
            if !good {
                news.truncate(told);
                if alone {
                    db.run("ROLLBACK", params![])?;
                } else {
                    db.run("ROLLBACK TO command", params![])?;
                }
                if self.policy.touched || self.policy.moved {
                    reload::everything(&mut self.policy, db)?;
                }
                if alone {
                    return Ok(Vec::new());
                }
            }
            self.policy.touched |= touched;
            if !alone {
                db.run("RELEASE command", params![])?;
            }
        }
        let events = self.order.write(db, now, news)?;
        let moves_time = db.changes() != before && now > self.stored_time;
        // An event of this commit tells the time already.
        if moves_time && events.is_empty() {
            set_meta(db, ledger_time::key(self.policy.upstream), now.micros())?;
        }
        // An alert and the brake are nobody's answer alone.
        let tells = events.iter().any(|event| !matches!(event.kind, EventKind::Settled { .. }));
        db.commit(early && quiet && !tells && matches!(self.others, Others::None))?;
        if moves_time {
            self.stored_time = now;
        }
        // Only what was written says that there is room.
        if db.changes() != before && !failing {
            self.shared.disk_fails(None);
        }
        self.shared.ledger_time.store(now.micros(), Ordering::Release);
        Ok(events)
    }
}
