//! Prompt time that guests may still spend.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// The most that a purse holds: what a guest may compute at once without leaving the prompt lane.
const FULL: Duration = Duration::from_millis(25);
/// One part in this many of the time that a guest waits flows into its purse.
const REFILL: u32 = 20;
/// The most that a plugin's new guests find: four full purses.
const CREDIT: Duration = Duration::from_millis(100);
/// One part in this many of real time flows into a plugin's credit.
const CREDIT_REFILL: u32 = 50;

/// What the purses of a plugin's new guests are filled from. Without it a plugin whose guests crash at
/// once and are run again and again would find a full purse each time.
#[derive(Debug)]
pub(crate) struct Credit(Mutex<Account>);

#[derive(Debug)]
struct Account {
    left: Duration,
    filled: Instant,
}

impl Credit {
    pub(crate) fn new() -> Self {
        Self(Mutex::new(Account { left: CREDIT, filled: Instant::now() }))
    }

    /// As much as there is, up to a full purse.
    fn draw(&self, now: Instant) -> Duration {
        self.change(|account| {
            let gain = now.saturating_duration_since(account.filled) / CREDIT_REFILL;
            let left = (account.left + gain).min(CREDIT);
            let drawn = left.min(FULL);
            *account = Account { left: left.saturating_sub(drawn), filled: now };
            drawn
        })
    }

    fn give_back(&self, unspent: Duration) {
        self.change(|account| account.left = (account.left + unspent).min(CREDIT));
    }

    fn change<T>(&self, change: impl FnOnce(&mut Account) -> T) -> T {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Prompt time that one guest may still spend. A slice is as long as a tick, so it can go into debt.
#[derive(Debug)]
pub(super) struct Purse {
    left: Duration,
    debt: Duration,
    credit: Arc<Credit>,
}

impl Purse {
    /// A new guest's, filled from its plugin's credit.
    pub(super) fn filled(credit: Arc<Credit>, now: Instant) -> Self {
        Self { left: credit.draw(now), debt: Duration::ZERO, credit }
    }

    /// The guest waited since then; what it computed elsewhere meanwhile earns nothing.
    pub(super) fn waited(&mut self, since: Instant, now: Instant) {
        let gain = now.saturating_duration_since(since) / REFILL;
        let paid = gain.min(self.debt);
        self.debt -= paid;
        self.left = (self.left + gain.saturating_sub(paid)).min(FULL);
    }

    pub(super) fn spend(&mut self, used: Duration) {
        self.debt += used.saturating_sub(self.left);
        self.left = self.left.saturating_sub(used);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.left.is_zero()
    }
}

impl Drop for Purse {
    fn drop(&mut self) {
        self.credit.give_back(self.left);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_purse_is_filled_by_waiting_once_its_debt_is_paid() {
        let now = Instant::now();
        let mut purse = Purse::filled(Arc::new(Credit::new()), now);
        purse.spend(FULL + Duration::from_millis(5));
        assert!(purse.is_empty());
        purse.waited(now, now + Duration::from_millis(100));
        assert!(purse.is_empty(), "five milliseconds are paid back and no more");
        purse.waited(now, now + Duration::from_hours(1));
        assert_eq!(purse.left, FULL);
    }

    #[test]
    fn guests_that_come_again_and_again_find_empty_purses() {
        let now = Instant::now();
        let credit = Arc::new(Credit::new());
        for _ in 0..4 {
            let mut purse = Purse::filled(Arc::clone(&credit), now);
            assert!(!purse.is_empty());
            purse.spend(FULL);
        }
        assert!(Purse::filled(Arc::clone(&credit), now).is_empty());
        let later = now + Duration::from_secs(1);
        let purse = Purse::filled(Arc::clone(&credit), later);
        assert_eq!(purse.left, Duration::from_secs(1) / CREDIT_REFILL);
        drop(purse);
        assert!(!Purse::filled(credit, later).is_empty(), "what is not spent is given back");
    }
}
