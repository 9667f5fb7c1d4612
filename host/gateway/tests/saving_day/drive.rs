//! Drives a day: whenever nothing is done any more, the clock goes on to the next moment at which somebody wakes.

use crate::host::DayHost;
use crate::mix::length;
use anvil_types::Clock as _;
use std::time::Duration;

/// How the clock is driven.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Steps {
    /// The longest step: what was not seen to be under way is late by no more, each time.
    pub(crate) longest: Duration,
    /// How often in a row nothing may have been done before it goes on.
    pub(crate) calm: u32,
}

/// How long the last jobs may take after the day's end.
const LONGEST_REST: Duration = Duration::from_hours(30);
/// Writes of a look whether anything is done; each commit looks at the clock.
const WRITES: u64 = 2;
/// Threads for what blocks: the store's reads, and the simulator's reading of a batch, which waits for some of them.
pub(crate) const BLOCKING: usize = 2;

/// Drives on, for ever: whoever waits for the day's end drops it.
pub(crate) async fn drive(host: &DayHost, steps: Steps) {
    let end = host.began + length(host.day.len()) + LONGEST_REST;
    loop {
        all_is_done(host, steps).await;
        let now = host.clock.now();
        let left = host.day.len() - host.took().len();
        assert!(now < end, "{left} jobs have not ended: {:?}", host.store.queue_counts().await);
        let next = host.clock.next().expect("somebody waits for a time");
        host.clock.go_to(next.min(now + steps.longest));
    }
}

// Nothing is done any more: what was sent to the store is durable, and nobody else has looked at the clock meanwhile.
async fn all_is_done(host: &DayHost, steps: Steps) {
    let mut calm = 0;
    while calm < steps.calm {
        let looks = host.clock.looks();
        // The store's writer comes to a write behind all that was sent before, and the threads that block to a read. Two
        // writes, so that who writes and reads in turn does not stay in step with this.
        for _ in 0..WRITES {
            host.store.resume(&[], None).await.expect("a write");
        }
        let reads: [_; BLOCKING] = std::array::from_fn(|_| host.store.next_due());
        for read in futures_util::future::join_all(reads).await {
            read.expect("a read");
        }
        tokio::task::yield_now().await;
        calm = if host.clock.looks() == looks + WRITES { calm + 1 } else { 0 };
    }
}
