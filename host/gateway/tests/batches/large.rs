//! A batch of many calls is sent and read as a stream.

use crate::{RULE, with};
use anvil_budget::BatchRule;
use anvil_types::Nanodollars;
use futures_util::stream::{self, StreamExt as _};
use std::time::{Duration, Instant};

/// Of a batch in CI.
const CALLS: u32 = 2_000;
/// The most memory that it may take beside what was there, MiB.
const MOST_MIB: u64 = 100;

/// What this process has in memory, MiB; nothing where the system does not tell.
fn resident_mib() -> u64 {
    let pages = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages: u64 = pages.split(' ').nth(1).and_then(|pages| pages.parse().ok()).unwrap_or(0);
    pages * 4 / 1_024
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_large_batch_goes_as_a_stream_and_costs_what_the_bill_says() {
    let wanted = std::env::var("ANVIL_TEST_BATCH_CALLS").ok();
    let calls = wanted.map_or(CALLS, |wanted| wanted.parse().expect("a number of calls"));
    let scene = with(r#"{"items": ["a few words"], "repeat": true}"#, |setting| {
        setting.batches = Some(BatchRule { calls: u64::from(calls), ..RULE });
        setting.sim.batches.items_per_minute = 100_000_000;
    })
    .await;
    let before = resident_mib();
    let began = Instant::now();
    let text = "words ".repeat(170);
    stream::iter(0..calls)
        .map(|position| scene.gather(position, &text))
        .buffer_unordered(64)
        .collect::<Vec<()>>()
        .await;
    let gathered = began.elapsed();
    let (mut most, longest) = (0, Duration::from_mins(20));
    loop {
        most = most.max(resident_mib().saturating_sub(before));
        let totals = scene.totals().await;
        if totals.held == Nanodollars::ZERO {
            break;
        }
        assert!(began.elapsed() < gathered + longest, "{totals:?}");
        tokio::time::sleep(Duration::from_millis(50)).await;
        scene.clock.drive(Duration::from_secs(10), None);
    }
    let totals = scene.totals().await;
    assert_eq!((totals.batched, totals.settled), (u64::from(calls), scene.billed()));
    assert_eq!((scene.sim.batches().len(), scene.sim.bill().batch_calls), (1, u64::from(calls)));
    println!(
        "{calls} calls: gathered in {gathered:?}, ended after {:?}, {most} MiB more than before",
        began.elapsed()
    );
    assert!(most < MOST_MIB, "{most} MiB more than before");
}
