//! The books in the end, entry by entry, against what was told.

use crate::account::{Account, Try};
use crate::guest::Asking;
use crate::upstream::Liar;
use anvil_store::Store;
use anvil_types::{CallRecord, CallState, JobId, Nanodollars, UpstreamKind};
use std::collections::HashMap;

pub(crate) struct Books<'a> {
    store: &'a dyn Store,
    pub calls: Vec<CallRecord>,
    accounts: HashMap<u64, Account>,
    places: &'a HashMap<(JobId, u32), u64>,
    seed: u64,
}

impl<'a> Books<'a> {
    pub(crate) async fn of(
        store: &'a dyn Store,
        liar: &Liar,
        places: &'a HashMap<(JobId, u32), u64>,
        seed: u64,
    ) -> Self {
        let mut calls: Vec<CallRecord> = Vec::new();
        loop {
            let after = calls.last().map(|call| call.id);
            let page = store.ledger(UpstreamKind::Simulated, after, 1_000).await;
            let mut page = page.expect("a page of the ledger");
            if page.is_empty() {
                break;
            }
            calls.append(&mut page);
        }
        let accounts = liar.accounts.lock().expect("no panic").clone();
        Self { store, calls, accounts, places, seed }
    }

    /// What is wrong in them.
    pub(crate) async fn wrongs(&self) -> Vec<String> {
        let mut wrongs = self.store.verify_sums().await.expect("a read");
        let spend = self.store.spend(UpstreamKind::Simulated).await.expect("the spend");
        if spend.total.held != Nanodollars::ZERO {
            let held = self.calls.iter().filter(|call| call.state == CallState::Held).count();
            wrongs.push(format!("{} are held at idle, by {held} calls", spend.total.held));
        }
        let sum: i64 = self.calls.iter().map(|call| call.cost.get()).sum();
        if sum != spend.total.spent().get() {
            wrongs.push(format!("the entries add up to {sum}, the total is {}", spend.total.spent().get()));
        }
        let above = |call: &&CallRecord| call.cost > call.hold;
        let broken = self.calls.iter().filter(above).count() as u64;
        if broken != spend.bounds_broken {
            let counted = spend.bounds_broken;
            wrongs.push(format!("{broken} calls cost more than their holds, {counted} are counted"));
        }
        self.compare_questions(&mut wrongs);
        wrongs
    }

    fn compare_questions(&self, wrongs: &mut Vec<String>) {
        let mut by_question: HashMap<u64, Vec<&CallRecord>> = HashMap::new();
        for call in &self.calls {
            let place = call.job.zip(call.position).and_then(|place| self.places.get(&place));
            match place {
                Some(number) => by_question.entry(*number).or_default().push(call),
                None => wrongs.push(format!("call {} belongs to no question", call.id)),
            }
        }
        for (number, account) in &self.accounts {
            let mut entries = by_question.remove(number).unwrap_or_default();
            let panics = Asking::panics(self.seed, *number);
            for tried in &account.tries {
                // One is held, and another before it is settled: each try falls into the time of its own.
                let own = |entry: &&CallRecord| {
                    entry.held_at <= tried.at && entry.settled_at.is_none_or(|settled| tried.at <= settled)
                };
                let wrong = match entries.iter().position(own) {
                    Some(at) => judge(tried, entries.swap_remove(at), panics),
                    None => Some("nothing was held when it came".to_owned()),
                };
                wrongs.extend(
                    wrong.map(|wrong| format!("question {number}: {wrong}; the answer was {tried:?}")),
                );
            }
            by_question.insert(*number, entries);
        }
        // What is left was never sent.
        for entry in by_question.into_values().flatten().filter(|entry| entry.state != CallState::Released) {
            wrongs.push(format!("a call that upstream never saw counts: {entry:?}"));
        }
    }
}

// What is wrong with the entry of this try.
fn judge(tried: &Try, entry: &CallRecord, panics: bool) -> Option<String> {
    let (cost, hold) = (nano(entry.cost), nano(entry.hold));
    let died = panics && entry.detail.as_deref() == Some("a fault of the host");
    let least = tried.least();
    let shown = || format!("{:?} {cost} of {hold} ({:?}: {:?})", entry.state, entry.detail, entry.usage);
    if cost < least {
        return Some(format!("{least} nano-dollars were told, the ledger has {}", shown()));
    }
    let most = tried.most_above();
    if cost > hold + most {
        return Some(format!("{most} nano-dollars above the hold were told, the ledger has {}", shown()));
    }
    match tried.exact {
        Some(exact) if tried.given && !died && cost != exact => {
            Some(format!("it costs {exact} nano-dollars, the ledger has {}", shown()))
        }
        _ => None,
    }
}

fn nano(amount: Nanodollars) -> u64 {
    u64::try_from(amount.get()).expect("not below zero")
}
