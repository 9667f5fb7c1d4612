//! The one supervisor of what lives as long as the host: its tasks and its threads.
//!
//! None of them may end by itself. One that panics, or ends though nobody asked it to, is an error in the log with
//! its name, is told to people once for as long as that goes on, and begins anew after waits that grow. What cannot
//! begin anew, because its state cannot be had again, is [`lost`](Supervisor::lost): then the host stops in order.
//!
//! A task that is kept gets from its closure, at each beginning, all that it needs; what others send it comes from a
//! receiver that outlives it ([`Inbox`]).

use std::fmt;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::Poll;
use std::time::{Duration, Instant};
use tokio::sync::{Notify, OwnedMutexGuard, mpsc, watch};
use tokio::task::JoinHandle;

/// The wait after a first fall …
const FIRST_WAIT: Duration = Duration::from_millis(100);
/// … doubled at each further one, up to this.
const LONGEST_WAIT: Duration = Duration::from_secs(30);
/// What has stood for so long stands: its next fall is a first one, and is told anew.
const STEADY: Duration = Duration::from_mins(10);
/// What is said of a panic. Its own words may quote a prompt.
const FAULT: &str = "a fault of the host; the log has its place";
/// News that wait to be told. Each part has at most one fall and one recovery in [`STEADY`].
const NEWS: usize = 256;

/// How a task that is kept came to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// It was told to end, or what it serves has gone.
    Asked,
    /// Nobody asked it to: why it ended.
    Unexpected(&'static str),
}

/// What became of a part of the host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fall {
    /// The part's name, as a sentence has it: `the admission queue`.
    pub name: &'static str,
    /// Why it fell.
    pub why: String,
}

/// What people are to be told of the host's parts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PartNews {
    /// It fell, and begins anew.
    Fell(Fall),
    /// It has stood for long.
    Stands(&'static str),
    /// It fell and cannot begin anew: the host stops.
    Lost(Fall),
}

/// A receiver that outlives the task that reads it: the next life of the task goes on with what is in it.
#[derive(Debug)]
pub struct Inbox<T>(Arc<tokio::sync::Mutex<T>>);

impl<T> Inbox<T> {
    /// Around what is read.
    pub fn new(receiver: T) -> Self {
        Self(Arc::new(tokio::sync::Mutex::new(receiver)))
    }

    /// Its reader's, until that ends.
    pub async fn open(&self) -> OwnedMutexGuard<T> {
        self.0.clone().lock_owned().await
    }
}

impl<T> Clone for Inbox<T> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

/// Keeps the host's parts alive. Clones are the same supervisor.
#[derive(Clone)]
pub struct Supervisor {
    inner: Arc<Inner>,
}

struct Inner {
    news: mpsc::Sender<PartNews>,
    told: Inbox<mpsc::Receiver<PartNews>>,
    lost: watch::Sender<Option<Fall>>,
    falls: AtomicU64,
    /// What a test strikes down: the name, and the telling.
    strikes: Mutex<Vec<(&'static str, Arc<Notify>)>>,
}

impl Default for Supervisor {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Supervisor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Supervisor").field("falls", &self.falls()).finish_non_exhaustive()
    }
}

impl Supervisor {
    /// One that keeps nothing yet.
    pub fn new() -> Self {
        let (news, told) = mpsc::channel(NEWS);
        let inner = Inner {
            news,
            told: Inbox::new(told),
            lost: watch::Sender::new(None),
            falls: AtomicU64::new(0),
            strikes: Mutex::default(),
        };
        Self { inner: Arc::new(inner) }
    }

    /// Runs the task that `begin` makes, on the current runtime, until it ends as asked. Whatever else ends it,
    /// `begin` makes the next.
    pub fn keep<F, T>(&self, name: &'static str, mut begin: F) -> JoinHandle<()>
    where
        F: FnMut() -> T + Send + 'static,
        T: Future<Output = End> + Send + 'static,
    {
        let mut life = self.life(name);
        let strike = Arc::new(Notify::new());
        self.inner.strikes.lock().unwrap_or_else(PoisonError::into_inner).push((name, strike.clone()));
        tokio::spawn(async move {
            loop {
                let wait = match stand(&mut begin, &mut life, &strike).await {
                    Some(End::Asked) => return,
                    Some(End::Unexpected(why)) => life.fell(why),
                    None => life.fell(FAULT),
                };
                tokio::time::sleep(wait).await;
            }
        })
    }

    /// The record of a part that begins anew by itself: a thread, or one of many tasks of a kind.
    pub fn life(&self, name: &'static str) -> Life {
        Life { supervisor: self.clone(), name, falls: 0, told: false, began: Instant::now() }
    }

    /// A part fell whose state cannot be had again: the host stops in order.
    pub fn lost(&self, name: &'static str, why: &str) {
        tracing::error!(part = name, why, "a part of the host is lost; the host stops");
        self.inner.falls.fetch_add(1, Ordering::Relaxed);
        let fall = Fall { name, why: why.to_owned() };
        self.tell(PartNews::Lost(fall.clone()));
        self.inner.lost.send_replace(Some(fall));
    }

    /// Returns once a part is [`lost`](Self::lost).
    pub async fn until_lost(&self) -> Fall {
        let mut lost = self.inner.lost.subscribe();
        match lost.wait_for(Option::is_some).await.map(|fall| fall.clone()) {
            Ok(Some(fall)) => fall,
            // The sender lives in `self`.
            _ => std::future::pending().await,
        }
    }

    /// What people are to be told, for the one task that tells it.
    pub fn news(&self) -> Inbox<mpsc::Receiver<PartNews>> {
        self.inner.told.clone()
    }

    /// How many times a part has fallen since the start.
    pub fn falls(&self) -> u64 {
        self.inner.falls.load(Ordering::Relaxed)
    }

    /// Has the kept task of this name panic where it waits: for tests of what then becomes of those that wait for it.
    #[doc(hidden)]
    pub fn strike(&self, name: &str) {
        let strikes = self.inner.strikes.lock().unwrap_or_else(PoisonError::into_inner);
        let mut struck = strikes.iter().filter(|(kept, _)| *kept == name).peekable();
        assert!(struck.peek().is_some(), "nothing of the name {name} is kept");
        struck.for_each(|(_, strike)| strike.notify_one());
    }

    fn tell(&self, news: PartNews) {
        // Nobody may be listening any more; the log has it all.
        let _ = self.inner.news.try_send(news);
    }
}

/// One life of a task: its end, or none where it panicked.
async fn stand<F, T>(begin: &mut F, life: &mut Life, strike: &Notify) -> Option<End>
where
    F: FnMut() -> T,
    T: Future<Output = End>,
{
    let mut task = pin!(caught(async move {
        let task = pin!(begin());
        tokio::select! {
            biased;
            end = task => end,
            () = strike.notified() => panic!("struck by a test"),
        }
    }));
    tokio::select! {
        end = &mut task => return end,
        () = tokio::time::sleep(STEADY) => life.stands(),
    }
    task.await
}

/// What a future comes to, or none where it panics.
async fn caught<T: Future>(task: T) -> Option<T::Output> {
    let mut task = pin!(task);
    std::future::poll_fn(move |context| {
        match catch_unwind(AssertUnwindSafe(|| task.as_mut().poll(context))) {
            Ok(polled) => polled.map(Some),
            Err(_) => Poll::Ready(None),
        }
    })
    .await
}

/// How often a part has fallen of late, and how long it waits therefore.
#[derive(Debug)]
pub struct Life {
    supervisor: Supervisor,
    name: &'static str,
    falls: u32,
    told: bool,
    began: Instant,
}

impl Life {
    /// It fell. How long it is to wait before it begins anew.
    pub fn fell(&mut self, why: &str) -> Duration {
        if self.began.elapsed() >= STEADY {
            (self.falls, self.told) = (0, false);
        }
        let wait = FIRST_WAIT.saturating_mul(1 << self.falls.min(16)).min(LONGEST_WAIT);
        self.falls = self.falls.saturating_add(1);
        self.began = Instant::now() + wait;
        self.supervisor.inner.falls.fetch_add(1, Ordering::Relaxed);
        let (name, falls) = (self.name, self.falls);
        tracing::error!(
            part = name,
            why,
            falls,
            wait_ms = wait.as_millis(),
            "a part of the host fell and begins anew"
        );
        if !std::mem::replace(&mut self.told, true) {
            self.supervisor.tell(PartNews::Fell(Fall { name, why: why.to_owned() }));
        }
        wait
    }

    /// Runs a step of it. Where that panics, it fell: how long it is to wait.
    pub fn step<T>(&mut self, step: impl FnOnce() -> T) -> Result<T, Duration> {
        let done = catch_unwind(AssertUnwindSafe(step));
        if done.is_ok() && self.told && self.began.elapsed() >= STEADY {
            self.stands();
        }
        done.map_err(|_| self.fell(FAULT))
    }

    fn stands(&mut self) {
        (self.falls, self.told) = (0, false);
        self.supervisor.tell(PartNews::Stands(self.name));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::AtomicU32;

    async fn news(supervisor: &Supervisor) -> PartNews {
        let inbox = supervisor.news();
        let mut news = inbox.open().await;
        tokio::time::timeout(Duration::from_hours(1), news.recv()).await.expect("news").expect("open")
    }

    fn fell(news: &PartNews) -> &str {
        match news {
            PartNews::Fell(fall) => fall.name,
            other => panic!("{other:?}"),
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_task_that_panics_or_ends_unasked_begins_anew_and_is_told_once() {
        let supervisor = Supervisor::new();
        let lives = Arc::new(AtomicU32::new(0));
        let counted = lives.clone();
        let task = supervisor.keep("the tester", move || {
            let life = counted.fetch_add(1, Ordering::SeqCst);
            async move {
                match life {
                    0 => panic!("planted"),
                    1 => End::Unexpected("its work was gone"),
                    _ => End::Asked,
                }
            }
        });
        task.await.expect("the keeper itself does not fall");
        assert_eq!(lives.load(Ordering::SeqCst), 3);
        assert_eq!(supervisor.falls(), 2);
        assert_eq!(fell(&news(&supervisor).await), "the tester");
        assert!(supervisor.news().open().await.try_recv().is_err(), "told once");
    }

    #[tokio::test(start_paused = true)]
    async fn the_waits_grow_up_to_a_bound_however_often_it_falls() {
        let supervisor = Supervisor::new();
        let mut life = supervisor.life("the tester");
        let waits: Vec<_> = (0..100).map(|_| life.fell("planted")).collect();
        assert_eq!(waits[..3], [100, 200, 400].map(Duration::from_millis));
        assert!(waits.is_sorted());
        assert_eq!(waits.last(), Some(&LONGEST_WAIT));
        assert_eq!(fell(&news(&supervisor).await), "the tester");
        assert!(supervisor.news().open().await.try_recv().is_err(), "a hundred falls are told once");
    }

    #[tokio::test(start_paused = true)]
    async fn what_stands_for_long_is_told_to_stand() {
        let supervisor = Supervisor::new();
        supervisor.keep("the tester", std::future::pending);
        assert_eq!(news(&supervisor).await, PartNews::Stands("the tester"));
        supervisor.strike("the tester");
        assert_eq!(fell(&news(&supervisor).await), "the tester");
    }

    #[tokio::test(start_paused = true)]
    async fn what_was_sent_while_a_task_was_down_is_read_by_its_next_life() {
        let supervisor = Supervisor::new();
        let (sender, receiver) = mpsc::unbounded_channel::<u32>();
        let (done, mut seen) = mpsc::unbounded_channel();
        let inbox = Inbox::new(receiver);
        supervisor.keep("the reader", move || {
            let (inbox, done) = (inbox.clone(), done.clone());
            async move {
                let mut numbers = inbox.open().await;
                while let Some(number) = numbers.recv().await {
                    assert!(number != 2, "planted");
                    let _ = done.send(number);
                }
                End::Asked
            }
        });
        for number in 1..=4 {
            sender.send(number).expect("it is kept");
        }
        for number in [1, 3, 4] {
            assert_eq!(seen.recv().await, Some(number));
        }
    }

    #[tokio::test]
    async fn what_is_lost_stops_the_host_by_name() {
        let supervisor = Supervisor::new();
        supervisor.lost("the writer", "planted");
        assert_eq!(supervisor.until_lost().await.name, "the writer");
        assert!(matches!(news(&supervisor).await, PartNews::Lost(_)));
    }

    #[test]
    fn a_step_of_a_thread_that_panics_tells_how_long_to_wait() {
        let mut life = Supervisor::new().life("the thread");
        assert_eq!(life.step(|| 3), Ok(3));
        assert_eq!(life.step(|| panic!("planted")), Err::<(), _>(FIRST_WAIT));
    }
}
