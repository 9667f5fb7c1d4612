//! The threads that guests run on: a prompt lane and a slow one.
//!
//! A guest mostly waits for Claude and needs a processor for moments; one that loops wants it whole.
//! Each guest has a purse of prompt time, which fills slowly while it waits. While there is something
//! in it the guest runs on the prompt lane. With an empty purse it goes on in the slow lane, whose
//! threads the operating system prefers last, and where guests take turns at every tick. So however
//! many guests loop, one that hardly computes finds the prompt lane free, and the host's own threads
//! (panel, gateway) find the processors free of both. New purses are filled from their plugin's credit,
//! so that guests which crash at once and come again live in the slow lane too. A plugin that says what it is
//! does so on a lane of its own.

mod leg;
mod purse;

use crate::SandboxError;
use crate::processor::lower_priority;
use leg::{Bell, Leg, Runner, Turn};
pub(crate) use purse::Credit;
use purse::Purse;
use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};
use tokio::runtime::{Builder, Handle, Runtime};
use tokio::task::{JoinError, JoinHandle};

/// How long a stopped guest may take to be gone before nobody waits for it.
const PATIENCE: Duration = Duration::from_secs(1);

/// Niceness of the prompt lane's threads: as the host's own.
const PROMPT_NICE: i32 = 0;
/// Niceness of the slow lane's: behind all others, but not by far. A thread that hardly ever runs
/// keeps what it holds, such as the lock of the process's memory map, from the prompt ones.
const SLOW_NICE: i32 = 5;

/// Niceness of the thread of those that describe themselves: as the host's own.
const DESCRIBE_NICE: i32 = 0;

/// The guests' own runtimes; no task of the host runs on them.
#[derive(Debug)]
pub(crate) struct Lanes {
    prompt: Option<Runtime>,
    slow: Option<Runtime>,
    describe: Option<Runtime>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Lane {
    Prompt,
    Slow,
    Describe,
}

/// What a guest runs for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Course {
    /// A job: on the prompt lane or the slow one.
    Job,
    /// To say what it is: on a lane where no job computes.
    Describe,
    /// For a job that may come: on the slow lane, where a guest that loops gives way to it at a tick, and none that
    /// hardly computes waits for it. It has no purse.
    Ahead,
}

/// What a guest was at when it was stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    /// It waited for something.
    Waiting,
    /// It could go on.
    Ready,
}

/// How a guest's run on the lanes ended.
#[derive(Debug)]
pub(crate) enum Outcome<T, S> {
    /// By itself.
    Finished(T),
    /// Its time on a processor is spent.
    OutOfTime,
    /// It was stopped.
    Stopped(S, Standing),
}

impl Lanes {
    /// `threads` for each lane.
    pub(crate) fn new(threads: usize) -> Result<Self, SandboxError> {
        Ok(Self {
            prompt: Some(runtime("anvil-guest", threads, PROMPT_NICE)?),
            slow: Some(runtime("anvil-guest-slow", threads, SLOW_NICE)?),
            describe: Some(runtime("anvil-describe", 1, DESCRIBE_NICE)?),
        })
    }

    /// Runs a guest to its end, until its time on a processor is spent, or until `stop`. A stopped
    /// guest is gone when this returns, unless it is in the middle of a copy that takes longer than
    /// [`PATIENCE`]. Dropping the future stops it too.
    pub(crate) async fn run<T: Send + 'static, S>(
        &self,
        course: Course,
        future: impl Future<Output = T> + Send + 'static,
        meter: Arc<CpuMeter>,
        credit: Arc<Credit>,
        stop: impl Future<Output = S>,
    ) -> Result<Outcome<T, S>, JoinError> {
        let bell = Arc::new(Bell::default());
        let purse = Purse::filled(credit, Instant::now());
        let runner = Runner { future: Box::pin(future), purse, meter, bell };
        let mut guest = Some(self.waiting(runner));
        let mut stop = pin!(stop);
        loop {
            let runner =
                guest.take().and_then(Waiting::take).expect("a leg that goes on hands its guest back");
            let lane = match course {
                Course::Describe => Lane::Describe,
                Course::Ahead => Lane::Slow,
                Course::Job if runner.purse.is_empty() => Lane::Slow,
                Course::Job => Lane::Prompt,
            };
            let mut leg = Leash(self.handle(lane).spawn(Leg { guest: Some(runner), lane }));
            let turn = tokio::select! {
                biased;
                turn = &mut leg.0 => turn?,
                reason = &mut stop => {
                    leg.0.abort();
                    let _ = tokio::time::timeout(PATIENCE, &mut leg.0).await;
                    return Ok(Outcome::Stopped(reason, Standing::Ready));
                }
            };
            guest = match turn {
                Turn::Finished(ended) => return Ok(Outcome::Finished(ended)),
                Turn::OutOfTime => return Ok(Outcome::OutOfTime),
                Turn::Demoted(runner) => Some(self.waiting(runner)),
                Turn::Waits(runner, since) => {
                    let bell = Arc::clone(&runner.bell);
                    let mut waiting = self.waiting(runner);
                    tokio::select! {
                        biased;
                        reason = &mut stop => {
                            let _ = tokio::time::timeout(PATIENCE, waiting.discard()).await;
                            return Ok(Outcome::Stopped(reason, Standing::Waiting));
                        }
                        () = bell.rung() => waiting.purse(|purse| purse.waited(since, Instant::now())),
                    }
                    Some(waiting)
                }
            };
        }
    }

    /// Drops what holds a guest's memory on the slow lane: that takes longer than a thread of the host should.
    pub(crate) fn discard(&self, gone: impl Send + 'static) {
        self.handle(Lane::Slow).spawn(async move { drop(gone) });
    }

    fn handle(&self, lane: Lane) -> &Handle {
        let runtime = match lane {
            Lane::Prompt => &self.prompt,
            Lane::Slow => &self.slow,
            Lane::Describe => &self.describe,
        };
        runtime.as_ref().expect("the runtimes are taken in `drop` alone").handle()
    }

    fn waiting<T: Send + 'static>(&self, runner: Runner<T>) -> Waiting<T> {
        Waiting { runner: Some(runner), slow: self.handle(Lane::Slow).clone() }
    }
}

impl Drop for Lanes {
    fn drop(&mut self) {
        // A runtime that is dropped inside another one panics unless it is left to end by itself.
        for runtime in [self.prompt.take(), self.slow.take(), self.describe.take()].into_iter().flatten() {
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

    /// What was counted so far.
    pub(crate) fn read(&self) -> Duration {
        Duration::from_nanos(self.nanos.load(Ordering::Relaxed))
    }

    /// Gives up the guest's turn at a tick: the future is pending once. Nobody wakes it, since its leg
    /// sees that it does not wait for anything.
    pub(crate) fn give_way(self: &Arc<Self>) -> impl Future<Output = ()> + Send + use<> {
        GiveWay { meter: Arc::clone(self), done: false }
    }

    fn take_yield(&self) -> bool {
        self.yielded.swap(false, Ordering::Relaxed)
    }

    /// Counts a slice; whether the limit is reached.
    fn add(&self, used: Duration) -> bool {
        let used = u64::try_from(used.as_nanos()).unwrap_or(u64::MAX);
        let before = self.nanos.fetch_add(used, Ordering::Relaxed);
        Duration::from_nanos(before.saturating_add(used)) >= self.limit
    }
}

struct GiveWay {
    meter: Arc<CpuMeter>,
    done: bool,
}

impl Future for GiveWay {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        if std::mem::replace(&mut self.done, true) {
            return Poll::Ready(());
        }
        self.meter.yielded.store(true, Ordering::Relaxed);
        Poll::Pending
    }
}

/// A guest that is on no lane just now. Its memory is given back on the slow lane if it is dropped:
/// that takes longer than a thread of the host should.
struct Waiting<T: Send + 'static> {
    runner: Option<Runner<T>>,
    slow: Handle,
}

impl<T: Send + 'static> Waiting<T> {
    fn take(mut self) -> Option<Runner<T>> {
        self.runner.take()
    }

    fn purse(&mut self, change: impl FnOnce(&mut Purse)) {
        if let Some(runner) = &mut self.runner {
            change(&mut runner.purse);
        }
    }

    /// Returns when the guest is gone.
    async fn discard(&mut self) {
        if let Some(runner) = self.runner.take() {
            let _ = self.slow.spawn(async move { drop(runner) }).await;
        }
    }
}

impl<T: Send + 'static> Drop for Waiting<T> {
    fn drop(&mut self) {
        if let Some(runner) = self.runner.take() {
            self.slow.spawn(async move { drop(runner) });
        }
    }
}

/// Stops the task when it is dropped.
struct Leash<T>(JoinHandle<T>);

impl<T> Drop for Leash<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}
