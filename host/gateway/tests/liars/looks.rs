//! Looks at the books while calls are under way.

use crate::upstream::Liar;
use anvil_budget::WindowKind;
use anvil_store::{AlertFilter, Store};
use anvil_types::{Alert, AlertKind, CallRecord, Timestamp, UpstreamKind};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// How often the books are looked at.
const EVERY: Duration = Duration::from_millis(10);
const HOUR: Duration = Duration::from_hours(1);

/// A window that was over its limit.
#[derive(Clone, Copy, Debug)]
struct Over {
    kind: WindowKind,
    begins: Timestamp,
    by: i64,
}

/// What the looks have seen.
#[derive(Default)]
pub(crate) struct Looks {
    pub count: u64,
    wrongs: Vec<String>,
    over: Vec<Over>,
}

pub(crate) struct Looking {
    end: watch::Sender<bool>,
    task: JoinHandle<Looks>,
}

impl Looks {
    pub(crate) fn start(store: Arc<dyn Store>, liar: Arc<Liar>) -> Looking {
        let (end, ended) = watch::channel(false);
        let task = tokio::spawn(async move {
            let mut looks = Self::default();
            while !*ended.borrow() {
                looks.look(store.as_ref(), &liar).await;
                tokio::time::sleep(EVERY).await;
            }
            looks.look(store.as_ref(), &liar).await;
            looks
        });
        Looking { end, task }
    }

    async fn look(&mut self, store: &dyn Store, liar: &Liar) {
        // First what is owed: what is told after it may be in the books or not.
        let owed = liar.owed.load(Ordering::SeqCst);
        let spend = store.spend(UpstreamKind::Simulated).await.expect("the spend");
        let has = u64::try_from(spend.total.committed().get()).unwrap_or(0);
        if has < owed && self.wrongs.len() < 20 {
            self.wrongs
                .push(format!("look {}: {owed} nano-dollars were told, the ledger has {has}", self.count));
        }
        for window in &spend.windows {
            let by = (window.amounts.committed() - window.limit).get();
            if by > 0 {
                let begins = match window.kind {
                    // A bucket is a minute, and is dropped when its last instant is an hour old.
                    WindowKind::Hour => window.resets_at - HOUR - Duration::from_mins(1),
                    WindowKind::Day => store.windows().day(window.resets_at - Duration::from_secs(1)).start,
                    WindowKind::Month => {
                        store.windows().month(window.resets_at - Duration::from_secs(1)).start
                    }
                };
                self.over.push(Over { kind: window.kind, begins, by });
            }
        }
        self.count += 1;
    }

    /// Compares what windows were over with what calls cost above their holds, and that with the alerts.
    pub(crate) async fn compared(&self, calls: &[CallRecord], store: &dyn Store) -> Vec<String> {
        let mut wrongs = self.wrongs.clone();
        let mut above: Vec<_> =
            calls.iter().filter(|call| call.cost > call.hold).map(|call| (call.held_at, call)).collect();
        above.sort_unstable_by_key(|(at, call)| (*at, call.id));
        let cost = |call: &CallRecord| (call.cost - call.hold).get();
        for over in &self.over {
            let length = match over.kind {
                WindowKind::Hour => HOUR + 3 * Duration::from_mins(1),
                WindowKind::Day => Duration::from_hours(25),
                WindowKind::Month => Duration::from_hours(24 * 32),
            };
            let from = above.partition_point(|(at, _)| *at < over.begins);
            let within = above[from..].iter().take_while(|(at, _)| *at < over.begins + length);
            let told: i64 = within.map(|(_, call)| cost(call)).sum();
            if over.by > told {
                wrongs.push(format!(
                    "the {} from {} was over by {} nano-dollars, and {told} were told above its holds",
                    over.kind.name(),
                    over.begins,
                    over.by
                ));
            }
        }
        let alerts = alerts(store).await;
        for (_, call) in &above {
            let settled = call.settled_at.expect("it is settled");
            // Once for each model and the hour of the hold.
            let into =
                Duration::from_micros(u64::try_from(call.held_at.micros()).expect("after 1970")).as_secs();
            let hour = call.held_at - Duration::from_secs(into % HOUR.as_secs() + 1);
            let told = alerts.iter().any(|alert| {
                (hour..=settled).contains(&alert.raised_at)
                    && (alert.title.contains(&call.model) || alert.detail.contains(&call.model))
            });
            if !told {
                wrongs.push(format!(
                    "call {} of {} cost {} above its hold at {settled}, and nobody was told",
                    call.id,
                    call.model,
                    cost(call)
                ));
            }
        }
        wrongs
    }
}

impl Looking {
    pub(crate) async fn end(self) -> Looks {
        self.end.send_replace(true);
        self.task.await.expect("no look panics")
    }
}

async fn alerts(store: &dyn Store) -> Vec<Alert> {
    let mut alerts = Vec::new();
    let mut after = None;
    loop {
        let filter = AlertFilter { states: Vec::new(), after, limit: 500 };
        let page = store.alerts(filter).await.expect("a page of alerts");
        alerts.extend(page.items.into_iter().filter(|alert| alert.kind == AlertKind::BoundBroken));
        after = page.next;
        if after.is_none() {
            return alerts;
        }
    }
}
