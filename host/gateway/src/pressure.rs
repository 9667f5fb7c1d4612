//! How full the fullest money window is: on what is settled, unknown, and expected of what runs.

use anvil_store::{SpendSnapshot, Store, StoreError};
use anvil_types::{Clock, Nanodollars, Timestamp, UpstreamKind};
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// For how long a look at the windows serves while nothing moves money: the rolling hour moves by the
/// minute.
const FRESH: Duration = Duration::from_secs(1);

/// The pressure, looked up when money has moved.
#[derive(Debug, Default)]
pub(crate) struct Pressure {
    // Calls under way, by what each is expected to cost.
    running: AtomicI64,
    // Raised whenever money moves or limits change.
    moves: AtomicU64,
    seen: Mutex<Option<Seen>>,
}

#[derive(Clone, Debug)]
struct Seen {
    moves: u64,
    at: Timestamp,
    spend: SpendSnapshot,
}

/// Counts a call's expected cost for as long as it runs.
pub(crate) struct Running<'a> {
    pressure: &'a Pressure,
    cost: i64,
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.pressure.running.fetch_sub(self.cost, Ordering::Relaxed);
    }
}

impl Pressure {
    /// A call of this expected cost is under way.
    pub(crate) fn running(&self, cost: Nanodollars) -> Running<'_> {
        self.running.fetch_add(cost.get(), Ordering::Relaxed);
        Running { pressure: self, cost: cost.get() }
    }

    /// Money has moved, or a limit changed.
    pub(crate) fn moved(&self) {
        self.moves.fetch_add(1, Ordering::Release);
    }

    /// How the windows stand.
    pub(crate) async fn spend(
        &self,
        store: &dyn Store,
        upstream: UpstreamKind,
        clock: &dyn Clock,
    ) -> Result<SpendSnapshot, StoreError> {
        let now = clock.now();
        let moves = self.moves.load(Ordering::Acquire);
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(seen) = seen.filter(|seen| seen.moves == moves && now.since(seen.at) < FRESH) {
            return Ok(seen.spend);
        }
        let spend = store.spend(upstream).await?;
        *self.seen.lock().unwrap_or_else(PoisonError::into_inner) =
            Some(Seen { moves, at: now, spend: spend.clone() });
        Ok(spend)
    }

    /// The pressure in percent, rounded down.
    pub(crate) fn percent(&self, spend: &SpendSnapshot) -> u64 {
        let running = Nanodollars::new(self.running.load(Ordering::Relaxed));
        let share = |spent: Nanodollars, limit: Nanodollars| {
            if limit <= Nanodollars::ZERO {
                return 100;
            }
            let percent = i128::from(spent.get().max(0)) * 100 / i128::from(limit.get());
            u64::try_from(percent).unwrap_or(u64::MAX)
        };
        let windows = spend.windows.iter();
        windows.map(|window| share(window.amounts.spent() + running, window.limit)).max().unwrap_or(0)
    }
}
