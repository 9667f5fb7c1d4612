//! The threads that guests run on: a prompt lane and a slow one.
//!
//! A guest mostly waits for Claude and needs a processor for moments; one that loops wants it whole.
//! Each guest has a purse of prompt time, which fills slowly while it waits. While there is something
//! in it the guest runs on the prompt lane. With an empty purse it goes on in the slow lane, whose
//! threads the operating system prefers last, and where guests take turns at every tick. So however
//! many guests loop, one that hardly computes finds the prompt lane free, and the host's own threads
//! (panel, gateway) find the processors free of both.

use crate::SandboxError;
use crate::processor::{lower_priority, thread_time};
use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};
use tokio::runtime::{Builder, Handle, Runtime};
use tokio::task::{JoinError, JoinHandle};

/// The most that a purse holds: what a guest may compute at once without leaving the prompt lane.
const PURSE: Duration = Duration::from_millis(25);
/// One part in this many of the time that a guest waits flows into its purse.
const REFILL: u32 = 20;

/// How long a stopped guest may take to be gone before nobody waits for it.
const PATIENCE: Duration = Duration::from_secs(1);

/// Niceness of the prompt lane's threads: behind the host's own.
const PROMPT_NICE: i32 = 2;
/// Niceness of the slow lane's: about 3 % of a contended processor. More than none, so that a lock
/// held by a slow thread is let go.
const SLOW_NICE: i32 = 15;

/// The guests' own runtimes; no task of the host runs on them.
#[derive(Debug)]
pub(crate) struct Lanes {
    prompt: Option<Runtime>,
    slow: Option<Runtime>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Lane {
    Prompt,
    Slow,
}

impl Lanes {
    /// `threads` for each lane.
    pub(crate) fn new(threads: usize) -> Result<Self, SandboxError> {
        Ok(Self {
            prompt: Some(runtime("anvil-guest", threads, PROMPT_NICE)?),
            slow: Some(runtime("anvil-guest-slow", threads, SLOW_NICE)?),
        })
    }

    fn handle(&self, lane: Lane) -> &Handle {
        let runtime = match lane {
            Lane::Prompt => &self.prompt,
            Lane::Slow => &self.slow,
        };
        runtime.as_ref().expect("the runtimes are taken in `drop` alone").handle()
    }

    /// Runs a guest to its end, until its time on a processor is spent, or until `stop`. A stopped
    /// guest is gone when this returns, unless it is in the middle of a copy that takes longer than
    /// [`PATIENCE`]. Dropping the future stops it too.
    pub(crate) async fn run<T: Send + 'static, S>(
        &self,
        future: impl Future<Output = T> + Send + 'static,
        meter: Arc<CpuMeter>,
        stop: impl Future<Output = S>,
    ) -> Result<Outcome<T, S>, JoinError> {
        let mut guest = Runner { future: Box::pin(future), purse: Purse::full(), meter };
        let mut lane = Lane::Prompt;
        let mut stop = pin!(stop);
        loop {
            let mut leg = Leash(self.handle(lane).spawn(Leg { guest: Some(guest), lane }));
            let turn = tokio::select! {
                biased;
                turn = &mut leg.0 => turn?,
                reason = &mut stop => {
                    leg.0.abort();
                    let _ = tokio::time::timeout(PATIENCE, &mut leg.0).await;
                    return Ok(Outcome::Stopped(reason));
                }
            };
            match turn {
                Turn::Finished(ended) => return Ok(Outcome::Finished(ended)),
                Turn::OutOfTime => return Ok(Outcome::OutOfTime),
                Turn::Move(moved, to) => (guest, lane) = (moved, to),
            }
        }
    }
}

impl Drop for Lanes {
    fn drop(&mut self) {
        // A runtime that is dropped inside another one panics unless it is left to end by itself.
        for runtime in [self.prompt.take(), self.slow.take()].into_iter().flatten() {
            runtime.shutdown_background();
        }
    }
}

fn runtime(name: &str, threads: usize, nice: i32) -> Result<Runtime, SandboxError> {
    Builder::new_multi_thread()
        .worker_threads(threads.max(1))
        .max_blocking_threads(2)
        .thread_name(name)
        .enable_time()
        // A guest's slice lasts a whole tick: after each one look at timers and at what other
        // threads woke, instead of after every 61st.
        .event_interval(1)
        .global_queue_interval(1)
        .on_thread_start(move || lower_priority(nice))
        .build()
        .map_err(SandboxError::Thread)
}

/// How a guest's run on the lanes ended.
#[derive(Debug)]
pub(crate) enum Outcome<T, S> {
    /// By itself.
    Finished(T),
    /// Its time on a processor is spent.
    OutOfTime,
    /// It was stopped.
    Stopped(S),
}

/// What a guest has computed, and whether it stopped to compute on or to wait.
#[derive(Debug)]
pub(crate) struct CpuMeter {
    limit: Duration,
    nanos: AtomicU64,
    yielded: AtomicBool,
}

impl CpuMeter {
    pub(crate) fn new(limit: Duration) -> Self {
        Self { limit, nanos: AtomicU64::new(0), yielded: AtomicBool::new(false) }
    }

    /// The guest gives up its turn at a tick; it does not wait for anything.
    pub(crate) fn yielding(&self) {
        self.yielded.store(true, Ordering::Relaxed);
    }

    fn add(&self, used: Duration) -> Duration {
        let used = u64::try_from(used.as_nanos()).unwrap_or(u64::MAX);
        Duration::from_nanos(self.nanos.fetch_add(used, Ordering::Relaxed).saturating_add(used))
    }
}

/// A guest between its legs.
struct Runner<T> {
    future: Pin<Box<dyn Future<Output = T> + Send>>,
    purse: Purse,
    meter: Arc<CpuMeter>,
}

enum Turn<T> {
    Finished(T),
    OutOfTime,
    Move(Runner<T>, Lane),
}

/// A guest on one lane, until it ends or moves to the other.
struct Leg<T> {
    guest: Option<Runner<T>>,
    lane: Lane,
}

impl<T> Leg<T> {
    fn move_to(&mut self, lane: Lane) -> Poll<Turn<T>> {
        let guest = self.guest.take().expect("a leg is not polled after it ended");
        Poll::Ready(Turn::Move(guest, lane))
    }
}

impl<T> Future for Leg<T> {
    type Output = Turn<T>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Turn<T>> {
        let lane = self.lane;
        let guest = self.guest.as_mut().expect("a leg is not polled after it ended");
        guest.purse.fill(Instant::now());
        if lane == Lane::Prompt && guest.purse.is_empty() {
            return self.move_to(Lane::Slow);
        }
        guest.meter.yielded.store(false, Ordering::Relaxed);
        let before = thread_time();
        let poll = guest.future.as_mut().poll(context);
        let used = thread_time().saturating_sub(before);
        if lane == Lane::Prompt {
            guest.purse.spend(used);
        }
        let total = guest.meter.add(used);
        match poll {
            Poll::Ready(ended) => return Poll::Ready(Turn::Finished(ended)),
            Poll::Pending if total >= guest.meter.limit => return Poll::Ready(Turn::OutOfTime),
            Poll::Pending => {}
        }
        if guest.meter.yielded.load(Ordering::Relaxed) {
            return Poll::Pending;
        }
        guest.purse.waits(Instant::now());
        match lane {
            Lane::Prompt => Poll::Pending,
            // Whoever waits does so on the prompt lane: on the slow one it would be found only after
            // all that loop there.
            Lane::Slow => {
                guest.purse.allow_a_look();
                self.move_to(Lane::Prompt)
            }
        }
    }
}

/// Prompt time that a guest may still spend. A slice is as long as a tick, so it can go into debt.
#[derive(Debug)]
struct Purse {
    left: Duration,
    debt: Duration,
    waiting_since: Option<Instant>,
    /// The next poll only tells the guest's future who is to wake it.
    look: bool,
}

impl Purse {
    fn full() -> Self {
        Self { left: PURSE, debt: Duration::ZERO, waiting_since: None, look: false }
    }

    fn waits(&mut self, now: Instant) {
        self.waiting_since.get_or_insert(now);
    }

    fn fill(&mut self, now: Instant) {
        if let Some(since) = self.waiting_since.take() {
            let gain = now.saturating_duration_since(since) / REFILL;
            let paid = gain.min(self.debt);
            self.debt -= paid;
            self.left = (self.left + (gain - paid)).min(PURSE);
        }
    }

    fn spend(&mut self, used: Duration) {
        self.debt += used.saturating_sub(self.left);
        self.left = self.left.saturating_sub(used);
        self.look = false;
    }

    fn allow_a_look(&mut self) {
        self.look = true;
    }

    fn is_empty(&self) -> bool {
        self.left.is_zero() && !self.look
    }
}

/// Stops the task when it is dropped.
struct Leash<T>(JoinHandle<T>);

impl<T> Drop for Leash<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_purse_fills_only_while_its_guest_waits() {
        let mut now = Instant::now();
        let mut purse = Purse::full();
        purse.spend(PURSE + Duration::from_millis(5));
        assert!(purse.is_empty());
        now += Duration::from_secs(60);
        purse.fill(now);
        assert!(purse.is_empty(), "it computed for that minute");
        purse.waits(now);
        purse.fill(now + Duration::from_millis(100));
        assert!(purse.is_empty(), "the debt of a long slice is paid first");
        purse.waits(now);
        purse.fill(now + Duration::from_secs(1));
        assert!(!purse.is_empty());
        assert!(purse.left <= PURSE);
    }
}
