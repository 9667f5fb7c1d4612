//! How full the fullest money window is: on what is settled, unknown, and expected of what runs.

use anvil_budget::{Burn, percent_of, pressure_percent};
use anvil_store::{ScopeStanding, SpendSnapshot, Store, StoreError};
use anvil_types::{Clock, Nanodollars, Scope, Timestamp, UpstreamKind};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// For how long a look at the windows serves, with what was settled since: the rolling hour moves by
/// the minute, and days end.
const FRESH: Duration = Duration::from_secs(1);

/// The pressure. The windows are looked up now and then; what is settled meanwhile is added.
#[derive(Debug, Default)]
pub(crate) struct Pressure {
    // Calls under way, by what each is expected to cost.
    running: AtomicI64,
    // All that was settled in this life, in nano-dollars.
    settled: AtomicI64,
    seen: Mutex<Option<Seen>>,
    // The windows of agents that have limits of their own, and when they were looked up.
    own: Mutex<Option<(Timestamp, Vec<ScopeStanding>)>>,
}

#[derive(Clone, Debug)]
struct Seen {
    // What had been settled when the look began: what is settled during it may count twice until the
    // next, and never not at all.
    settled: i64,
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

    /// A call was settled at this cost.
    pub(crate) fn settled(&self, cost: Nanodollars) {
        self.settled.fetch_add(cost.get(), Ordering::AcqRel);
    }

    /// Limits changed, or money moved in another way: the windows are looked up anew.
    pub(crate) fn forget(&self) {
        *self.seen.lock().unwrap_or_else(PoisonError::into_inner) = None;
        *self.own.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// How full the fullest window is that an agent has a limit of its own for, in percent, rounded down; 0 where
    /// it has none.
    pub(crate) async fn percent_of_agent(
        &self,
        store: &dyn Store,
        upstream: UpstreamKind,
        clock: &dyn Clock,
        agent: &str,
    ) -> Result<u64, StoreError> {
        let now = clock.now();
        let seen = self.own.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let standings = match seen.filter(|(at, _)| now.since(*at) < FRESH) {
            Some((_, standings)) => standings,
            None => {
                let standings = store.scope_spend(upstream).await?;
                *self.own.lock().unwrap_or_else(PoisonError::into_inner) = Some((now, standings.clone()));
                standings
            }
        };
        let is_its =
            |standing: &&ScopeStanding| matches!(&standing.scope, Scope::Agent(name) if name == agent);
        let windows = standings.iter().filter(is_its).flat_map(|standing| &standing.windows);
        Ok(windows.map(|window| percent_of(window.amounts.spent(), window.limit)).max().unwrap_or(0))
    }

    /// How the windows stand, with what was settled since they were looked up.
    pub(crate) async fn windows(
        &self,
        store: &dyn Store,
        upstream: UpstreamKind,
        clock: &dyn Clock,
    ) -> Result<[Burn; 3], StoreError> {
        let now = clock.now();
        let fresh = |seen: &Seen| now.since(seen.at) < FRESH;
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner).clone().filter(fresh);
        let seen = if let Some(seen) = seen {
            seen
        } else {
            let settled = self.settled.load(Ordering::Acquire);
            let spend = store.spend(upstream).await?;
            let seen = Seen { settled, at: now, spend };
            *self.seen.lock().unwrap_or_else(PoisonError::into_inner) = Some(seen.clone());
            seen
        };
        // The sum of a whole life may come round; what came since the look does not.
        let since = self.settled.load(Ordering::Acquire).wrapping_sub(seen.settled);
        let since = Nanodollars::new(since);
        Ok(seen.spend.windows.map(|window| Burn {
            kind: window.kind,
            limit: window.limit,
            spent: window.amounts.spent() + since,
            resets_at: window.resets_at,
        }))
    }

    /// The pressure in percent, rounded down.
    pub(crate) fn percent(&self, windows: &[Burn]) -> u64 {
        pressure_percent(windows, Nanodollars::new(self.running.load(Ordering::Relaxed)))
    }
}
