//! The law of a tree's money, by random sequences: at each of its jobs, what it spent and holds and what those that it
//! leads count as is at most its cap; whatever happens in whatever order, crashes and cancels among it.

#![expect(missing_docs, reason = "the names are sentences")]

use super::Factory;
use super::team::{LED, ask, claim_of};
use super::world::{AGENT, World, bad_reply};
use crate::{Finish, HoldDecision, JobEdit, SettlementOutcome, TeamAsk};
use anvil_budget::random::Random;
use anvil_types::{Branch, CallId, JobId, JobState, Json, Lease, Nanodollars, NewJob};
use std::collections::BTreeMap;

/// Sequences, each over data of its own.
const SEQUENCES: u64 = 6;
/// Operations of a sequence.
const LENGTH: u64 = 250;
/// What a root may spend.
const CAP: i64 = 1_000;

#[derive(Debug, Default)]
struct Happened {
    begun: u64,
    again: u64,
    granted: u64,
    refused: u64,
    ended: u64,
    crashes: u64,
    cancels: u64,
}

struct Play<'a> {
    world: World<'a>,
    random: Random,
    running: BTreeMap<JobId, Lease>,
    calls: Vec<(CallId, Nanodollars)>,
    asked: BTreeMap<JobId, Vec<TeamAsk>>,
    happened: Happened,
}

pub async fn no_sequence_lets_a_tree_spend_more_than_its_cap(factory: &dyn Factory) {
    let mut all = Happened::default();
    for seed in 0..SEQUENCES {
        let fresh = factory.fresh();
        let mut play = Play {
            world: World::new(fresh.as_ref()).await,
            random: Random::new(seed),
            running: BTreeMap::new(),
            calls: Vec::new(),
            asked: BTreeMap::new(),
            happened: Happened::default(),
        };
        let max_cost = Nanodollars::new(CAP);
        let root = play.world.submit(NewJob { max_cost, ..play.world.new_job() }).await;
        for step in 0..LENGTH {
            play.step(root).await;
            play.check(root, &format!("seed {seed}, step {step}")).await;
        }
        play.world.check_sums().await;
        let Happened { begun, again, granted, refused, ended, crashes, cancels } = play.happened;
        all.begun += begun;
        all.again += again;
        all.granted += granted;
        all.refused += refused;
        all.ended += ended;
        all.crashes += crashes;
        all.cancels += cancels;
    }
    println!("{all:?}");
    for times in [all.begun, all.again, all.granted, all.refused, all.ended, all.crashes, all.cancels] {
        assert!(times > SEQUENCES, "each happened, and not by the way: {all:?}");
    }
}

impl Play<'_> {
    async fn step(&mut self, root: JobId) {
        for agent in LED.iter().chain([&AGENT]) {
            for claimed in claim_of(&self.world, agent, 9).await {
                self.running.insert(claimed.job.id, claimed.lease);
            }
        }
        if self.world.state(root).await.is_final() && self.random.below(3) == 0 {
            if self.world.state(root).await != JobState::Succeeded {
                self.world.store().retry(root, "ann").await.expect("it is over");
            }
            return;
        }
        let leases: Vec<Lease> = self.running.values().copied().collect();
        let chosen = (!leases.is_empty()).then(|| leases[self.random.index(leases.len())]);
        match (self.random.below(24), chosen) {
            (0, _) => {
                self.world.crash().await;
                self.running.clear();
                // Their outcome is unknown now.
                self.calls.clear();
                self.happened.crashes += 1;
            }
            (1, _) => self.cancel(root).await,
            (2, Some(lease)) => self.end(lease, Finish::Failed { error: bad_reply() }).await,
            (3, Some(lease)) if lease.job != root => {
                self.end(lease, Finish::Succeeded { result: Json::null() }).await;
            }
            (4, Some(lease)) => {
                let at = anvil_types::Clock::now(&*self.world.clock);
                self.end(lease, Finish::Retry { error: bad_reply(), at }).await;
            }
            (5, _) => self.edit(root).await,
            (6..=10, Some(lease)) => self.hand_over(lease).await,
            (11..=16, Some(lease)) => self.hold(lease).await,
            _ => self.settle().await,
        }
    }

    async fn hand_over(&mut self, lease: Lease) {
        let before = self.world.store().tree(lease.job).await.expect("a read works").len();
        let asks = match self.asked.get(&lease.job) {
            // As a guest does that runs again.
            Some(asks) if self.random.below(2) == 0 => asks.clone(),
            _ => {
                let first = u32::try_from(self.random.below(200)).expect("small");
                let asks = (0..=self.random.below(3)).zip(first..).map(|(_, position)| {
                    let wish = (self.random.below(2) == 0).then(|| self.random.nano(500));
                    ask(&self.world, position, LED[self.random.index(LED.len())], wish)
                });
                asks.collect::<Vec<_>>()
            }
        };
        self.asked.insert(lease.job, asks.clone());
        let states = self.states().await;
        match self.world.store().hand_over(lease, asks).await {
            Ok(crate::TeamStep::Parked) => drop(self.running.remove(&lease.job)),
            Ok(crate::TeamStep::Answered { .. }) => {}
            Err(error) => {
                // Its lead was stopped meanwhile.
                assert!(matches!(error, crate::StoreError::LeaseLost), "{error}");
                self.running.remove(&lease.job);
            }
        }
        let after = self.world.store().tree(lease.job).await.expect("a read works").len();
        self.happened.begun += (after - before.min(after)) as u64;
        for (job, was) in states {
            let now = self.world.state(job).await;
            self.happened.again += u64::from(was.is_final() && !now.is_final());
        }
    }

    async fn states(&self) -> Vec<(JobId, JobState)> {
        let mut states = Vec::new();
        for asks in self.asked.values() {
            for ask in asks {
                if let Some(job) = self.world.store().job(ask.id).await.expect("a read works") {
                    states.push((job.id, job.state));
                }
            }
        }
        states
    }

    async fn hold(&mut self, lease: Lease) {
        let amount = self.random.nano(300);
        let request = self.world.hold_by(lease, amount);
        let call = request.id;
        match self.world.ask(request).await {
            HoldDecision::Granted { .. } => {
                self.calls.push((call, amount));
                self.happened.granted += 1;
            }
            HoldDecision::Refused(_) => self.happened.refused += 1,
            HoldDecision::LeaseLost => drop(self.running.remove(&lease.job)),
        }
    }

    async fn settle(&mut self) {
        if self.calls.is_empty() {
            return;
        }
        let place = self.random.index(self.calls.len());
        let (call, hold) = self.calls.swap_remove(place);
        let cost = Nanodollars::new(hold.get() / 2);
        let outcome = match self.random.below(3) {
            0 => SettlementOutcome::Released,
            1 => SettlementOutcome::Unknown { usage: super::world::usage(), cost: hold },
            _ => SettlementOutcome::Usage { usage: super::world::usage(), cost },
        };
        self.world.end(call, outcome).await;
    }

    async fn end(&mut self, lease: Lease, finish: Finish) {
        self.running.remove(&lease.job);
        match self.world.store().finish(lease, finish).await {
            Ok(_) => self.happened.ended += 1,
            Err(error) => assert!(matches!(error, crate::StoreError::LeaseLost), "{error}"),
        }
    }

    async fn cancel(&mut self, root: JobId) {
        let tree = self.world.store().tree(root).await.expect("a read works");
        let open: Vec<&Branch> = tree.iter().filter(|job| !job.state.is_final()).collect();
        if open.is_empty() {
            return;
        }
        let job = open[self.random.index(open.len())].id;
        self.world.store().cancel(job, "ann").await.expect("it is not over");
        self.happened.cancels += 1;
    }

    async fn edit(&mut self, root: JobId) {
        let tree = self.world.store().tree(root).await.expect("a read works");
        if let Some(job) = (!tree.is_empty()).then(|| tree[self.random.index(tree.len())].id)
            && job != root
        {
            let edit = JobEdit { max_cost: Some(self.random.nano(600)), ..JobEdit::default() };
            // Refused or not, the law holds.
            let _ = self.world.store().edit_job(job, edit, "ann").await;
        }
    }

    /// What each job spent and holds, with what those count as that it leads, worked out from the tree alone.
    async fn check(&self, root: JobId, place: &str) {
        let tree = self.world.store().tree(root).await.expect("a read works");
        let charged = |job: &Branch| -> i64 {
            fn used(tree: &[Branch], job: &Branch) -> i64 {
                let led = tree.iter().filter(|led| led.lead == Some(job.id));
                let below: i64 = led
                    .map(|led| {
                        let used = used(tree, led);
                        if led.state.is_final() { used } else { used.max(led.max_cost.get()) }
                    })
                    .sum();
                (job.cost + job.held).get() + below
            }
            used(&tree, job)
        };
        for job in &tree {
            assert!(charged(job) <= job.max_cost.get(), "{place}: {job:?} of {tree:#?}");
        }
        if let Some(root) = tree.first() {
            let cost: i64 = tree.iter().map(|job| job.cost.get()).sum();
            assert_eq!((root.cost + root.below).get(), cost, "{place}");
            assert!(cost <= CAP, "{place}");
            assert!(
                !root.state.is_final() || tree.iter().all(|job| job.state.is_final()),
                "{place}: {tree:#?}"
            );
        }
    }
}
