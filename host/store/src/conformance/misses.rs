//! What the prompt cache did for calls: in their entries, and in every sum.

#![expect(missing_docs, reason = "the names are sentences")]

use super::Factory;
use super::world::{AGENT, World, dollars, usage};
use crate::{HoldDecision, LedgerFilter, MissSum, Settlement, SettlementOutcome};
use anvil_types::{
    CacheEffect, CacheMiss, CacheMissKind, CacheMissReason, CallId, Clock, Nanodollars, Timestamp,
    UpstreamKind,
};
use std::time::Duration;

const SIMULATED: UpstreamKind = UpstreamKind::Simulated;
const HOUR: Duration = Duration::from_hours(1);

fn missed(reason: CacheMissReason, tokens: u64, cost: i64) -> CacheEffect {
    CacheEffect {
        saved: Nanodollars::new(-cost / 2),
        miss: Some(CacheMiss { reason, tokens, cost: Nanodollars::new(cost) }),
    }
}

fn saved(nano: i64) -> CacheEffect {
    CacheEffect { saved: Nanodollars::new(nano), miss: None }
}

async fn settle(world: &World<'_>, call: CallId, outcome: SettlementOutcome, cache: CacheEffect) -> bool {
    let settlement = Settlement {
        call,
        outcome,
        detail: None,
        model: None,
        cache,
        compression: None,
        journal: None,
        keep: None,
    };
    world.store().settle(settlement).await.expect("a settlement is never refused").first
}

fn told() -> SettlementOutcome {
    SettlementOutcome::Usage { usage: usage(), cost: dollars(1) }
}

/// Holds, settles, and answers which call it was.
async fn ended(world: &World<'_>, cache: CacheEffect) -> CallId {
    let call = world.hold(dollars(1)).await;
    assert!(settle(world, call, told(), cache).await);
    call
}

async fn misses(world: &World<'_>, from: Timestamp, to: Timestamp) -> Vec<MissSum> {
    world.store().cache_misses(SIMULATED, from, to).await.expect("a read works")
}

fn sum(kind: CacheMissKind, calls: u64, tokens: u64, cost: i64) -> MissSum {
    MissSum { agent: Some(AGENT.into()), api_key: None, kind, calls, tokens, cost: Nanodollars::new(cost) }
}

async fn saved_in_all(world: &World<'_>) -> i64 {
    let totals = world.store().ledger_totals(SIMULATED, LedgerFilter::default()).await;
    totals.expect("a read works").saved.get()
}

pub async fn what_the_prompt_cache_did_stands_in_the_entry_and_in_every_sum(factory: &dyn Factory) {
    let world = World::new(factory).await;
    let began = world.clock.now();
    let effects = [
        missed(CacheMissReason::Expired, 2_048, 900),
        saved(5_000),
        missed(CacheMissReason::PrefixChanged { at: 812 }, 100, 70),
        missed(CacheMissReason::Expired, 52, 100),
        saved(-3),
    ];
    let mut calls = Vec::new();
    for effect in effects {
        calls.push(ended(&world, effect).await);
        world.wait(Duration::from_millis(1));
    }
    let keyed = world.hold_with_key("ci", dollars(1));
    let by_key = keyed.id;
    assert!(matches!(world.ask(keyed).await, HoldDecision::Granted { .. }));
    assert!(settle(&world, by_key, told(), missed(CacheMissReason::First, 7, 0)).await);
    let after = world.clock.now() + HOUR;

    let mut ledger = world.store().ledger(SIMULATED, None, 9).await.expect("a read works");
    ledger.reverse();
    let entries: Vec<_> =
        ledger.iter().map(|call| (call.id, CacheEffect { saved: call.saved, miss: call.miss })).collect();
    let expected: Vec<_> = calls.into_iter().zip(effects).collect();
    assert_eq!(entries[..5], expected);
    assert_eq!(entries[5], (by_key, missed(CacheMissReason::First, 7, 0)));

    let of_key = MissSum { agent: None, api_key: Some("ci".into()), ..sum(CacheMissKind::First, 1, 7, 0) };
    let expected =
        [sum(CacheMissKind::Expired, 2, 2_100, 1_000), sum(CacheMissKind::PrefixChanged, 1, 100, 70), of_key];
    assert_eq!(misses(&world, began, after).await, expected);
    let total = -450 + 5_000 - 35 - 50 - 3;
    assert_eq!(saved_in_all(&world).await, total);
    let by_agent = LedgerFilter { agent: Some(AGENT.into()), from: Some(began), ..LedgerFilter::default() };
    let by_agent = world.store().ledger_totals(SIMULATED, by_agent).await.expect("a read works");
    assert_eq!(by_agent.saved.get(), total);
    let usage = world.store().usage(SIMULATED, vec![began, after]).await.expect("a read works");
    assert_eq!(usage.iter().map(|sum| sum.saved.get()).sum::<i64>(), total);
    assert_eq!(misses(&world, after, after + HOUR).await, []);
    world.check_sums().await;
}

pub async fn a_settlement_that_comes_twice_counts_once(factory: &dyn Factory) {
    let world = World::new(factory).await;
    let began = world.clock.now();
    let effect = missed(CacheMissReason::ToolsChanged, 10, 8);
    let call = ended(&world, effect).await;
    assert!(!settle(&world, call, told(), effect).await);
    assert!(!settle(&world, call, told(), missed(CacheMissReason::First, 99, 99)).await);
    let expected = [sum(CacheMissKind::ToolsChanged, 1, 10, 8)];
    assert_eq!(misses(&world, began, world.clock.now() + HOUR).await, expected);
    assert_eq!(saved_in_all(&world).await, -4);
    // What it really cost is another matter than what the cache did for it.
    let correction =
        crate::Correction { call, cost: dollars(2), by: "ann".into(), reason: "the bill".into() };
    world.store().correct(correction).await.expect("it is corrected");
    assert_eq!(saved_in_all(&world).await, -4);
    world.check_sums().await;
}

pub async fn a_late_settlement_counts_in_its_holds_hour(factory: &dyn Factory) {
    let world = World::new(factory).await;
    let began = world.clock.now();
    let call = world.hold(dollars(1)).await;
    world.wait(3 * HOUR);
    assert!(settle(&world, call, told(), missed(CacheMissReason::ModelChanged, 4, 6)).await);
    let expected = [sum(CacheMissKind::ModelChanged, 1, 4, 6)];
    assert_eq!(misses(&world, began, began + HOUR).await, expected);
    // Within the hour it is found by its entry.
    assert_eq!(misses(&world, began, began + Duration::from_secs(1)).await, expected);
    assert_eq!(misses(&world, began + HOUR, began + 4 * HOUR).await, []);
    world.check_sums().await;
}

pub async fn what_was_not_billed_saved_and_missed_nothing(factory: &dyn Factory) {
    let world = World::new(factory).await;
    let began = world.clock.now();
    let call = world.hold(dollars(1)).await;
    let effect = missed(CacheMissReason::BelowMinimum, 4, 6);
    assert!(settle(&world, call, SettlementOutcome::Released, effect).await);
    let ledger = world.store().ledger(SIMULATED, None, 9).await.expect("a read works");
    assert_eq!((ledger[0].saved, ledger[0].miss), (Nanodollars::ZERO, None));
    assert_eq!(misses(&world, began, world.clock.now() + HOUR).await, []);
    assert_eq!(saved_in_all(&world).await, 0);
    world.check_sums().await;
}

pub async fn no_word_of_a_miss_keeps_a_settlement_from_being_stored(factory: &dyn Factory) {
    let world = World::new(factory).await;
    let began = world.clock.now();
    let wild = |saved| CacheEffect {
        saved: Nanodollars::new(saved),
        miss: Some(CacheMiss {
            reason: CacheMissReason::PrefixChanged { at: u64::MAX },
            tokens: u64::MAX,
            cost: Nanodollars::MAX,
        }),
    };
    for saved in [i64::MIN, i64::MAX] {
        ended(&world, wild(saved)).await;
    }
    ended(&world, CacheEffect { saved: Nanodollars::ZERO, ..missed(CacheMissReason::First, 1, -5) }).await;
    let found = misses(&world, began, world.clock.now() + HOUR).await;
    let [changed, first] = &found[..] else { panic!("two kinds: {found:?}") };
    assert_eq!((changed.calls, changed.tokens), (2, 2 * anvil_types::MOST_TOKENS));
    assert_eq!(first.cost, Nanodollars::ZERO);
    assert_eq!(saved_in_all(&world).await, 0);
    world.check_sums().await;
}
