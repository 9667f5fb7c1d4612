//! An hour at full demand before a simulator that enforces what a real organisation's limits enforce:
//! no sliding minute above the limit, no 429, and the configured rate used.
//!
//! Time stands still until everybody waits, and then jumps to where the next one wakes: an hour takes
//! seconds, and a busy machine changes no figure.

mod scene;

use anvil_gateway::{CallEnd, Gateway};
use anvil_sim::{Latency, LimitUse, RateLimits, Script, Sim, SimClock, SimConfig, SimHandle, Span};
use anvil_store::Store;
use anvil_types::clock::Sleep;
use anvil_types::{Clock, Limits, Priority, Timestamp};
use futures_util::future::BoxFuture;
use scene::{Setting, ask, claimed, limits, store};
use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tempfile::TempDir;
use tokio::runtime::Runtime;
use tokio::sync::watch;

/// Time that stands still until everybody waits.
#[derive(Clone, Debug)]
struct Time(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    now: watch::Sender<Timestamp>,
    // Who wakes when; how many of them sleep in the simulator.
    wakes: Mutex<BTreeMap<Timestamp, u32>>,
    in_sim: AtomicU32,
    away: AtomicU32,
    // The gateway's queue woke, and has not gone to sleep again.
    queue_woke: Mutex<Option<Instant>>,
}

/// Somebody who sleeps; counted for as long as this lives.
struct Sleeper {
    time: Time,
    until: Timestamp,
    who: Who,
}

#[derive(Clone, Copy)]
enum Who {
    /// An answer of the simulator.
    Sim,
    /// The gateway's queue.
    Queue,
    /// A caller whose job is parked.
    Caller,
}

impl Drop for Sleeper {
    fn drop(&mut self) {
        // First it is no longer counted as one who waits: seen from outside nobody is up and counted.
        match self.who {
            Who::Sim => drop(self.time.0.in_sim.fetch_sub(1, Ordering::SeqCst)),
            Who::Queue => *self.time.0.queue_woke.lock().expect("no panic") = Some(Instant::now()),
            Who::Caller => drop(self.time.0.away.fetch_sub(1, Ordering::SeqCst)),
        }
        let mut wakes = self.time.0.wakes.lock().expect("no panic");
        let count = wakes.get_mut(&self.until).expect("it is there");
        *count -= 1;
        if *count == 0 {
            wakes.remove(&self.until);
        }
    }
}

impl Time {
    fn new() -> Self {
        let now = watch::Sender::new(Timestamp::from_secs(1_795_000_000));
        Self(Arc::new(Inner {
            now,
            wakes: Mutex::default(),
            in_sim: AtomicU32::new(0),
            away: AtomicU32::new(0),
            queue_woke: Mutex::default(),
        }))
    }

    fn until(&self, until: Timestamp, who: Who) -> BoxFuture<'static, ()> {
        *self.0.wakes.lock().expect("no panic").entry(until).or_default() += 1;
        match who {
            Who::Sim => drop(self.0.in_sim.fetch_add(1, Ordering::SeqCst)),
            Who::Queue => *self.0.queue_woke.lock().expect("no panic") = None,
            Who::Caller => drop(self.0.away.fetch_add(1, Ordering::SeqCst)),
        }
        let sleeper = Sleeper { time: self.clone(), until, who };
        Box::pin(async move {
            let mut moves = sleeper.time.0.now.subscribe();
            let _ = moves.wait_for(|now| *now >= until).await;
        })
    }

    // Whether all whose time has come are up and have gone on to wait.
    fn nobody_wakes(&self, queued: u32) -> bool {
        let now = Clock::now(self);
        // A queue whose first waits for calls under way does not go to sleep again: it is given a while.
        let queue = self.0.queue_woke.lock().expect("no panic");
        let queue_is_up = queue.is_some_and(|woke| woke.elapsed() < Duration::from_millis(10));
        let wakes = self.0.wakes.lock().expect("no panic");
        !(queue_is_up && queued > 0) && wakes.keys().next().is_none_or(|first| *first > now)
    }

    // On to where the next one wakes, by a second at most.
    fn jump(&self) {
        let now = Clock::now(self);
        let next = self.0.wakes.lock().expect("no panic").keys().find(|at| **at > now).copied();
        let next = next.unwrap_or(now + Duration::from_secs(1)).min(now + Duration::from_secs(1));
        if let Some(woke) = self.0.queue_woke.lock().expect("no panic").as_mut() {
            *woke = Instant::now();
        }
        self.0.now.send_replace(next);
    }
}

impl Clock for Time {
    fn now(&self) -> Timestamp {
        *self.0.now.borrow()
    }

    fn sleep_until(&self, time: Timestamp) -> Sleep<'_> {
        self.until(time, Who::Queue)
    }
}

impl SimClock for Time {
    fn now_ms(&self) -> i64 {
        Clock::now(self).micros() / 1_000
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        self.until(Clock::now(self) + duration, Who::Sim)
    }
}

/// One of the three runs.
struct Run {
    name: &'static str,
    bucket: &'static str,
    limits: Limits,
    /// The hard limits that the simulator enforces.
    hard: RateLimits,
    /// Words of the questions: from, to.
    words: (usize, usize),
    script: String,
    /// The configured rate that has to be used.
    rate: u64,
}

const CALLERS: u32 = 12;
const LOW: u32 = 2;
const HALF: Duration = Duration::from_mins(30);

fn configured() -> Limits {
    Limits {
        requests_per_minute: 45,
        input_tokens_per_minute: 30_000,
        output_tokens_per_minute: 8_000,
        max_input_tokens: 8_000,
        max_output_tokens: 2_000,
        ..limits(1_000_000_000_000)
    }
}

fn hard() -> RateLimits {
    RateLimits {
        requests_per_minute: Some(45),
        input_tokens_per_minute: Some(30_000),
        output_tokens_per_minute: Some(8_000),
    }
}

fn answers(output_tokens: &[u64]) -> String {
    let items: Vec<_> =
        output_tokens.iter().map(|n| serde_json::json!({"usage": {"output_tokens": n}})).collect();
    serde_json::json!({"items": items, "repeat": true}).to_string()
}

fn simulator(outer: &Runtime, run: &Run, time: &Time) -> SimHandle {
    let config = SimConfig {
        rate_limits: HashMap::from([("*".to_owned(), run.hard.clone())]),
        script: Script::from_json(&run.script).expect("a script"),
        latency: Latency {
            first_byte_ms: Span::Range([100, 400]),
            duration_ms: Span::Range([300, 1_000]),
            ..Latency::default()
        },
        tokens_per_event: 16,
        ..SimConfig::default()
    };
    outer.block_on(Sim::start_with_clock(config, Arc::new(time.clone()))).expect("a simulator")
}

/// What the callers of one life of the host saw.
#[derive(Default)]
struct Seen {
    answered: AtomicU32,
    /// This life of the host is over: what its tasks meet while they are ended one by one says nothing.
    over: AtomicBool,
    failed: Mutex<Vec<String>>,
    /// How long calls of each priority took until their answer, in seconds.
    took: Mutex<Vec<(Priority, u64)>>,
}

/// One who asks: a question after the other, each a job of its own by its time of arrival.
struct Caller {
    number: u32,
    priority: Priority,
    /// How many questions; without it, for ever.
    times: Option<u32>,
    words: (usize, usize),
}

async fn asks(caller: Caller, gateway: Gateway, job: anvil_store::Claimed, time: Time, seen: Arc<Seen>) {
    let Caller { number, priority, times, words } = caller;
    for turn in 0..times.unwrap_or(u32::MAX) {
        let since = Clock::now(&time);
        let length = words.0 + (turn as usize * 7 + number as usize * 13) % (words.1 - words.0 + 1);
        let mut question = ask(&job, number * 100_000 + turn, &"several words of text ".repeat(length));
        question.terms.priority = priority;
        question.terms.since = since;
        question.request.max_output_tokens = Some(2_000);
        loop {
            match gateway.call(question.clone()).wait().await {
                CallEnd::Answered { answer: Ok(_), at } => {
                    seen.answered.fetch_add(1, Ordering::SeqCst);
                    seen.took.lock().expect("no panic").push((priority, at.since(since).as_secs()));
                    break;
                }
                CallEnd::Park(wait) => {
                    time.until(wait.until.expect("a time"), Who::Caller).await;
                }
                _ if seen.over.load(Ordering::SeqCst) => return,
                end => {
                    seen.failed.lock().expect("no panic").push(format!("{end:?}"));
                    break;
                }
            }
        }
        // A critical job comes twice a minute.
        if priority == Priority::Critical {
            time.until(Clock::now(&time) + Duration::from_secs(30), Who::Caller).await;
        }
    }
    // It has no more to ask.
    time.until(Clock::now(&time) + 4 * HALF, Who::Caller).await;
}

// Half an hour of one life of the host, which then dies in the middle of its calls.
fn life(run: &Run, setting: &Setting, time: &Time, url: &str, folder: &std::path::Path) -> Arc<Seen> {
    let runtime = Runtime::new().expect("a runtime");
    let seen = Arc::new(Seen::default());
    runtime.block_on(async {
        let store: Arc<dyn Store> = store(folder, &run.limits, &setting.clock);
        let job = claimed(store.as_ref(), time).await;
        let gateway = Gateway::start(setting.config(url.to_owned()), store, setting.clock.clone());
        let gateway = gateway.await.expect("a gateway");
        let end = Clock::now(time) + HALF;
        for number in 0..CALLERS {
            let (priority, times) = match number {
                0 => (Priority::Critical, None),
                n if n <= LOW => (Priority::Low, Some(1)),
                _ => (Priority::Normal, None),
            };
            let (gateway, job, time) = (gateway.clone(), job.clone(), time.clone());
            let caller = Caller { number, priority, times, words: run.words };
            tokio::spawn(asks(caller, gateway, job, time, seen.clone()));
        }
        while Clock::now(time) < end {
            everybody_waits(&gateway, time).await;
            time.jump();
        }
    });
    seen.over.store(true, Ordering::SeqCst);
    runtime.shutdown_timeout(Duration::from_secs(5));
    seen
}

// Each caller waits in the gateway's queue, in the simulator, or away from both.
async fn everybody_waits(gateway: &Gateway, time: &Time) {
    let began = Instant::now();
    let mut still = 0;
    while still < 3 {
        let in_sim = time.0.in_sim.load(Ordering::SeqCst);
        let queued = gateway.report().waiting;
        let waiting = queued + in_sim + time.0.away.load(Ordering::SeqCst);
        still = if waiting == CALLERS && time.nobody_wakes(queued) { still + 1 } else { 0 };
        tokio::task::yield_now().await;
        assert!(began.elapsed() < Duration::from_mins(1), "stuck: {waiting} of {CALLERS} wait");
    }
}

fn hour(run: &Run) {
    let time = Time::new();
    let outer = Runtime::new().expect("a runtime");
    let sim = simulator(&outer, run, &time);
    let folder = TempDir::new().expect("a folder");
    let setting = Setting {
        limits: run.limits.clone(),
        burst: 5,
        first_byte: Duration::from_mins(2),
        clock: Arc::new(time.clone()),
        ..Setting::script("[]")
    };
    let began = Instant::now();
    let lives = [(); 2].map(|()| life(run, &setting, &time, &sim.base_url(), folder.path()));
    let uses: Vec<LimitUse> = sim.limit_use();
    let log = sim.log(0, 100_000);
    let in_the_hour = match run.bucket {
        "requests" => log.len() as u64,
        "input-tokens" => {
            log.iter().filter_map(|call| call.usage.as_ref()).map(|usage| usage.input_tokens).sum()
        }
        _ => log.iter().filter_map(|call| call.usage.as_ref()).map(|usage| usage.output_tokens).sum(),
    };
    let share = in_the_hour * 1_000 / (run.rate * 60);
    println!(
        "{}: {in_the_hour} in the hour, {}.{} % of the configured {} a minute; {:?} for the hour",
        run.name,
        share / 10,
        share % 10,
        run.rate,
        began.elapsed(),
    );
    for row in &uses {
        println!(
            "  {}: fullest sliding minute {} of {}, {} refused",
            row.bucket, row.fullest_minute, row.limit, row.refused
        );
    }
    for seen in &lives {
        let took = seen.took.lock().expect("no panic");
        for priority in [Priority::Critical, Priority::Normal, Priority::Low] {
            let mut times: Vec<_> = took.iter().filter(|(p, _)| *p == priority).map(|(_, s)| *s).collect();
            times.sort_unstable();
            let middle = times.get(times.len() / 2);
            println!(
                "  {priority:?}: {} calls, median {middle:?} s, slowest {:?} s",
                times.len(),
                times.last()
            );
        }
    }
    for seen in &lives {
        assert_eq!(*seen.failed.lock().expect("no panic"), [""; 0]);
        let took = seen.took.lock().expect("no panic");
        let median = |priority| {
            let mut times: Vec<_> = took.iter().filter(|(p, _)| *p == priority).map(|(_, s)| *s).collect();
            times.sort_unstable();
            times[times.len() / 2]
        };
        assert!(median(Priority::Critical) < median(Priority::Normal), "critical calls overtake");
        let low = took.iter().filter(|(priority, _)| *priority == Priority::Low).count();
        assert_eq!(low, LOW as usize, "low calls finish");
    }
    for row in &uses {
        assert_eq!(row.refused, 0, "{row:?}");
        assert!(row.fullest_minute <= row.limit, "{row:?}");
    }
    assert!(log.iter().all(|call| call.status != Some(429)));
    assert!(share >= 950, "{share} per mille");
}

#[test]
fn an_hour_at_the_limit_of_requests() {
    hour(&Run {
        name: "requests",
        bucket: "requests",
        limits: configured(),
        hard: hard(),
        words: (5, 25),
        script: answers(&[40, 60, 80]),
        rate: 45,
    });
}

#[test]
fn an_hour_at_the_limit_of_input_tokens() {
    hour(&Run {
        name: "input tokens",
        bucket: "input-tokens",
        limits: configured(),
        hard: hard(),
        words: (100, 200),
        script: answers(&[40, 60, 80]),
        rate: 30_000,
    });
}

#[test]
fn an_hour_at_the_limit_of_output_tokens() {
    hour(&Run {
        name: "output tokens",
        bucket: "output-tokens",
        limits: configured(),
        hard: hard(),
        words: (5, 25),
        script: answers(&[180, 260, 210, 300, 240, 220, 280, 250]),
        rate: 8_000,
    });
}
