//! Holds and settlements.

#![expect(missing_docs, reason = "the names are sentences")]

use super::Factory;
use super::world::{AGENT, World, dollars, entry, usage, wide};
use crate::testing::attempt;
use crate::{HoldDecision, HoldRequest, JournalKind, Settled, Settlement, SettlementOutcome, StoreError};
use anvil_budget::{Amounts, Denial, LimitName};
use anvil_types::{
    Asker, CacheEffect, CallId, CallRecord, CallState, ClientAsker, Clock, Limits, Nanodollars, Tier,
    UpstreamKind, Usage,
};
use std::time::Duration;

pub async fn callers_at_once_never_pass_on_the_same_dollar(factory: &dyn Factory) {
    let world = World::with(factory, Limits { day_usd: dollars(20), ..wide() }).await;
    let mut callers = Vec::new();
    for _ in 0..400 {
        let (store, request) = (world.store().clone(), world.hold_of(dollars(1)));
        callers.push(tokio::spawn(async move { (request.id, store.hold(request).await.expect("decided")) }));
    }
    let mut granted = Vec::new();
    for caller in callers {
        match caller.await.expect("no panic") {
            (id, HoldDecision::Granted { .. }) => granted.push(id),
            (_, decision) => {
                assert_eq!(decision, HoldDecision::Refused(Denial::WaitForHolds { limit: LimitName::DAY }));
            }
        }
    }
    assert_eq!(granted.len(), 20);
    assert_eq!(world.snapshot().await.total.held, dollars(20));
    // A cheap settlement makes room for what it did not use, to the last nano-dollar.
    world.settle(granted[0], Nanodollars::new(1)).await;
    let rest = dollars(1) - Nanodollars::new(1);
    let too_much = world.ask(world.hold_of(rest + Nanodollars::new(1))).await;
    assert!(matches!(too_much, HoldDecision::Refused(Denial::WaitForHolds { .. })), "{too_much:?}");
    world.hold(rest).await;
    world.check_sums().await;
}

pub async fn a_hold_is_taken_once_for_its_id(factory: &dyn Factory) {
    let world = World::with(factory, Limits { day_usd: dollars(5), ..wide() }).await;
    let request = world.hold_of(dollars(4));
    let first = world.ask(request.clone()).await;
    world.wait(Duration::from_secs(5));
    // There is no room for a second one, and none is needed.
    assert_eq!(world.ask(request).await, first);
    assert_eq!(world.snapshot().await.total.held, dollars(4));
}

pub async fn a_hold_is_settled_once(factory: &dyn Factory) {
    let world = World::new(factory).await;
    let call = world.hold(dollars(5)).await;
    let first = world.settle(call, dollars(3)).await;
    assert_eq!(first, Settled { first: true, journalled: false, over_hold: Nanodollars::ZERO });
    for outcome in [
        SettlementOutcome::Usage { usage: usage(), cost: dollars(5) },
        SettlementOutcome::Unknown { usage: Usage::default(), cost: dollars(5) },
        SettlementOutcome::Released,
    ] {
        assert!(!world.end(call, outcome).await.first);
    }
    let total = world.snapshot().await.total;
    assert_eq!((total.settled, total.unknown, total.held), (dollars(3), dollars(0), dollars(0)));
    let nobody = CallId::new(world.clock.now(), 0);
    let settlement = Settlement {
        call: nobody,
        outcome: SettlementOutcome::Released,
        detail: None,
        model: None,
        cache: CacheEffect::default(),
        compression: None,
        journal: None,
        keep: None,
    };
    assert!(matches!(world.store().settle(settlement).await, Err(StoreError::NoSuchCall(_))));
}

pub async fn a_released_hold_leaves_nothing(factory: &dyn Factory) {
    let world = World::new(factory).await;
    let claimed = world.running().await;
    let request = world.hold_by(claimed.lease, dollars(5));
    let call = request.id;
    assert!(matches!(world.ask(request).await, HoldDecision::Granted { .. }));
    world.end(call, SettlementOutcome::Released).await;
    assert_eq!(world.snapshot().await.total, Amounts::default());
    let job = world.job(claimed.job.id).await;
    assert_eq!((job.cost, job.held, job.calls), (dollars(0), dollars(0), 1));
    let calls = world.store().calls(claimed.job.id).await.expect("a read works");
    assert_eq!((calls[0].state, calls[0].cost, calls[0].hold), (CallState::Released, dollars(0), dollars(5)));
}

pub async fn a_job_spends_no_more_than_its_own_limit(factory: &dyn Factory) {
    let world = World::new(factory).await;
    world.submit(anvil_types::NewJob { max_cost: dollars(10), ..world.new_job() }).await;
    let lease = world.claim_one().await.lease;
    let first = world.hold_by(lease, dollars(6));
    let call = first.id;
    assert!(matches!(world.ask(first).await, HoldDecision::Granted { .. }));
    assert_eq!(
        world.ask(world.hold_by(lease, dollars(5))).await,
        HoldDecision::Refused(Denial::WaitForHolds { limit: LimitName::Job })
    );
    world.settle(call, dollars(6)).await;
    assert_eq!(
        world.ask(world.hold_by(lease, dollars(5))).await,
        HoldDecision::Refused(Denial::Never {
            limit: LimitName::Job,
            allowed: dollars(10),
            spent: dollars(6)
        })
    );
    assert!(matches!(world.ask(world.hold_by(lease, dollars(4))).await, HoldDecision::Granted { .. }));
    assert_eq!(world.job(lease.job).await.calls, 2, "a refused call is none");
}

pub async fn a_cost_above_the_hold_is_kept_and_counted(factory: &dyn Factory) {
    let world = World::new(factory).await;
    let call = world.hold(dollars(5)).await;
    assert_eq!(world.settle(call, dollars(7)).await.over_hold, dollars(2));
    let snapshot = world.snapshot().await;
    assert_eq!((snapshot.total.settled, snapshot.bounds_broken), (dollars(7), 1));
    world.spend(dollars(1)).await;
    assert_eq!(world.snapshot().await.bounds_broken, 1);
}

pub async fn no_number_keeps_a_settlement_from_being_stored(factory: &dyn Factory) {
    // More than the sums can hold of calls that cost the most that a call can.
    let world = World::new(factory).await;
    let mut calls = Vec::new();
    for _ in 0..2_100 {
        let (store, request) = (world.store().clone(), world.hold_of(Nanodollars::new(1)));
        calls.push(tokio::spawn(async move {
            let call = request.id;
            let decision = store.hold(request).await.expect("decided");
            assert!(matches!(decision, HoldDecision::Granted { .. }), "there is room");
            (store, call)
        }));
    }
    let mut held = Vec::new();
    for call in calls {
        held.push(call.await.expect("no panic"));
    }
    let usage = Usage {
        input_tokens: u64::MAX,
        output_tokens: u64::MAX,
        cache_read_tokens: u64::MAX,
        cache_write_5m_tokens: u64::MAX,
        cache_write_1h_tokens: u64::MAX,
        ..usage()
    };
    let settled = held.into_iter().map(|(store, call)| {
        let outcome = SettlementOutcome::Unknown { usage: usage.clone(), cost: Nanodollars::MAX };
        let settlement = Settlement {
            call,
            outcome,
            detail: None,
            model: None,
            cache: CacheEffect::default(),
            compression: None,
            journal: None,
            keep: None,
        };
        tokio::spawn(async move { store.settle(settlement).await })
    });
    for settled in settled.collect::<Vec<_>>() {
        assert!(settled.await.expect("no panic").expect("a settlement is never refused").first);
    }
    let total = world.snapshot().await.total;
    assert_eq!((total.held, total.unknown), (Nanodollars::ZERO, Nanodollars::new(9_000_000_000_000_000_000)));
    let entry = world.store().ledger(UpstreamKind::Simulated, None, 1).await.expect("a read works");
    assert_eq!(entry[0].usage.output_tokens, anvil_types::MOST_TOKENS);
}

pub async fn each_upstream_has_its_own_money(factory: &dyn Factory) {
    let world = World::with(factory, Limits { day_usd: dollars(10), ..wide() }).await;
    world.hold(dollars(10)).await;
    let live = HoldRequest { upstream: UpstreamKind::Live, ..world.hold_of(dollars(9)) };
    assert!(matches!(world.ask(live.clone()).await, HoldDecision::Granted { .. }));
    let spend = world.store().spend(UpstreamKind::Live).await.expect("a read works");
    assert_eq!((spend.total.held, spend.bounds_broken), (dollars(9), 0));
    let ledger = world.store().ledger(UpstreamKind::Live, None, 9).await.expect("a read works");
    assert_eq!(ledger.iter().map(|call| call.id).collect::<Vec<_>>(), [live.id]);
}

pub async fn a_job_never_spends_on_another_upstream(factory: &dyn Factory) {
    let world = World::new(factory).await;
    let lease = world.running().await.lease;
    let live = HoldRequest { upstream: UpstreamKind::Live, ..world.hold_by(lease, dollars(1)) };
    let refused = world.store().hold(live).await;
    assert!(matches!(refused, Err(StoreError::WrongUpstream { .. })), "{refused:?}");
    let spend = world.store().spend(UpstreamKind::Live).await.expect("a read works");
    assert_eq!(spend.total, Amounts::default());
}

pub async fn the_ledger_says_who_what_and_how_much(factory: &dyn Factory) {
    let world = World::new(factory).await;
    let lease = world.running().await.lease;
    let request = HoldRequest {
        tier_reason: Some("the fullest window is at 92 %".into()),
        early: Some("its prompt would have left its model's cache".into()),
        tags: vec!["x".into(), "y".into()],
        ..world.hold_as(attempt(lease, AGENT, 4), dollars(5))
    };
    let held_at = world.clock.now();
    assert_eq!(world.ask(request.clone()).await, HoldDecision::Granted { at: held_at });
    world.wait(Duration::from_millis(1_500));
    let settlement = Settlement {
        call: request.id,
        outcome: SettlementOutcome::Usage { usage: usage(), cost: dollars(3) },
        detail: Some("end_turn".into()),
        model: None,
        cache: CacheEffect::default(),
        compression: None,
        journal: None,
        keep: None,
    };
    world.store().settle(settlement).await.expect("never refused");
    let expected = CallRecord {
        id: request.id,
        state: CallState::Settled,
        held_at,
        settled_at: Some(world.clock.now()),
        job: Some(lease.job),
        agent: Some(AGENT.into()),
        attempt: Some(1),
        position: Some(4),
        api_key: None,
        session: None,
        tags: vec!["x".into(), "y".into()],
        tier_asked: Tier::Opus,
        tier_given: Tier::Haiku,
        tier_reason: Some("the fullest window is at 92 %".into()),
        early: Some("its prompt would have left its model's cache".into()),
        model: request.model.clone(),
        model_answered: None,
        usage: usage(),
        price_row: request.price_row.clone(),
        hold: dollars(5),
        cost: dollars(3),
        saved: Nanodollars::ZERO,
        miss: None,
        reply_of: None,
        reply_saved: Nanodollars::ZERO,
        compressed: None,
        batched: false,
        batch_saved: Nanodollars::ZERO,
        corrections: Vec::new(),
        detail: Some("end_turn".into()),
        duration_ms: Some(1_500),
    };
    assert_eq!(world.store().calls(lease.job).await.expect("a read works"), std::slice::from_ref(&expected));
    // By a key, where no job asks; the newest first, page by page.
    world.wait(Duration::from_millis(1));
    let client = ClientAsker { api_key: "key".into(), session: Some("s".into()) };
    let keyed = world.hold_as(Asker::Client(client), dollars(1));
    assert!(matches!(world.ask(keyed.clone()).await, HoldDecision::Granted { .. }));
    let page = world.store().ledger(UpstreamKind::Simulated, None, 1).await.expect("a read works");
    assert_eq!((page[0].id, page[0].api_key.as_deref(), page[0].job), (keyed.id, Some("key"), None));
    assert_eq!((page[0].session.as_deref(), page[0].agent.as_deref()), (Some("s"), None), "its key's alone");
    let next = world.store().ledger(UpstreamKind::Simulated, Some(page[0].id), 9).await.expect("a read");
    assert_eq!(next, [expected]);
}

pub async fn a_settlement_journals_in_the_same_step(factory: &dyn Factory) {
    let world = World::new(factory).await;
    let claimed = world.running().await;
    for (position, outcome) in [
        (0, SettlementOutcome::Usage { usage: usage(), cost: dollars(1) }),
        (1, SettlementOutcome::Unknown { usage: Usage::default(), cost: dollars(2) }),
        (2, SettlementOutcome::Released),
    ] {
        let request = world.hold_by(claimed.lease, dollars(2));
        let call = request.id;
        assert!(matches!(world.ask(request).await, HoldDecision::Granted { .. }));
        let settlement = Settlement {
            call,
            outcome,
            detail: None,
            model: None,
            cache: CacheEffect::default(),
            compression: None,
            journal: Some(entry(claimed.lease, position, JournalKind::Call)),
            keep: None,
        };
        let settled = world.store().settle(settlement.clone()).await.expect("never refused");
        assert!(settled.first && settled.journalled);
        let again = world.store().settle(settlement).await.expect("never refused");
        assert!(!again.first && !again.journalled);
    }
    world.park(claimed.lease, anvil_types::WaitReason::Money).await;
    world.store().resume(&[anvil_types::WaitReason::Money], None).await.expect("resumes");
    let journal = world.claim_one().await.journal;
    assert_eq!(journal.len(), 3);
    assert_eq!(journal[1], entry(claimed.lease, 1, JournalKind::Call).entry);
    let job = world.job(claimed.job.id).await;
    assert_eq!((job.cost, job.unknown, job.held, job.calls), (dollars(3), dollars(2), dollars(0), 3));
}
