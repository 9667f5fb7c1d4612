//! The law, by random sequences: whatever happens in whatever order, no grant breaks a limit and no
//! money is lost. What is right is told by a model that keeps every call and sums it up from scratch.

#![expect(missing_docs, reason = "the names are sentences")]

use super::Factory;
use super::world::{World, usage, wide};
use crate::{HoldDecision, SettlementOutcome};
use anvil_budget::{Admission, Amounts, Windows};
use anvil_types::{CallId, CallState, Clock, Limits, LimitsPatch, Nanodollars, Timestamp};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use std::time::Duration;

/// Sequences; with [`LENGTH`] operations each.
const SEQUENCES: u32 = 60;
/// Operations of a sequence.
const LENGTH: usize = 200;

#[derive(Clone, Debug)]
enum Step {
    Hold(i64),
    Settle { which: usize, percent: u32 },
    Unknown(usize),
    Release(usize),
    Wait(u64),
    SetBack,
    Limit { window: u8, amount: i64 },
    ResetLimits,
    EndBrake,
    Crash,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        30 => (1..60_i64).prop_map(Step::Hold),
        25 => (0..64_usize, 0..=100_u32).prop_map(|(which, percent)| Step::Settle { which, percent }),
        4 => (0..64_usize).prop_map(Step::Unknown),
        8 => (0..64_usize).prop_map(Step::Release),
        12 => (0..400_u64).prop_map(Step::Wait),
        4 => (0..20_000_u64).prop_map(Step::Wait),
        2 => (0..3_000_000_u64).prop_map(Step::Wait),
        1 => Just(Step::SetBack),
        4 => (0..3_u8, 1..900_i64).prop_map(|(window, amount)| Step::Limit { window, amount }),
        1 => Just(Step::ResetLimits),
        3 => Just(Step::EndBrake),
        1 => Just(Step::Crash),
    ]
}

struct Call {
    id: CallId,
    at: Timestamp,
    hold: Nanodollars,
    state: CallState,
    cost: Nanodollars,
}

struct Model {
    calls: Vec<Call>,
    limits: Limits,
    now: Timestamp,
    muted: Option<Timestamp>,
}

impl Model {
    fn sum(&self, counts: impl Fn(Timestamp) -> bool) -> Amounts {
        let mut sum = Amounts::default();
        for call in self.calls.iter().filter(|call| counts(call.at)) {
            match call.state {
                CallState::Held => sum.held += call.hold,
                CallState::Settled => sum.settled += call.cost,
                CallState::Unknown => sum.unknown += call.cost,
                CallState::Released => {}
            }
        }
        sum
    }

    /// Hour, day and month with their limits.
    fn windows(&self, windows: &Windows) -> [(Amounts, Nanodollars); 3] {
        let (day, month) = (windows.day(self.now), windows.month(self.now));
        let minute = Duration::from_mins(1);
        // A call counts while the last instant of its minute is less than an hour old.
        let hour = self.sum(|at| Windows::bucket(at) + minute + 60 * minute > self.now);
        [
            (hour, self.limits.hour_usd),
            (self.sum(|at| at >= day.start && at < day.end), self.limits.day_usd),
            (self.sum(|at| at >= month.start && at < month.end), self.limits.month_usd),
        ]
    }

    fn open(&self, which: usize) -> Option<usize> {
        let open: Vec<_> =
            (0..self.calls.len()).filter(|index| self.calls[*index].state == CallState::Held).collect();
        (!open.is_empty()).then(|| open[which % open.len()])
    }
}

#[expect(clippy::unused_async, reason = "as all laws are")]
pub async fn no_sequence_breaks_a_limit_or_loses_money(factory: &dyn Factory) {
    // The runner is not async; it has a thread and a runtime of its own.
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            let runtime = runtime.expect("a runtime");
            let config = Config {
                cases: SEQUENCES,
                failure_persistence: None,
                max_shrink_iters: 300,
                ..Config::default()
            };
            TestRunner::new(config)
                .run(&prop::collection::vec(step(), LENGTH), |steps| {
                    let fresh = factory.fresh();
                    runtime.block_on(play(fresh.as_ref(), &steps));
                    Ok(())
                })
                .expect("no sequence breaks the law");
        });
    });
}

async fn play(factory: &dyn Factory, steps: &[Step]) {
    let base = Limits {
        hour_usd: Nanodollars::new(200),
        day_usd: Nanodollars::new(400),
        month_usd: Nanodollars::new(900),
        ..wide()
    };
    let mut world = World::with(factory, base.clone()).await;
    let mut model = Model { calls: Vec::new(), limits: base.clone(), now: world.clock.now(), muted: None };
    for step in steps {
        act(&mut world, &mut model, &base, step).await;
        compare(&world, &model, step).await;
    }
    // At rest nothing is held.
    while let Some(index) = model.open(0) {
        settle(&world, &mut model, index, CallState::Unknown, 100).await;
    }
    compare(&world, &model, &Step::EndBrake).await;
    assert_eq!(world.snapshot().await.total.held, Nanodollars::ZERO);
    assert_eq!(world.snapshot().await.bounds_broken, 0);
    assert!(world.store().open_holds().await.expect("a read works").is_empty());
    world.check_sums().await;
}

async fn act(world: &mut World<'_>, model: &mut Model, base: &Limits, step: &Step) {
    match step {
        Step::Hold(amount) => hold(world, model, Nanodollars::new(*amount)).await,
        Step::Settle { which, percent } => {
            if let Some(index) = model.open(*which) {
                settle(world, model, index, CallState::Settled, *percent).await;
            }
        }
        Step::Unknown(which) => {
            if let Some(index) = model.open(*which) {
                settle(world, model, index, CallState::Unknown, 100).await;
            }
        }
        Step::Release(which) => {
            if let Some(index) = model.open(*which) {
                settle(world, model, index, CallState::Released, 0).await;
            }
        }
        Step::Wait(seconds) => {
            world.clock.set(model.now + Duration::from_secs(*seconds));
            model.now = world.clock.now();
        }
        // The wall's clock goes back; ledger time does not.
        Step::SetBack => {
            // What has been written has seen the time.
            world.store().record(anvil_types::EventKind::Limits).await.expect("recorded");
            world.clock.set(model.now - Duration::from_hours(3));
        }
        Step::Limit { window, amount } => {
            let amount = Some(Nanodollars::new(*amount));
            let none = LimitsPatch::default();
            let patch = match window {
                0 => LimitsPatch { hour_usd: amount, ..none },
                1 => LimitsPatch { day_usd: amount, ..none },
                _ => LimitsPatch { month_usd: amount, ..none },
            };
            model.limits = model.limits.with(&patch);
            world.store().set_limits(patch, &[], "ann").await.expect("changed");
        }
        Step::ResetLimits => {
            let names = ["hour_usd", "day_usd", "month_usd"].map(str::to_owned);
            model.limits = base.clone();
            world.store().set_limits(LimitsPatch::default(), &names, "ann").await.expect("changed");
        }
        Step::EndBrake => {
            if world.store().brake().await.expect("a read works").engaged() {
                model.muted = Some(world.windows.day(model.now).start);
                world.store().release_brake("ann", "go on").await.expect("released");
            }
        }
        Step::Crash => {
            for call in model.calls.iter_mut().filter(|call| call.state == CallState::Held) {
                call.state = CallState::Unknown;
                call.cost = call.hold;
            }
            world.crash().await;
        }
    }
}

async fn hold(world: &World<'_>, model: &mut Model, amount: Nanodollars) {
    let request = world.hold_of(amount);
    let id = request.id;
    match world.ask(request).await {
        HoldDecision::Granted { at } => {
            assert_eq!(at, model.now, "ledger time is the model's");
            model.calls.push(Call { id, at, hold: amount, state: CallState::Held, cost: Nanodollars::ZERO });
            for (amounts, limit) in model.windows(&world.windows) {
                assert!(amounts.committed() <= limit, "{amount} was granted: {amounts:?} of {limit}");
            }
        }
        HoldDecision::Refused(admission) => {
            assert_ne!(admission, Admission::Granted);
            let full = model
                .windows(&world.windows)
                .iter()
                .any(|(amounts, limit)| amounts.committed() + amount > *limit);
            assert!(full, "{amount} was refused with room everywhere: {admission:?}");
        }
        HoldDecision::Braked(causes) => assert!(!causes.is_empty()),
        HoldDecision::LeaseLost => panic!("there is no lease"),
    }
}

async fn settle(world: &World<'_>, model: &mut Model, index: usize, state: CallState, percent: u32) {
    let call = &mut model.calls[index];
    let cost = call.hold.percent(percent);
    (call.state, call.cost) = (state, cost);
    let outcome = match state {
        CallState::Settled => SettlementOutcome::Usage { usage: usage(), cost },
        CallState::Unknown => SettlementOutcome::Unknown { usage: usage(), cost },
        _ => SettlementOutcome::Released,
    };
    let id = call.id;
    assert!(world.end(id, outcome.clone()).await.first);
    assert!(!world.end(id, outcome).await.first);
}

async fn compare(world: &World<'_>, model: &Model, step: &Step) {
    let snapshot = world.snapshot().await;
    let windows = model.windows(&world.windows);
    for (window, (amounts, limit)) in snapshot.windows.iter().zip(windows) {
        assert_eq!((window.amounts, window.limit), (amounts, limit), "{:?} after {step:?}", window.kind);
    }
    assert_eq!(snapshot.total, model.sum(|_| true), "after {step:?}");
    let (day, limit) = windows[1];
    let full = day.spent().get() * 100 >= limit.get() * 95;
    let engaged = world.store().brake().await.expect("a read works").engaged();
    let muted = model.muted == Some(world.windows.day(model.now).start);
    if engaged {
        assert!(full && !muted, "the brake is on after {step:?}");
    } else {
        assert!(!full || muted, "the brake is off after {step:?}: {day:?} of {limit}");
    }
}
