//! Instances that are made ahead of jobs: what a job finds in one is what it would have found in its own.

use crate::bench::{Bench, broke, catalog_settings, host, result};
use anvil_sandbox::testing::{
    Answer, GuestBuilder, ProgramBuilder, Recorder, hostile, small_engine, small_limits,
};
use anvil_sandbox::{
    AttemptEnd, AttemptLimits, CancellationToken, Catalog, EngineCount, EngineSettings, Sandbox,
    SandboxSettings,
};
use anvil_types::{AgentState, Json};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::runtime::Handle;

/// As many as the engine has places for.
const MOST: usize = 8;

impl Bench {
    /// How many instances stand ready.
    fn ready(&self) -> usize {
        self.sandbox.made_ahead().0
    }

    /// How many jobs have taken one.
    fn taken(&self) -> u64 {
        self.sandbox.made_ahead().1
    }

    /// Runs jobs of an agent until so many instances stand ready, one of them its own. None is made after a job that
    /// waited long for its own, as on a machine that does other things too.
    async fn prepare(&self, name: &str, limits: AttemptLimits, ready: usize) {
        for _ in 0..20 {
            if self.ready() == ready {
                return;
            }
            self.run(name, &host(), limits).await;
            self.waits(|| self.ready() == ready).await;
        }
        panic!("no instance of {name} is made ahead");
    }

    /// Whether something comes to hold within some seconds.
    async fn waits(&self, holds: impl Fn() -> bool) -> bool {
        let began = Instant::now();
        while !holds() {
            if began.elapsed() > Duration::from_secs(5) {
                return false;
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        true
    }

    /// Runs jobs of an agent, and none is made ahead of any of them.
    async fn never(&self, name: &str, limits: AttemptLimits) -> AttemptEnd {
        let before = self.sandbox.made_ahead();
        for _ in 0..4 {
            self.run(name, &host(), limits).await;
            tokio::time::sleep(Duration::from_millis(30)).await;
            assert_eq!(self.sandbox.made_ahead(), before, "{name}");
        }
        self.run(name, &host(), limits).await
    }
}

/// A guest that traps in a job that is not its instance's first, and else logs a line and draws a number.
fn once() -> GuestBuilder {
    GuestBuilder::new(
        "once",
        r#"(global $runs (mut i32) (i32.const 0))
        (data (i32.const 256) "drawn")
        (func $run (param i32 i32 i32 i32 i32 i32) (result i32)
          (if (i32.or (global.get $runs) (i32.load (i32.const 320))) (then unreachable))
          (global.set $runs (i32.const 1))
          (i32.store (i32.const 320) (i32.const 1))
          (call $log (i32.const 1) (i32.const 256) (i32.const 5))
          (call $number (call $random)))"#,
    )
}

/// A guest whose start is this, and which answers with what that left at 320.
fn starting(name: &str, start: &str) -> GuestBuilder {
    GuestBuilder::new(
        name,
        &format!(
            r#"(func (export "_initialize") {start})
            (func $run (param i32 i32 i32 i32 i32 i32) (result i32) (call $number (i64.load (i32.const 320))))"#
        ),
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn the_next_job_takes_one_and_finds_nothing_of_a_job_before() {
    let bench = Bench::with(&[once()]).await;
    let fresh = Arc::new(Recorder::new(2, Answer::Never));
    let own = bench.measure("once", &fresh, small_limits()).await;
    bench.prepare("once", small_limits(), 1).await;
    let taken = bench.taken();
    let first = Arc::new(Recorder::new(1, Answer::Never));
    let one = bench.measure("once", &first, small_limits()).await;
    assert_eq!(bench.taken(), taken + 1);
    assert!(bench.waits(|| bench.ready() == 1).await, "the next is made");
    let second = Arc::new(Recorder::new(2, Answer::Never));
    let other = bench.measure("once", &second, small_limits()).await;
    assert_eq!(bench.taken(), taken + 2);
    assert_ne!(result(&one.end), result(&other.end), "each job has its own numbers");
    assert_eq!(other.end, own.end, "and the same as in an instance of its own");
    assert_eq!((first.log_lines().len(), second.log_lines()), (1, fresh.log_lines()));
    assert_eq!(other.used.memory_bytes, own.used.memory_bytes);
    assert_eq!((other.used.log_lines, other.used.table_elements), (1, own.used.table_elements));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guest_ends_in_one_as_in_its_own_whatever_it_does() {
    let limits = AttemptLimits { cpu_time: Duration::from_millis(300), ..small_limits() };
    let names = [
        "draws-a-number",
        "eats-memory",
        "eats-memory-in-two-memories",
        "exits",
        "fails",
        "floods-artifacts",
        "floods-stdout",
        "floods-the-log",
        "grows-tables",
        "hoards-resources",
        "logs-a-huge-value",
        "recurses",
        "returns-a-huge-value",
        "spins-forever",
        "sums-its-files",
        "tells-the-time",
        "traps",
    ];
    for name in names {
        let bench = Bench::of(name).await;
        let told = async || {
            let host = host();
            let ran = bench.measure(name, &host, limits).await;
            let used =
                (ran.used.memory_bytes, ran.used.table_elements, ran.used.log_lines, ran.used.log_bytes);
            (ran.end, used, host.log_lines(), host.artifacts())
        };
        let own = told().await;
        bench.prepare(name, limits, 1).await;
        let taken = bench.taken();
        assert_eq!(told().await, own, "{name}");
        assert_eq!(bench.taken(), taken + 1, "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guest_in_one_is_stopped_within_a_tick_too() {
    let limits = AttemptLimits { cpu_time: Duration::from_millis(100), ..small_limits() };
    let bench = Bench::of("spins-forever").await;
    bench.prepare("spins-forever", limits, 1).await;
    let cancel = CancellationToken::new();
    let (plugin, null, taken) = (bench.plugin("spins-forever"), Json::null(), bench.taken());
    let attempt = bench.sandbox.run(&plugin, "run", &null, host(), limits, &cancel);
    let mut attempt = std::pin::pin!(attempt);
    tokio::select! {
        ran = &mut attempt => panic!("it ended by itself: {ran:?}"),
        () = tokio::time::sleep(Duration::from_millis(30)) => cancel.cancel(),
    }
    let began = Instant::now();
    assert!(matches!(attempt.await.end, AttemptEnd::Stopped(_)));
    assert!(began.elapsed() < Duration::from_millis(250), "it took {:?}", began.elapsed());
    assert_eq!(bench.taken(), taken + 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_was_made_within_other_limits_is_not_taken() {
    let bench = Bench::with(&[GuestBuilder::quiet("quiet")]).await;
    bench.prepare("quiet", small_limits(), 1).await;
    let taken = bench.taken();
    let less = AttemptLimits { memory_bytes: 100_000, ..small_limits() };
    let end = bench.run("quiet", &host(), less).await;
    let AttemptEnd::Broke(error) = &end else { panic!("{end:?}") };
    assert_eq!((broke(&end), bench.taken()), ("memory", taken));
    assert_eq!(
        error.message,
        "the guest wants 128 KiB of memory in all; its limit is 97.6 KiB (`sandbox.memory_mb`, `agents.NAME.memory_mb`)"
    );
    assert_eq!(bench.ready(), 0, "nobody has those limits any more");
    bench.prepare("quiet", AttemptLimits { log_lines: 5, ..small_limits() }, 1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_asks_in_its_start_is_never_made_ahead() {
    let starts = [
        ("random", "(i64.store (i32.const 320) (call $random))"),
        ("insecure", "(i64.store (i32.const 320) (call $insecure_random))"),
        ("monotonic", "(i64.store (i32.const 320) (call $monotonic_clock))"),
        ("wall", "(call $wall_clock (i32.const 320))"),
        ("arguments", "(call $arguments (i32.const 64))"),
        ("stdout", "(drop (call $stdout))"),
        ("pollable", "(call $drop (call $subscribe_duration (i64.const 1)))"),
        ("sleep", "(call $block (call $subscribe_duration (i64.const 1)))"),
    ];
    let mut guests: Vec<_> = starts.iter().map(|(name, start)| starting(name, start)).collect();
    guests.push(starting("nothing", "(i64.store (i32.const 320) (i64.const 7))"));
    let bench = Bench::with(&guests).await;
    for (name, _) in starts {
        bench.never(name, small_limits()).await;
    }
    bench.prepare("nothing", small_limits(), 1).await;
    assert_eq!(result(&bench.run("nothing", &host(), small_limits()).await), "7", "its start has run");
    // The number that a start draws is the job's.
    let of_job = async |job| {
        let host = Arc::new(Recorder::new(job, Answer::Never));
        result(&bench.run("random", &host, small_limits()).await).to_owned()
    };
    assert_eq!(of_job(1).await, of_job(1).await);
    assert_ne!(of_job(1).await, of_job(2).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_takes_long_or_much_to_start_is_never_made_ahead() {
    let grows = "(drop (memory.grow $memory (i32.const 80)))";
    // A hundred milliseconds or more, of which a tick is ten.
    let computes = "(local $n i32) (local.set $n (i32.const 500000000))
        (loop $on (br_if $on (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))";
    let bench = Bench::with(&[starting("grows", grows), starting("computes", computes)]).await;
    for name in ["grows", "computes"] {
        assert_eq!(result(&bench.never(name, small_limits()).await), "0");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_made_ahead_of_a_job_runs_as_before() {
    let program = ProgramBuilder::new("program").say("{\"done\":1}").core_module();
    let bench = Bench::holding(vec![program]).await;
    assert_eq!(result(&bench.never("program", small_limits()).await), "1");
    // What counts instructions counts those of a start too.
    let folders = bench.end();
    let engine = EngineSettings { count: EngineCount::Fuel, ..small_engine() };
    let sandbox = Sandbox::new(SandboxSettings { engine, guest_threads: 1 }, Handle::current()).unwrap();
    std::fs::write(folders.path().join("drop/quiet.wasm"), GuestBuilder::quiet("quiet").component()).unwrap();
    let catalog = Catalog::start(sandbox.clone(), catalog_settings(folders.path())).unwrap();
    catalog.settled().await;
    let bench = Bench { sandbox, catalog, folders };
    bench.line("quiet.wasm", AgentState::Ready).await;
    assert_eq!(result(&bench.never("quiet", small_limits()).await), "true");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_version_that_is_not_in_force_any_more_has_none() {
    let bench = Bench::with(&[GuestBuilder::quiet("agent")]).await;
    bench.prepare("agent", small_limits(), 1).await;
    bench.catalog.set_enabled("agent", false);
    assert_eq!(bench.ready(), 0, "it is switched off");
    bench.never("agent", small_limits()).await;
    bench.catalog.set_enabled("agent", true);
    bench.prepare("agent", small_limits(), 1).await;
    let old = bench.plugin("agent");
    bench.put("0.wasm", &GuestBuilder::quiet("agent").version("1.1.0").component());
    let began = Instant::now();
    while bench.plugin("agent").info.version != "1.1.0" {
        assert!(began.elapsed() < Duration::from_secs(30));
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(bench.ready(), 0, "it is replaced");
    // A job that began on the old version goes on with it.
    for _ in 0..3 {
        let ran = bench
            .sandbox
            .run(&old, "run", &Json::null(), host(), small_limits(), &CancellationToken::new())
            .await;
        assert_eq!(result(&ran.end), "true");
        tokio::time::sleep(Duration::from_millis(30)).await;
        assert_eq!(bench.ready(), 0);
    }
    bench.prepare("agent", small_limits(), 1).await;
    std::fs::remove_file(bench.file("0.wasm")).unwrap();
    bench.line("0.wasm", AgentState::Retired).await;
    assert_eq!(bench.ready(), 0, "it is gone");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_plugins_the_latest_have_one_and_jobs_have_all_slots() {
    let named = |n: usize| format!("quiet-{n}");
    let mut guests: Vec<_> = (0..MOST + 2).map(|n| GuestBuilder::quiet(&named(n))).collect();
    guests.push(hostile("asks-claude"));
    let bench = Arc::new(Bench::with(&guests).await);
    for n in 0..MOST {
        bench.prepare(&named(n), small_limits(), n + 1).await;
    }
    assert_eq!(bench.ready(), MOST);
    for n in MOST..MOST + 2 {
        // The one that has stood longest makes room for one that comes again sooner.
        let taken = bench.taken();
        for _ in 0..20 {
            bench.run(&named(n), &host(), small_limits()).await;
            if bench.taken() > taken {
                break;
            }
            tokio::time::sleep(Duration::from_millis(30)).await;
            assert!(bench.ready() <= MOST);
        }
        assert_eq!(bench.taken(), taken + 1);
    }
    assert!(bench.waits(|| bench.ready() == MOST).await);
    let taken = bench.taken();
    bench.run(&named(0), &host(), small_limits()).await;
    assert_eq!(bench.taken(), taken, "it is gone");
    // All slots are full of jobs while all places are, and those that stand are still taken.
    let slots = small_engine().max_instances as usize - 1;
    let hosts: Vec<_> = (0..slots).map(|job| Arc::new(Recorder::new(job as u128, Answer::Never))).collect();
    let cancel = CancellationToken::new();
    let jobs: Vec<_> = hosts
        .iter()
        .map(|host| {
            let (bench, host, cancel) = (Arc::clone(&bench), Arc::clone(host), cancel.clone());
            tokio::spawn(async move {
                let plugin = bench.plugin("asks-claude");
                bench.sandbox.run(&plugin, "run", &Json::null(), host, small_limits(), &cancel).await.end
            })
        })
        .collect();
    assert!(bench.waits(|| hosts.iter().all(|host| host.requests().len() == 1)).await, "each has its slot");
    let taken = bench.taken();
    for n in 2..MOST + 2 {
        assert_eq!(result(&bench.run(&named(n), &host(), small_limits()).await), "true");
    }
    assert!(bench.taken() > taken);
    cancel.cancel();
    for job in jobs {
        assert!(matches!(job.await.unwrap(), AttemptEnd::Stopped(_)));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn versions_that_take_turns_keep_theirs_though_they_are_more_than_there_are_places() {
    const ROUNDS: u64 = 6;
    let named = |n: usize| format!("quiet-{n}");
    let guests: Vec<_> = (0..MOST + 2).map(|n| GuestBuilder::quiet(&named(n))).collect();
    let bench = Bench::with(&guests).await;
    let mut taken = 0;
    for round in 0..ROUNDS {
        taken = if round < 2 { bench.taken() } else { taken };
        for n in 0..MOST + 2 {
            bench.run(&named(n), &host(), small_limits()).await;
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
    // Those whose instance took long on a busy machine have none made ahead.
    let taken = bench.taken() - taken;
    assert!(taken > (ROUNDS - 2) * MOST as u64 / 2, "{taken} of {} jobs", (ROUNDS - 2) * (MOST as u64 + 2));
}

#[tokio::test]
async fn one_that_nothing_takes_is_given_back_after_a_minute() {
    let bench = Bench::with(&[GuestBuilder::quiet("quiet"), GuestBuilder::quiet("other")]).await;
    bench.prepare("quiet", small_limits(), 1).await;
    bench.prepare("other", small_limits(), 2).await;
    tokio::time::pause();
    tokio::time::advance(Duration::from_secs(50)).await;
    assert_eq!(bench.ready(), 2);
    tokio::time::advance(Duration::from_secs(11)).await;
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
    assert_eq!(bench.ready(), 0);
    tokio::time::resume();
    bench.prepare("quiet", small_limits(), 1).await;
}
