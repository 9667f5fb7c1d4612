//! A clock that stands still while anything is done, and goes on from one moment to the next at which somebody wakes.
//!
//! So what takes the machine a while takes the day no time: a job's time is what upstream, pace and queues make of it, however
//! slow the machine is.

use anvil_sim::SimClock;
use anvil_types::{Clock, Timestamp};
use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::oneshot;

/// When somebody wakes, and a number that tells apart who wakes at the same time.
type Alarm = (Timestamp, u64);

#[derive(Debug)]
struct Standing {
    now: Timestamp,
    sleepers: BTreeMap<Alarm, oneshot::Sender<()>>,
    alarms: u64,
}

/// The clock of one day: of the host, its runner, its store and the simulator.
#[derive(Debug)]
pub(crate) struct StepClock {
    standing: Mutex<Standing>,
    /// How often anybody looked at it: who does anything looks before long, and the store's writer at each commit.
    looks: AtomicU64,
}

impl StepClock {
    pub(crate) fn at(now: Timestamp) -> Self {
        let standing = Standing { now, sleepers: BTreeMap::new(), alarms: 0 };
        Self { standing: Mutex::new(standing), looks: AtomicU64::new(0) }
    }

    fn lock(&self) -> MutexGuard<'_, Standing> {
        self.standing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Grows while anything is done.
    pub(crate) fn looks(&self) -> u64 {
        self.looks.load(Ordering::SeqCst)
    }

    /// The next moment at which somebody wakes.
    pub(crate) fn next(&self) -> Option<Timestamp> {
        self.lock().sleepers.first_key_value().map(|((at, _), _)| *at)
    }

    /// Goes on to a moment, and wakes whose time has come.
    pub(crate) fn go_to(&self, moment: Timestamp) {
        let mut standing = self.lock();
        standing.now = standing.now.max(moment);
        let due = (standing.now, u64::MAX);
        let later = standing.sleepers.split_off(&due);
        for (_, sleeper) in std::mem::replace(&mut standing.sleepers, later) {
            let _ = sleeper.send(());
        }
    }
}

impl Clock for StepClock {
    fn now(&self) -> Timestamp {
        self.looks.fetch_add(1, Ordering::SeqCst);
        self.lock().now
    }

    fn sleep_until(&self, time: Timestamp) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        let mut standing = self.lock();
        if time <= standing.now {
            return Box::pin(std::future::ready(()));
        }
        let (sender, woken) = oneshot::channel();
        standing.alarms += 1;
        let alarm = (time, standing.alarms);
        standing.sleepers.insert(alarm, sender);
        let bed = Bed { clock: self, alarm };
        Box::pin(async move {
            let _ = woken.await;
            drop(bed);
        })
    }
}

/// Takes a sleeper out who waits no more.
struct Bed<'a> {
    clock: &'a StepClock,
    alarm: Alarm,
}

impl Drop for Bed<'_> {
    fn drop(&mut self) {
        self.clock.lock().sleepers.remove(&self.alarm);
    }
}

/// The simulator's side of it.
pub(crate) struct SimSide(pub(crate) Arc<StepClock>);

impl SimClock for SimSide {
    fn now_ms(&self) -> i64 {
        self.0.now().micros() / 1_000
    }

    fn sleep(&self, duration: Duration) -> Pin<Box<dyn Future<Output = ()> + Send + 'static>> {
        let clock = self.0.clone();
        Box::pin(async move { clock.sleep(duration).await })
    }
}

#[tokio::test]
async fn who_sleeps_wakes_at_the_time_and_not_before() {
    let begin = Timestamp::from_secs(1_000);
    let clock = Arc::new(StepClock::at(begin));
    let asleep = |seconds| {
        let clock = clock.clone();
        tokio::spawn(async move { clock.sleep(Duration::from_secs(seconds)).await })
    };
    let (early, late) = (asleep(10), asleep(20));
    tokio::task::yield_now().await;
    assert_eq!(clock.next(), Some(begin + Duration::from_secs(10)));
    clock.go_to(begin + Duration::from_secs(10));
    early.await.expect("woken");
    assert!(!late.is_finished());
    late.abort();
    assert!(late.await.is_err());
    assert_eq!(clock.next(), None, "who waits no more has no alarm");
}
