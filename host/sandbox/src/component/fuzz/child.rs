//! The process that reads the files.

use super::originals;
use crate::processor::thread_time;
use anvil_fuzz::{Mutant, Mutants};
use rustix::process::{Resource, Rlimit, setrlimit};
use std::cell::Cell;
use std::collections::BTreeMap;
use std::os::unix::fs::FileExt as _;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// The variable that says how many files it reads.
pub(super) const COUNT: &str = "ANVIL_TEST_MUTANTS_CHILD";
/// The variable that names the file into which it writes what it is at, for whoever finds it ended by the system.
pub(super) const DIARY: &str = "ANVIL_TEST_MUTANTS_DIARY";
/// The most memory that it may have for all its threads, in bytes.
pub(super) const MEMORY: u64 = 256 << 20;
/// The most time on a processor that one file may take.
const TIME: Duration = Duration::from_secs(5);
/// How long one file may take by the wall, on a machine that is busy with others.
const PATIENCE: Duration = Duration::from_mins(2);

thread_local! {
    /// Where the last panic was, and its message.
    static PLACE: Cell<String> = const { Cell::new(String::new()) };
}

/// What was seen of some files.
#[derive(Default)]
struct Seen {
    /// How many came to what.
    came_to: BTreeMap<&'static str, u64>,
    /// Those that broke something, and how.
    broke: Vec<String>,
    /// The file that took longest.
    slowest: (Duration, String),
}

impl Seen {
    fn read(&mut self, mutant: &Mutant) {
        let before = thread_time();
        let read = catch_unwind(AssertUnwindSafe(|| super::read(&mutant.bytes)));
        let took = thread_time().saturating_sub(before);
        match read {
            Ok(name) => *self.came_to.entry(name).or_default() += 1,
            Err(_) => self.broke.push(format!("{mutant} panicked {}", PLACE.take())),
        }
        if took > TIME {
            self.broke.push(format!("{mutant} took {took:?}"));
        }
        if took > self.slowest.0 {
            self.slowest = (took, mutant.to_string());
        }
    }
}

/// What a thread is at.
struct Now {
    /// The file's number.
    number: AtomicU64,
    /// When it was begun, in milliseconds from the start.
    since: AtomicU64,
}

/// The numbers of the files that its threads were at, out of what it wrote down.
pub(super) fn last(written: &[u8]) -> Vec<u64> {
    written.chunks_exact(8).filter_map(|number| Some(u64::from_le_bytes(number.try_into().ok()?))).collect()
}

/// What the test beside it starts; run by hand it has nothing to do.
#[test]
fn the_child() {
    let Some(count) = std::env::var(COUNT).ok().and_then(|text| text.parse::<u64>().ok()) else { return };
    setrlimit(Resource::Data, Rlimit { current: Some(MEMORY), maximum: Some(MEMORY) }).expect("a bound");
    setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) }).expect("no core file");
    let diary = std::fs::File::create(std::env::var_os(DIARY).expect("a name")).expect("a file");
    std::panic::set_hook(Box::new(|panic| PLACE.set(panic.to_string())));
    let mutants = Mutants::of(originals::all());
    println!("{count} files, ANVIL_TEST_FUZZ_SEED={}", mutants.seed());
    let threads = std::thread::available_parallelism().map_or(1, |threads| threads.get() as u64);
    let (began, diary) = (Instant::now(), &diary);
    let now: Vec<_> =
        (0..threads).map(|_| Now { number: AtomicU64::new(0), since: AtomicU64::new(0) }).collect();
    let seen = std::thread::scope(|scope| {
        let working: Vec<_> = (0..threads)
            .map(|thread| {
                let (mutants, now) = (&mutants, &now[usize::try_from(thread).unwrap_or(0)]);
                let numbers = (thread..count).step_by(usize::try_from(threads).unwrap_or(1));
                scope.spawn(move || {
                    let mut seen = Seen::default();
                    for number in numbers {
                        let since = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
                        now.since.store(since, Ordering::Relaxed);
                        now.number.store(number, Ordering::Relaxed);
                        diary.write_all_at(&number.to_le_bytes(), thread * 8).expect("it is written down");
                        seen.read(&mutants.nth(number));
                    }
                    seen
                })
            })
            .collect();
        watch(&working, &now, &mutants, began);
        working
            .into_iter()
            .map(|thread| thread.join().expect("what a file breaks is caught"))
            .collect::<Vec<_>>()
    });
    let mut came_to = BTreeMap::<_, u64>::new();
    for (name, count) in seen.iter().flat_map(|seen| &seen.came_to) {
        *came_to.entry(*name).or_default() += count;
    }
    for (name, count) in &came_to {
        println!("  {name} {count}");
    }
    let slowest = seen.iter().map(|seen| &seen.slowest).max().expect("a thread");
    println!(
        "in {:?} on {threads} threads; the slowest took {:?}: {}",
        began.elapsed(),
        slowest.0,
        slowest.1
    );
    println!("memory: at most {} KiB resident, bound {} KiB", peak_kib(), MEMORY >> 10);
    drop(std::panic::take_hook());
    let broke: Vec<_> = seen.iter().flat_map(|seen| &seen.broke).collect();
    assert!(broke.is_empty(), "{} files broke something: {broke:#?}", broke.len());
    assert_eq!(came_to.values().sum::<u64>(), count, "each came to something");
}

/// Names the file that never ends.
fn watch<T>(
    working: &[std::thread::ScopedJoinHandle<'_, T>],
    now: &[Now],
    mutants: &Mutants,
    began: Instant,
) {
    while working.iter().any(|thread| !thread.is_finished()) {
        for (thread, now) in working.iter().zip(now).filter(|(thread, _)| !thread.is_finished()) {
            let since = Duration::from_millis(now.since.load(Ordering::Relaxed));
            if began.elapsed().saturating_sub(since) > PATIENCE {
                let mutant = mutants.nth(now.number.load(Ordering::Relaxed));
                eprintln!("{mutant} does not end ({:?})", thread.thread().id());
                std::process::exit(1);
            }
        }
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// The most memory that this process had in use.
fn peak_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or(0)
}
