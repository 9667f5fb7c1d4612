//! A guest's way on one lane: from when it can go on until it waits, ends, or has to change lanes.

use super::purse::Purse;
use super::{CpuMeter, Lane};
use crate::processor::thread_time;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::time::Instant;
use tokio::sync::Notify;

/// A guest between its legs.
pub(super) struct Runner<T> {
    pub(super) future: Pin<Box<dyn Future<Output = T> + Send>>,
    pub(super) purse: Purse,
    pub(super) meter: Arc<CpuMeter>,
    pub(super) bell: Arc<Bell>,
}

/// What a waiting guest is woken with. It is heard on the host's runtime, not by the lane on which
/// the guest last ran, so that the lane on which it goes on can be chosen then.
#[derive(Debug, Default)]
pub(super) struct Bell(Notify);

impl Bell {
    pub(super) async fn rung(&self) {
        self.0.notified().await;
    }
}

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.0.notify_one();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.0.notify_one();
    }
}

/// How a leg ends.
pub(super) enum Turn<T> {
    /// The guest ended.
    Finished(T),
    /// Its time on a processor is spent.
    OutOfTime,
    /// It waits for its bell, since then.
    Waits(Runner<T>, Instant),
    /// Its purse is empty; it has more to compute.
    Demoted(Runner<T>),
}

/// A guest on its way on one lane.
pub(super) struct Leg<T> {
    pub(super) guest: Option<Runner<T>>,
    pub(super) lane: Lane,
}

impl<T> Future for Leg<T> {
    type Output = Turn<T>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Turn<T>> {
        let lane = self.lane;
        let mut guest = self.guest.take().expect("a leg is not polled after it ended");
        let waker = Waker::from(Arc::clone(&guest.bell));
        let before = thread_time();
        let poll = guest.future.as_mut().poll(&mut Context::from_waker(&waker));
        let used = thread_time().saturating_sub(before);
        if lane == Lane::Prompt {
            guest.purse.spend(used);
        }
        let is_out_of_time = guest.meter.add(used);
        let has_yielded = guest.meter.take_yield();
        match poll {
            Poll::Ready(ended) => Poll::Ready(Turn::Finished(ended)),
            Poll::Pending if is_out_of_time => Poll::Ready(Turn::OutOfTime),
            Poll::Pending if !has_yielded => Poll::Ready(Turn::Waits(guest, Instant::now())),
            Poll::Pending if lane == Lane::Prompt && guest.purse.is_empty() => {
                Poll::Ready(Turn::Demoted(guest))
            }
            Poll::Pending => {
                self.guest = Some(guest);
                // A task that wakes itself goes behind all others of its lane.
                context.waker().wake_by_ref();
                Poll::Pending
            }
        }
    }
}
