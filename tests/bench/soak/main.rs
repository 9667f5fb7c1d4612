//! The host under load for as long as it takes: does anything of it grow?
//!
//! `make soak`. 200,000 jobs (`ANVIL_SOAK_JOBS`) of six agents in four languages, with calls, traps, questions to people,
//! children, and an agent's file that is replaced all the while, by good ones and bad ones in turn. Then the host has to be
//! as it was after a twentieth of the jobs: the same descriptors, tasks, threads and files of compiled code; and over the
//! second half its own memory (what it has written, and compiled code) must not have grown. The simulator is another process.

#[path = "../host.rs"]
mod host;
mod life;
#[path = "../load.rs"]
mod load;
mod mix;
mod watch;

use life::Life;
use load::load;
use std::process::ExitCode;
use std::time::{Duration, Instant};

/// Jobs of a soak.
const JOBS: u64 = 200_000;
/// The most that it may take from the first of them to the last, in proportion to their number.
const MOST: Duration = Duration::from_mins(15);
/// One part in this many of the jobs comes before the host's figures are taken the first time.
const WARM: u64 = 20;
/// Bytes that the host's own memory may grow with [`PER`] jobs.
const GROWTH: f64 = 1024.0 * 1024.0;
const PER: f64 = 50_000.0;

fn main() -> ExitCode {
    let jobs = std::env::var("ANVIL_SOAK_JOBS").map_or(JOBS, |jobs| jobs.parse().expect("a number of jobs"));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let exceeded = runtime.block_on(soak(jobs.max(1_000)));
    for one in &exceeded {
        println!("EXCEEDED: {one}");
    }
    if exceeded.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// What of the bounds was exceeded, in words.
async fn soak(jobs: u64) -> Vec<String> {
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    println!("soak of {jobs} jobs, {cores} cores, synchronous=FULL, at a load of {} when it began", load());
    // On the disk that the build is on: a temporary folder may be memory, which has nothing to sync.
    let folder = tempfile::TempDir::new_in(env!("CARGO_TARGET_TMPDIR")).expect("a folder");
    let mut life = Life::begin(folder.path()).await;
    life.work(jobs / WARM).await;
    life.settled().await;
    let before = life.footprint().await;
    println!("after {} jobs, at rest: {before}", life.finished());

    let (began, first) = (Instant::now(), life.finished());
    life.watch();
    life.work(jobs).await;
    let (took, done) = (began.elapsed(), life.finished() - first);
    let growth = life.growth(PER);
    life.settled().await;
    let after = life.footprint().await;
    println!("after {} jobs, at rest: {after}", life.finished());
    let rate = f64::from(u32::try_from(done).expect("fits")) / took.as_secs_f64();
    println!("{done} jobs in {:.1} s, {rate:.0} a second (load {})", took.as_secs_f64(), load());
    println!("{}", life.told());
    let [own, resident] = growth.map(|growth| growth / GROWTH);
    println!(
        "over the second half, with {PER} jobs: own memory {own:+.2} MiB, resident memory {resident:+.2} MiB"
    );

    let mut exceeded = before.exceeded_by(&after);
    if own >= 1.0 {
        exceeded.push(format!("the host's own memory grows by {own:.2} MiB with {PER} jobs, not below 1"));
    }
    let most = MOST.mul_f64(
        f64::from(u32::try_from(jobs).expect("fits")) / f64::from(u32::try_from(JOBS).expect("fits")),
    );
    if took > most {
        exceeded.push(format!("it took {:.0} s, more than {:.0} s", took.as_secs_f64(), most.as_secs_f64()));
    }
    exceeded.extend(life.missed());
    exceeded
}
