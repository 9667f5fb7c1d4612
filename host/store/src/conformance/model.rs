//! The law, by random sequences through the store: whatever happens in whatever order, no grant breaks a
//! limit, no money is lost, and each threshold is told once. What is right is told by the oracle that
//! judges `anvil_budget`'s own million operations, and by the ledger summed up anew.

#![expect(missing_docs, reason = "the names are sentences")]

use super::Factory;
use super::world::{World, usage, wide};
use crate::{Correction, HoldDecision, SettlementOutcome};
use anvil_budget::oracle::Oracle;
use anvil_budget::random::Random;
use anvil_budget::{Amounts, Denial, LimitName, Moved, WindowKind, WindowLimits};
use anvil_types::{
    AlertState, AlertWindow, Asker, CallId, CallState, Clock, Crossing, Event, EventKind, Limits,
    LimitsPatch, Nanodollars, Scope, Timestamp, UpstreamKind,
};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::broadcast;

/// Operations in all; `ANVIL_TEST_STORE_OPERATIONS` sets another number.
const OPERATIONS: u64 = 100_000;
/// Operations of a sequence, each over data of its own.
const LENGTH: u64 = 2_500;
/// How often everything is compared.
const COMPARED_EVERY: u64 = 50;

struct Call {
    id: CallId,
    at: Timestamp,
    scopes: Vec<Scope>,
    hold: Nanodollars,
    state: CallState,
    counts: Amounts,
}

#[derive(Debug, Default)]
struct Counts {
    operations: u64,
    granted: u64,
    refused: u64,
    braked: u64,
    ended: u64,
    corrections: u64,
    crashes: u64,
    alerts: u64,
}

struct Play<'a> {
    world: World<'a>,
    base: Limits,
    events: broadcast::Receiver<Arc<Event>>,
    random: Random,
    oracle: Oracle,
    now: Timestamp,
    limits: Limits,
    scoped: BTreeMap<Scope, WindowLimits>,
    calls: Vec<Call>,
    open: Vec<usize>,
    muted: Option<Timestamp>,
    counts: Counts,
}

/// The scopes that calls of the model fall under, beside everything.
fn scopes() -> [Scope; 4] {
    [
        Scope::Agent("one".to_owned()),
        Scope::Agent("two".to_owned()),
        Scope::ApiKey("one".to_owned()),
        Scope::ApiKey("two".to_owned()),
    ]
}

#[expect(clippy::unused_async, reason = "as all laws are")]
pub async fn no_sequence_breaks_a_limit_or_loses_money(factory: &dyn Factory) {
    let operations = std::env::var("ANVIL_TEST_STORE_OPERATIONS").ok();
    let operations = operations.and_then(|text| text.parse().ok()).unwrap_or(OPERATIONS);
    let began = Instant::now();
    let mut all = Counts::default();
    // The sequences need a thread and a runtime of their own: one that panics names its seed.
    for seed in 0..u64::div_ceil(operations, LENGTH) {
        let fresh = factory.fresh();
        let counts = std::thread::scope(|scope| {
            let playing = scope.spawn(|| {
                let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
                runtime.expect("a runtime").block_on(play(fresh.as_ref(), seed))
            });
            playing.join()
        });
        let counts = counts.unwrap_or_else(|fault| {
            eprintln!("seed {seed}");
            std::panic::resume_unwind(fault)
        });
        all.operations += counts.operations;
        all.granted += counts.granted;
        all.refused += counts.refused;
        all.braked += counts.braked;
        all.ended += counts.ended;
        all.corrections += counts.corrections;
        all.crashes += counts.crashes;
        all.alerts += counts.alerts;
    }
    println!("{all:#?} in {:.1?}", began.elapsed());
    for times in [all.granted, all.refused, all.braked, all.ended, all.corrections, all.crashes, all.alerts] {
        assert!(times > operations / 1_000, "each happened, and not by the way: {all:?}");
    }
}

async fn play(factory: &dyn Factory, seed: u64) -> Counts {
    let base = Limits {
        hour_usd: Nanodollars::new(300),
        day_usd: Nanodollars::new(700),
        month_usd: Nanodollars::new(5_000),
        ..wide()
    };
    let world = World::with(factory, base.clone()).await;
    let mut play = Play {
        events: world.store().subscribe(),
        oracle: Oracle::new(world.windows.zone().clone()),
        now: world.clock.now(),
        limits: base.clone(),
        base,
        world,
        random: Random::new(seed),
        scoped: BTreeMap::new(),
        calls: Vec::new(),
        open: Vec::new(),
        muted: None,
        counts: Counts::default(),
    };
    for operation in 1..=LENGTH {
        play.step().await;
        if operation % COMPARED_EVERY == 0 {
            play.compare().await;
        }
    }
    // At rest nothing is held.
    while !play.open.is_empty() {
        play.end(0, CallState::Unknown, 100).await;
    }
    play.compare().await;
    let snapshot = play.world.snapshot().await;
    assert_eq!((snapshot.total.held, snapshot.bounds_broken), (Nanodollars::ZERO, 0));
    assert!(play.world.store().open_holds().await.expect("a read works").is_empty());
    play.world.check_sums().await;
    play.counts
}

impl Play<'_> {
    async fn step(&mut self) {
        self.counts.operations += 1;
        match self.random.below(1_000) {
            0..420 => self.hold().await,
            420..700 => {
                let percent = u32::try_from(self.random.below(101)).expect("small");
                self.end_any(CallState::Settled, percent).await;
            }
            700..740 => self.end_any(CallState::Unknown, 100).await,
            740..780 => self.end_any(CallState::Released, 0).await,
            780..850 => self.wait(400),
            850..880 => self.wait(20_000),
            880..884 => self.wait(3_000_000),
            884..894 => {
                // The wall's clock goes back; ledger time does not, for what has been written.
                self.write_time().await;
                self.world.clock.set(self.now - Duration::from_hours(3));
            }
            894..924 => self.correct().await,
            924..954 => self.change_limits().await,
            954..964 => self.reset_limits().await,
            964..994 => self.end_brake().await,
            _ => self.crash().await,
        }
    }

    fn wait(&mut self, most: u64) {
        let seconds = self.random.below(most);
        self.world.clock.set(self.now + Duration::from_secs(seconds));
        self.now = self.world.clock.now();
    }

    async fn write_time(&self) {
        self.world.store().record(EventKind::Limits).await.expect("recorded");
    }

    fn limit(&self, scope: &Scope, kind: WindowKind) -> Option<Nanodollars> {
        match (scope, kind) {
            (Scope::All, WindowKind::Hour) => Some(self.limits.hour_usd),
            (Scope::All, WindowKind::Day) => Some(self.limits.day_usd),
            (Scope::All, WindowKind::Month) => Some(self.limits.month_usd),
            (scope, kind) => self.scoped.get(scope).and_then(|limits| limits.get(kind)),
        }
    }

    /// What has been told since the last time, against what should have been. `scopes` were looked at;
    /// others may have been.
    async fn check_told(&mut self, scopes: &[Scope]) {
        let mut fired: Vec<Crossing> = Vec::new();
        while let Ok(event) = self.events.try_recv() {
            if let EventKind::Alert { alert, state: AlertState::Firing } = event.kind {
                let alert =
                    self.world.store().alert(alert).await.expect("a read works").expect("it is there");
                assert_eq!(alert.raised_at, self.now);
                fired.extend(alert.crossing);
            }
        }
        self.counts.alerts += fired.len() as u64;
        let looked: BTreeSet<Scope> =
            scopes.iter().chain(fired.iter().map(|crossing| &crossing.scope)).cloned().collect();
        for scope in looked {
            for kind in WindowKind::ALL {
                let window = AlertWindow::from(kind);
                let limit = self.limit(&scope, kind).map(Nanodollars::get);
                let fired: Vec<u8> = fired
                    .iter()
                    .filter(|crossing| crossing.scope == scope && crossing.window == window)
                    .map(|crossing| crossing.percent)
                    .collect();
                self.oracle.looked(&scope, window, limit, &fired, self.now);
            }
        }
    }

    /// Has the store look at everything, and checks what that tells.
    async fn look_at_all(&mut self) {
        // A change of nothing is a look.
        self.world.store().set_limits(LimitsPatch::default(), &[], "model").await.expect("changed");
        self.check_told_everywhere().await;
    }

    async fn check_told_everywhere(&mut self) {
        let all: Vec<Scope> = scopes().into_iter().chain([Scope::All]).collect();
        self.check_told(&all).await;
    }

    async fn hold(&mut self) {
        let amount = self.random.nano(40);
        let scope = scopes()[self.random.index(4)].clone();
        let request = match &scope {
            Scope::Agent(name) => self.world.hold_as(Asker::Host { name: name.clone().into() }, amount),
            Scope::ApiKey(name) => self.world.hold_with_key(name, amount),
            Scope::All => self.world.hold_of(amount),
        };
        let (id, scopes) = (request.id, vec![Scope::All, scope]);
        let decision = self.world.ask(request).await;
        let fits = scopes.iter().all(|scope| {
            WindowKind::ALL.into_iter().all(|kind| {
                let committed = self.oracle.counts(scope, kind, self.now).committed();
                self.limit(scope, kind).is_none_or(|limit| committed + amount <= limit)
            })
        });
        match decision {
            HoldDecision::Granted { at } => {
                assert_eq!(at, self.now, "ledger time is the model's");
                assert!(fits, "{amount} was granted without room for it");
                self.counts.granted += 1;
                let moved = Moved::hold(amount);
                self.oracle.add(&scopes, at, moved);
                let mut counts = Amounts::default();
                counts += moved;
                self.open.push(self.calls.len());
                let state = CallState::Held;
                self.calls.push(Call { id, at, scopes: scopes.clone(), hold: amount, state, counts });
            }
            HoldDecision::Refused(Denial::Braked(causes)) => {
                assert!(!causes.is_empty());
                self.counts.braked += 1;
            }
            HoldDecision::Refused(denial) => {
                assert!(!fits, "{amount} was refused with room everywhere: {denial:?}");
                let of = match denial {
                    Denial::WaitForHolds { limit }
                    | Denial::ParkUntil { limit, .. }
                    | Denial::Never { limit, .. } => limit,
                    Denial::Braked(_) => panic!("the brake has been looked at"),
                };
                assert!(matches!(of, LimitName::Window { scope, .. } if scopes.contains(&scope)));
                self.counts.refused += 1;
            }
            HoldDecision::LeaseLost => panic!("there is no lease"),
        }
        self.look_at_all().await;
    }

    async fn end_any(&mut self, state: CallState, percent: u32) {
        if !self.open.is_empty() {
            let which = self.random.index(self.open.len());
            self.end(which, state, percent).await;
        }
    }

    async fn end(&mut self, which: usize, state: CallState, percent: u32) {
        let index = self.open.swap_remove(which);
        let call = &mut self.calls[index];
        let cost = call.hold.percent(percent);
        let outcome = match state {
            CallState::Settled => SettlementOutcome::Usage { usage: usage(), cost },
            CallState::Unknown => SettlementOutcome::Unknown { usage: usage(), cost },
            _ => SettlementOutcome::Released,
        };
        let moved = Moved::end(call.hold, state, cost);
        call.state = state;
        call.counts += moved;
        let (id, at, scopes) = (call.id, call.at, call.scopes.clone());
        self.oracle.add(&scopes, at, moved);
        assert!(self.world.end(id, outcome).await.first);
        self.counts.ended += 1;
        self.check_told(&scopes).await;
    }

    async fn correct(&mut self) {
        let ended: Vec<usize> = (self.calls.len().saturating_sub(40)..self.calls.len())
            .filter(|index| self.calls[*index].state != CallState::Held)
            .collect();
        if ended.is_empty() {
            return;
        }
        let index = ended[self.random.index(ended.len())];
        let truth = self.random.nano(60);
        let call = &mut self.calls[index];
        let moved = Moved::correction(call.counts, truth);
        call.counts += moved;
        let (at, scopes) = (call.at, call.scopes.clone());
        let correction =
            Correction { call: call.id, cost: truth, by: "model".to_owned(), reason: "truth".to_owned() };
        self.oracle.add(&scopes, at, moved);
        let record = self.world.store().correct(correction).await.expect("corrected");
        assert_eq!(record.cost, truth);
        self.counts.corrections += 1;
        self.look_at_all().await;
    }

    async fn change_limits(&mut self) {
        let kind = WindowKind::ALL[self.random.index(3)];
        let most = [500, 1_200, 8_000][self.random.index(3)];
        let amount = self.random.nano(most) + Nanodollars::new(1);
        let store = self.world.store().clone();
        if self.random.below(2) == 0 {
            let none = LimitsPatch::default();
            let patch = match kind {
                WindowKind::Hour => LimitsPatch { hour_usd: Some(amount), ..none },
                WindowKind::Day => LimitsPatch { day_usd: Some(amount), ..none },
                WindowKind::Month => LimitsPatch { month_usd: Some(amount), ..none },
            };
            self.limits = self.limits.with(&patch);
            store.set_limits(patch, &[], "model").await.expect("changed");
        } else {
            let scope = scopes()[self.random.index(4)].clone();
            let limits = self.scoped.entry(scope.clone()).or_default();
            let mut set = WindowLimits::default();
            let mut unset = Vec::new();
            if self.random.below(3) == 0 {
                limits.set(kind, None);
                unset.push(kind);
            } else {
                limits.set(kind, Some(amount));
                set.set(kind, Some(amount));
            }
            store.set_scope_limits(scope, set, &unset, "model").await.expect("changed");
        }
        self.check_told_everywhere().await;
    }

    async fn reset_limits(&mut self) {
        let names = ["hour_usd", "day_usd", "month_usd"].map(str::to_owned);
        self.limits = self.base.clone();
        let store = self.world.store().clone();
        store.set_limits(LimitsPatch::default(), &names, "model").await.expect("changed");
        self.check_told_everywhere().await;
        for scope in std::mem::take(&mut self.scoped).into_keys() {
            let none = WindowLimits::default();
            store.set_scope_limits(scope, none, &WindowKind::ALL, "model").await.expect("changed");
        }
        self.check_told_everywhere().await;
    }

    async fn end_brake(&mut self) {
        if self.world.store().brake().await.expect("a read works").engaged() {
            self.muted = Some(self.world.windows.day(self.now).start);
            self.world.store().release_brake("model", "go on").await.expect("released");
        }
        self.look_at_all().await;
    }

    async fn crash(&mut self) {
        self.look_at_all().await;
        self.write_time().await;
        for index in std::mem::take(&mut self.open) {
            let call = &mut self.calls[index];
            let moved = Moved::end(call.hold, CallState::Unknown, call.hold);
            call.state = CallState::Unknown;
            call.counts += moved;
            self.oracle.add(&call.scopes, call.at, moved);
        }
        let seen = self.world.store().last_event().await.expect("a read works");
        self.world.crash().await;
        self.events = self.world.store().subscribe();
        self.counts.crashes += 1;
        // What the start told, nobody heard.
        let mut fired = Vec::new();
        for event in self.world.store().events(seen, None, 10_000).await.expect("a read works") {
            if let EventKind::Alert { alert, state: AlertState::Firing } = event.kind {
                let alert =
                    self.world.store().alert(alert).await.expect("a read works").expect("it is there");
                fired.extend(alert.crossing);
            }
        }
        self.counts.alerts += fired.len() as u64;
        for scope in scopes().into_iter().chain([Scope::All]) {
            for kind in WindowKind::ALL {
                let window = AlertWindow::from(kind);
                let told: Vec<u8> = fired
                    .iter()
                    .filter(|crossing| crossing.scope == scope && crossing.window == window)
                    .map(|crossing| crossing.percent)
                    .collect();
                let limit = self.limit(&scope, kind).map(Nanodollars::get);
                self.oracle.looked(&scope, window, limit, &told, self.now);
            }
        }
    }

    async fn compare(&mut self) {
        self.look_at_all().await;
        let snapshot = self.world.snapshot().await;
        for window in snapshot.windows {
            let expected = self.oracle.counts(&Scope::All, window.kind, self.now);
            assert_eq!(window.amounts, expected, "{:?}", window.kind);
            assert_eq!(Some(window.limit), self.limit(&Scope::All, window.kind));
        }
        let scoped = self.world.store().scope_spend(UpstreamKind::Simulated).await.expect("a read works");
        for standing in scoped {
            for window in standing.windows {
                let expected = self.oracle.counts(&standing.scope, window.kind, self.now);
                assert_eq!(window.amounts, expected, "{} {:?}", standing.scope, window.kind);
                assert_eq!(Some(window.limit), self.limit(&standing.scope, window.kind));
            }
        }
        let mut total = Amounts::default();
        for call in &self.calls {
            total += call.counts;
        }
        assert_eq!(snapshot.total, total);
        let engaged = self.world.store().brake().await.expect("a read works").engaged();
        let muted = self.muted == Some(self.world.windows.day(self.now).start);
        let full = self.oracle.day_is_full(self.limits.day_usd, self.now);
        assert_eq!(engaged, full && !muted, "the brake of a day of {}", self.limits.day_usd);
    }
}
