//! What is kept apart for each upstream: nothing that was played with is in force for real money.

#![expect(missing_docs, reason = "the names are sentences")]

use super::Factory;
use super::world::{World, dollars, wide};
use crate::{Claim, Enqueued, HoldDecision, JobFilter, NewAction, StoreError};
use anvil_budget::{NewBand, NewPrice, WindowKind, WindowLimits};
use anvil_types::{
    CallState, Clock, JobAction, JobActionId, JobId, JobState, JobTemplate, Limits, LimitsPatch, MissedRuns,
    NewJob, Priority, Schedule, ScheduleId, Scope, Timestamp, UpstreamKind,
};
use std::time::Duration;

const DAY: Duration = Duration::from_hours(24);

async fn go_to(world: &mut World<'_>, upstream: UpstreamKind) {
    world.upstream = upstream;
    world.crash().await;
}

fn live(world: &World<'_>) -> NewJob {
    NewJob { upstream: UpstreamKind::Live, ..world.new_job() }
}

fn price() -> NewPrice {
    let band = NewBand {
        up_to: None,
        input: 9.0,
        output: 9.0,
        cache_write_5m: 9.0,
        cache_write_1h: 9.0,
        cache_read: 9.0,
    };
    NewPrice {
        model: "claude-haiku-5-5".into(),
        speed: None,
        from: Timestamp::default(),
        context: 9,
        max_output: 9,
        bands: vec![band],
    }
}

pub async fn what_is_set_with_the_simulator_is_not_in_force_for_live(factory: &dyn Factory) {
    let mut world = World::new(factory).await;
    let raise = LimitsPatch { day_usd: Some(dollars(99_999)), ..LimitsPatch::default() };
    let store = world.store();
    store.set_limits(raise, &[], "ann").await.expect("changed");
    store.set_price(price(), "ann").await.expect("set");
    let agent = Scope::Agent("writer".into());
    let day = WindowLimits { day: Some(dollars(1)), ..WindowLimits::default() };
    store.set_scope_limits(agent.clone(), day, &[], "ann").await.expect("set");
    store.set_queue_pause(Some("lunch"), "ann").await.expect("paused");
    store.set_agent_disabled("writer", true, "ann").await.expect("off");
    go_to(&mut world, UpstreamKind::Live).await;
    let store = world.store();
    let in_force = store.limits().await.expect("a read works");
    assert_eq!((in_force.limits, in_force.changes), (wide(), Vec::new()));
    assert_eq!(store.prices().await.expect("a read works"), []);
    assert_eq!(store.scope_limits().await.expect("a read works"), []);
    assert_eq!(store.queue_pause().await.expect("a read works"), None);
    assert_eq!(store.disabled_agents().await.expect("a read works"), Vec::<String>::new());
    assert_eq!(store.audit_of("limits", 9).await.expect("a read works"), []);
    // And the other way round.
    let lower = LimitsPatch { day_usd: Some(dollars(5)), ..LimitsPatch::default() };
    store.set_limits(lower, &[], "bob").await.expect("changed");
    store.set_scope_limits(agent, WindowLimits::default(), &[WindowKind::Day], "bob").await.expect("unset");
    go_to(&mut world, UpstreamKind::Simulated).await;
    let store = world.store();
    let in_force = store.limits().await.expect("a read works");
    assert_eq!((in_force.limits.day_usd, in_force.changes.len()), (dollars(99_999), 1));
    assert_eq!(store.prices().await.expect("a read works").len(), 1);
    assert_eq!(store.scope_limits().await.expect("a read works").len(), 1);
    assert!(store.queue_pause().await.expect("a read works").is_some());
    assert_eq!(store.disabled_agents().await.expect("a read works"), ["writer"]);
}

pub async fn a_key_and_a_place_are_an_upstreams_own(factory: &dyn Factory) {
    let mut world = World::with(factory, Limits { queue_max: 2, ..wide() }).await;
    let keyed = |job: NewJob| NewJob { idempotency_key: Some("order-17".into()), ..job };
    let simulated = world.submit(keyed(world.new_job())).await;
    world.submit(world.new_job()).await;
    assert!(matches!(world.store().enqueue(world.new_job()).await, Err(StoreError::QueueFull { .. })));
    go_to(&mut world, UpstreamKind::Live).await;
    let taken = world.store().enqueue(keyed(live(&world))).await.expect("there is room");
    let Enqueued::New(first) = taken else { panic!("it is new for live: {taken:?}") };
    assert!(first.id != simulated && first.upstream == UpstreamKind::Live);
    let again = world.store().enqueue(keyed(live(&world))).await.expect("known");
    assert!(matches!(again, Enqueued::Existing(job) if job.id == first.id));
    world.submit(live(&world)).await;
    let counts = world.store().queue_counts().await.expect("a read works");
    assert_eq!((counts.queued, counts.oldest_queued), (2, Some(first.created_at)));
    assert!(matches!(world.store().enqueue(live(&world)).await, Err(StoreError::QueueFull { .. })));
}

pub async fn a_driven_clock_never_moves_live_time(factory: &dyn Factory) {
    let mut world = World::new(factory).await;
    go_to(&mut world, UpstreamKind::Live).await;
    let began = world.clock.now();
    let later = world.submit(NewJob { run_at: Some(began + DAY * 9), ..live(&world) }).await;
    world.wait(Duration::from_secs(5));
    go_to(&mut world, UpstreamKind::Simulated).await;
    world.wait(DAY * 400);
    let job = world.submit(world.new_job()).await;
    let claim = Claim { upstream: UpstreamKind::Simulated, ..world.claim_of(9) };
    let claimed = world.store().claim(claim).await.expect("a claim works");
    assert_eq!(claimed.iter().map(|claimed| claimed.job.id).collect::<Vec<_>>(), [job]);
    assert_eq!(world.state(later).await, JobState::Scheduled, "its time is live time");
    assert_eq!(world.store().next_due().await.expect("a read works"), None);
    // The wall's clock knows nothing of all that.
    world.clock.set(began + Duration::from_mins(1));
    go_to(&mut world, UpstreamKind::Live).await;
    let at = match world
        .store()
        .hold(crate::HoldRequest { upstream: UpstreamKind::Live, ..world.hold_of(dollars(1)) })
        .await
        .expect("a hold works")
    {
        HoldDecision::Granted { at } => at,
        other => panic!("{other:?}"),
    };
    assert_eq!(at, began + Duration::from_mins(1));
    assert_eq!(world.store().next_due().await.expect("a read works"), Some(began + DAY * 9));
    // And the simulator goes on where it was.
    go_to(&mut world, UpstreamKind::Simulated).await;
    let HoldDecision::Granted { at } = world.ask(world.hold_of(dollars(1))).await else {
        panic!("there is room")
    };
    assert!(at >= began + DAY * 400);
}

pub async fn what_another_upstream_left_waits_for_its_own_start(factory: &dyn Factory) {
    let mut world = World::new(factory).await;
    go_to(&mut world, UpstreamKind::Live).await;
    let id = world.submit(live(&world)).await;
    let claim = Claim { upstream: UpstreamKind::Live, ..world.claim_of(1) };
    let lease = world.store().claim(claim).await.expect("a claim works").pop().expect("it waits").lease;
    let hold = crate::HoldRequest { upstream: UpstreamKind::Live, ..world.hold_by(lease, dollars(3)) };
    assert!(matches!(world.ask(hold).await, HoldDecision::Granted { .. }));
    let held_at = world.clock.now();
    go_to(&mut world, UpstreamKind::Simulated).await;
    assert_eq!(world.store().recovered(), crate::Recovered::default());
    world.wait(DAY * 400);
    assert!(world.store().claim(world.claim_of(9)).await.expect("a claim works").is_empty());
    assert_eq!(world.state(id).await, JobState::Running, "nobody but its own host knows better");
    world.clock.set(held_at + Duration::from_mins(1));
    go_to(&mut world, UpstreamKind::Live).await;
    assert_eq!(world.state(id).await, JobState::Queued);
    let call = world.store().calls(id).await.expect("a read works").pop().expect("it is there");
    assert_eq!((call.state, call.settled_at), (CallState::Unknown, Some(world.clock.now())));
}

pub async fn an_action_on_many_touches_its_own_upstream_alone(factory: &dyn Factory) {
    let mut world = World::new(factory).await;
    let simulated = world.submit(world.new_job()).await;
    go_to(&mut world, UpstreamKind::Live).await;
    let mine = world.submit(live(&world)).await;
    for filter in [JobFilter::default(), JobFilter { agent: Some("writer".into()), ..JobFilter::default() }] {
        let plan = world.store().plan_action(JobAction::Cancel, filter).await.expect("counted");
        assert_eq!(plan.touched, 1);
    }
    let action = NewAction {
        id: JobActionId::new(world.clock.now(), 1),
        action: JobAction::Cancel,
        filter: JobFilter { tag: Some("a".into()), ..JobFilter::default() },
        by: "ann".into(),
    };
    let run = world.store().begin_action(action).await.expect("begun");
    assert_eq!(run.planned, 1);
    // It goes on in another life that asks the simulator.
    go_to(&mut world, UpstreamKind::Simulated).await;
    for _ in 0..5 {
        world.store().step_action(run.id).await.expect("a batch");
    }
    assert_eq!(
        (world.state(mine).await, world.state(simulated).await),
        (JobState::Cancelled, JobState::Queued)
    );
}

pub async fn notes_and_schedules_are_an_upstreams_own(factory: &dyn Factory) {
    let mut world = World::new(factory).await;
    let schedule = |upstream, cron: &str| Schedule {
        id: ScheduleId::new(world.clock.now(), if upstream == UpstreamKind::Live { 1 } else { 2 }),
        name: "nightly".into(),
        cron: cron.into(),
        time_zone: "UTC".into(),
        missed: MissedRuns::RunOnce,
        job: JobTemplate {
            agent: "writer".into(),
            action: "write".into(),
            payload: "1".parse().expect("JSON"),
            priority: Priority::Normal,
            max_cost: None,
            tags: Vec::new(),
        },
        enabled: true,
        next_at: Some(world.clock.now() + DAY),
        blocked: None,
        owed_to: None,
        overlap: anvil_types::Overlap::Allow,
        upstream,
        created_at: world.clock.now(),
        last_job: None,
    };
    let (simulated, real) =
        (schedule(UpstreamKind::Simulated, "0 0 * * *"), schedule(UpstreamKind::Live, "1 1 * * *"));
    world.store().put_schedule(simulated, "ann").await.expect("made");
    world.store().remember("estimates", "played").await.expect("kept");
    world.submit(NewJob { schedule: Some("nightly".into()), ..world.new_job() }).await;
    go_to(&mut world, UpstreamKind::Live).await;
    let store = world.store();
    assert_eq!(store.schedules().await.expect("a read works"), []);
    assert_eq!(store.recall("estimates").await.expect("a read works"), None);
    let made = store.put_schedule(real, "ann").await.expect("made");
    assert_eq!((made.last_job, made.cron.as_str()), (None, "1 1 * * *"));
    assert_eq!(store.schedule_jobs("nightly", 9).await.expect("a read works"), []);
    assert!(store.delete_schedule("nightly", "ann").await.expect("deleted"));
    go_to(&mut world, UpstreamKind::Simulated).await;
    let store = world.store();
    let kept = store.schedule("nightly").await.expect("a read works").expect("it is there");
    assert!(
        kept.cron == "0 0 * * *"
            && kept.last_job.is_some_and(|job: JobId| job.made_at() > Timestamp::default())
    );
    assert_eq!(store.recall("estimates").await.expect("a read works").as_deref(), Some("played"));
}

pub async fn what_is_simulated_is_wiped_and_nothing_else(factory: &dyn Factory) {
    let mut world = World::new(factory).await;
    let running = world.running().await;
    let refused = world.store().wipe_simulated("ann").await;
    assert!(matches!(&refused, Err(StoreError::BadChange(why)) if why.contains("under way")), "{refused:?}");
    world.succeed(running.lease).await;
    world.spend(dollars(3)).await;
    let missed = anvil_types::CacheMiss {
        reason: anvil_types::CacheMissReason::Expired,
        tokens: 5,
        cost: anvil_types::Nanodollars::new(7),
    };
    let cache = anvil_types::CacheEffect { miss: Some(missed), ..anvil_types::CacheEffect::default() };
    let outcome = crate::SettlementOutcome::Unknown { usage: super::world::usage(), cost: dollars(1) };
    let call = world.hold(dollars(1)).await;
    let settlement = crate::Settlement {
        call,
        outcome,
        detail: None,
        model: None,
        cache,
        compression: None,
        journal: None,
        keep: None,
    };
    world.store().settle(settlement).await.expect("never refused");
    world.submit(world.new_job()).await;
    let lower = || LimitsPatch { day_usd: Some(dollars(5)), ..LimitsPatch::default() };
    world.store().set_limits(lower(), &[], "ann").await.expect("changed");
    let began = world.clock.now();
    world.wait(DAY * 300);
    go_to(&mut world, UpstreamKind::Live).await;
    world.store().set_limits(lower(), &[], "ann").await.expect("changed");
    let mine = world.submit(live(&world)).await;
    let hold = crate::HoldRequest { upstream: UpstreamKind::Live, ..world.hold_of(dollars(2)) };
    assert!(matches!(world.ask(hold).await, HoldDecision::Granted { .. }));
    // Whichever upstream the host asks.
    let wiped = world.store().wipe_simulated("ann").await.expect("wiped");
    assert_eq!((wiped.jobs, wiped.calls), (2, 2));
    assert_eq!(world.store().spend(UpstreamKind::Live).await.expect("a read").total.held, dollars(2));
    assert_eq!(world.store().limits().await.expect("a read").limits.day_usd, dollars(5));
    assert_eq!(world.state(mine).await, JobState::Queued);
    assert_eq!(world.store().verify_sums().await.expect("looked"), Vec::<String>::new());
    world.clock.set(began);
    go_to(&mut world, UpstreamKind::Simulated).await;
    let store = world.store();
    assert_eq!(store.limits().await.expect("a read").limits, wide());
    assert_eq!(
        store.spend(UpstreamKind::Simulated).await.expect("a read").total,
        anvil_budget::Amounts::default()
    );
    assert_eq!(store.queue_counts().await.expect("a read"), crate::QueueCounts::default());
    assert!(!store.brake().await.expect("a read").engaged(), "nothing is missed that was wiped");
    let HoldDecision::Granted { at } = world.ask(world.hold_of(dollars(1))).await else {
        panic!("there is room")
    };
    assert_eq!(at, began, "its time begins anew");
    let audit = world.store().audit(99).await.expect("a read");
    assert!(audit.iter().any(|entry| entry.action == "simulator.wipe" && entry.by == "ann"));
}

pub async fn a_person_sets_the_ledgers_time_back(factory: &dyn Factory) {
    let mut world = World::new(factory).await;
    let now = world.clock.now();
    let refused = |world: &World<'_>| {
        let store = world.store().clone();
        async move { matches!(store.set_ledger_time_back("ann", "x").await, Err(StoreError::BadChange(_))) }
    };
    assert!(refused(&world).await, "a clock that is driven has no wall's clock beside it");
    world.clock.set_wall(Some(now));
    assert!(refused(&world).await, "there is nothing to set back");
    // One start with a clock that is four years ahead.
    world.wait(DAY * 1_460);
    let waits = world.running().await;
    let until = Some(world.clock.now() + Duration::from_hours(1));
    let wait = super::world::wait(anvil_types::WaitReason::Pace, until);
    world.store().park(waits.lease, wait).await.expect("current");
    world.spend(dollars(7)).await;
    world.store().set_ledger_time_back("ann", "the battery was flat").await.expect("taken");
    let causes = world.store().brake().await.expect("a read").causes;
    assert!(causes.len() == 1 && causes[0].reason.contains("$7.00"), "{causes:?}");
    world.clock.set(now);
    world.crash().await;
    assert_eq!(world.store().told_at_start().len(), 1);
    assert!(world.store().brake().await.expect("a read").engaged(), "until a person has looked");
    world.store().release_brake("ann", "looked").await.expect("released");
    let HoldDecision::Granted { at } = world.ask(world.hold_of(dollars(1))).await else {
        panic!("there is room")
    };
    assert_eq!(at, now);
    let snapshot = world.snapshot().await;
    assert!(snapshot.windows.iter().all(|window| window.amounts.spent() == dollars(0)), "{snapshot:?}");
    assert_eq!((snapshot.total.spent(), snapshot.week.used), (dollars(7), Duration::ZERO));
    assert_eq!(world.claim_one().await.job.id, waits.job.id, "no wait goes by a time that was wrong");
    world.crash().await;
    assert!(!world.store().brake().await.expect("a read").engaged(), "for good");
    world.check_sums().await;
}
