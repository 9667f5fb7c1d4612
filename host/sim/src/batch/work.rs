//! Batches are worked off by the simulator's clock.
//!
//! Each item has its time, and is answered as at that time however late it is come to; so a clock that is driven ahead
//! by hours does in a moment what was due meanwhile, in its order.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::item::{Answered, Turn, answer};
use super::message_batch::{Due, MessageBatch};
use super::shelf::{Shelved, lock};
use crate::fault::of_status;
use crate::state::Shared;

/// Items that are answered before others may look at the batch.
const STEP: usize = 32;
/// The longest that a request waits for what is due by its time.
const PATIENCE: Duration = Duration::from_secs(1);

/// Works all batches off, for ever.
pub(crate) async fn work_off(shared: Arc<Shared>) {
    loop {
        let news = shared.batch_news.notified();
        let now_ms = shared.clock.now_ms();
        let next = shared.shelf().next_due();
        match next {
            None => news.await,
            Some((at_ms, _)) if at_ms > now_ms => {
                let wait = Duration::from_millis(at_ms.abs_diff(now_ms));
                tokio::select! {
                    () = news => {}
                    () = shared.clock.sleep(wait) => {}
                }
            }
            Some((_, batch)) => step(&shared, batch, now_ms).await,
        }
    }
}

/// Answers what is due by now, so that who asks sees the batch as it is at this time. Of a large batch whose items are
/// many behind, it is seen as far as it has come.
pub(super) async fn catch_up(shared: &Arc<Shared>, batch: &Shelved) {
    let begun = Instant::now();
    let now_ms = shared.clock.now_ms();
    let behind = || lock(batch).due().is_some_and(|due| due.at_ms() <= now_ms);
    while behind() && begun.elapsed() < PATIENCE {
        step(shared, Arc::clone(batch), now_ms).await;
    }
}

/// A few items, on a thread that may take its time.
async fn step(shared: &Arc<Shared>, batch: Shelved, now_ms: i64) {
    let (shared, worked) = (Arc::clone(shared), Arc::clone(&batch));
    let done = tokio::task::spawn_blocking(move || {
        let cache_hits = shared.shelf().settings().cache_hits;
        let mut batch = lock(&worked);
        for _ in 0..STEP {
            match batch.due() {
                Some(due) if due.at_ms() <= now_ms => work(&shared, &mut batch, due, cache_hits),
                _ => return,
            }
        }
    });
    if done.await.is_err() {
        // An item that makes the simulator panic is answered with an error, and does not come up again.
        let mut batch = lock(&batch);
        if let Some(Due::Item { at_ms, .. }) = batch.due() {
            let failed = Answered::error(&of_status(500));
            batch.finish(failed.verdict, &failed.result, at_ms);
        }
    }
}

fn work(shared: &Shared, batch: &mut MessageBatch, due: Due, cache_hits: f64) {
    let (index, at_ms) = match due {
        Due::Rest { verdict, at_ms } => return batch.give_up(verdict, at_ms),
        Due::Item { index, at_ms } => (index, at_ms),
    };
    let answered = match batch.params(index) {
        Ok(params) => {
            let number = (batch.number, index);
            let custom_id = batch.custom_id(index);
            answer(
                shared,
                &Turn { strict: batch.strict, custom_id, params: &params, number, at_ms, cache_hits },
            )
        }
        Err(_) => Answered::error(&of_status(500)),
    };
    batch.nano_dollars += answered.nano_dollars;
    batch.finish(answered.verdict, &answered.result, at_ms);
}
