//! Replies that are kept to answer the same question again.

#![expect(missing_docs, reason = "the names are sentences")]

use super::Factory;
use super::world::{AGENT, World, bad_reply, dollars, entry, usage, wide};
use crate::testing::{attempt, hold_request};
use crate::{
    Finish, HoldDecision, JournalKind, KeptReply, LedgerFilter, NewReply, ReplyBounds, ReplyFound, ReplyHit,
    ReplyKey, Settlement, SettlementOutcome, StoreError,
};
use anvil_budget::WindowKind;
use anvil_types::{
    CacheEffect, CallId, CallState, Clock, Json, Lease, Nanodollars, ReplySize, Timestamp, UpstreamKind,
    Usage,
};
use std::time::Duration;

const SIMULATED: UpstreamKind = UpstreamKind::Simulated;
const TTL: Duration = Duration::from_hours(1);
const WIDE: ReplyBounds = ReplyBounds { ttl: TTL, entries: 100, bytes: 80_000 };
const SECOND: Duration = Duration::from_secs(1);

fn key(number: u8) -> ReplyKey {
    ReplyKey([number; 32])
}

fn reply(bytes: usize) -> Json {
    format!("\"{}\"", "x".repeat(bytes - 2)).parse().expect("JSON")
}

fn new_reply(number: u8, bounds: ReplyBounds, bytes: usize) -> NewReply {
    NewReply { key: key(number), agent: AGENT.to_owned(), reply: reply(bytes), bounds }
}

async fn settle(world: &World<'_>, outcome: SettlementOutcome, keep: NewReply) -> CallId {
    let call = world.hold(dollars(1)).await;
    let cache = CacheEffect::default();
    let settlement = Settlement {
        call,
        outcome,
        detail: None,
        model: None,
        cache,
        compression: None,
        journal: None,
        keep: Some(keep),
    };
    assert!(world.store().settle(settlement).await.expect("a settlement is never refused").first);
    call
}

/// Pays for a reply, and keeps it.
async fn paid(world: &World<'_>, keep: NewReply) -> CallId {
    settle(world, SettlementOutcome::Usage { usage: usage(), cost: dollars(1) }, keep).await
}

async fn find(world: &World<'_>, number: u8) -> ReplyFound {
    let since = world.clock.now() - TTL;
    world.store().find_reply(key(number), since).await.expect("a read works")
}

async fn kept(world: &World<'_>, number: u8) -> Option<KeptReply> {
    match find(world, number).await {
        ReplyFound::Kept(kept) => Some(kept),
        ReplyFound::Nothing => None,
        ReplyFound::Damaged => panic!("nothing damaged it"),
    }
}

async fn numbers(world: &World<'_>, all: impl IntoIterator<Item = u8>) -> Vec<u8> {
    let mut there = Vec::new();
    for number in all {
        there.extend(kept(world, number).await.map(|_| number));
    }
    there
}

async fn size(world: &World<'_>) -> (u64, u64) {
    let size = world.store().replies_size().await.expect("a read works");
    let by_agent = world.store().replies_sizes().await.expect("a read works");
    let sum = by_agent.iter().fold((0, 0), |sum, (_, size)| (sum.0 + size.entries, sum.1 + size.bytes));
    assert_eq!((size.entries, size.bytes), sum, "what is known of all is the sum of each");
    sum
}

fn a_hit(world: &World<'_>, number: u8, of: CallId, lease: Lease, position: u32) -> ReplyHit {
    let call = CallId::new(world.clock.now(), world.number());
    ReplyHit {
        key: key(number),
        of,
        kept_since: world.clock.now() - TTL,
        asked: hold_request(call, attempt(lease, AGENT, position), Nanodollars::ZERO),
        saved: Nanodollars::new(1_234_567),
        detail: "end_turn".to_owned(),
        journal: entry(lease, position, JournalKind::Call),
    }
}

async fn hit(
    world: &World<'_>,
    number: u8,
    of: CallId,
    lease: Lease,
    position: u32,
) -> Result<bool, StoreError> {
    world.store().hit_reply(a_hit(world, number, of, lease, position)).await
}

pub async fn a_hit_costs_nothing_and_stands_in_the_ledger_and_in_every_sum(factory: &dyn Factory) {
    let world = World::new(factory).await;
    let began = world.clock.now();
    let of = paid(&world, new_reply(1, WIDE, 500)).await;
    let found = kept(&world, 1).await.expect("it is kept");
    assert_eq!((found.call, found.agent.as_str(), found.reply.as_str()), (of, AGENT, reply(500).as_str()));
    assert_eq!(size(&world).await, (1, 500));
    let before = world.snapshot().await;
    let claimed = world.running().await;
    for position in 0..2 {
        world.wait(SECOND);
        assert!(hit(&world, 1, of, claimed.lease, position).await.expect("the lease is current"));
    }
    let calls = world.store().calls(claimed.job.id).await.expect("a read works");
    for (place, call) in calls.iter().enumerate() {
        assert_eq!((call.state, call.hold, call.cost), (CallState::Settled, dollars(0), dollars(0)));
        assert_eq!((call.reply_of, call.reply_saved), (Some(of), Nanodollars::new(1_234_567)));
        assert_eq!((call.usage.clone(), call.saved), (Usage::default(), Nanodollars::ZERO));
        assert_eq!((call.position, call.duration_ms), (u32::try_from(place).ok(), Some(0)));
        assert_eq!(call.agent.as_deref(), Some(AGENT));
    }
    assert_eq!(calls.len(), 2);
    let forms = world.store().prompt_forms(claimed.job.id).await.expect("a read works");
    assert_eq!(forms, [], "no prompt was sent");
    let job = world.job(claimed.job.id).await;
    assert_eq!((job.calls, job.cost, job.held), (2, dollars(0), dollars(0)));
    let after = world.snapshot().await;
    assert_eq!(before.total, after.total);
    assert_eq!(world.window(WindowKind::Day).await.settled, dollars(1));
    assert_eq!(after.week.used, before.week.used, "nothing flew");
    let totals = world.store().ledger_totals(SIMULATED, LedgerFilter::default()).await.expect("a read works");
    assert_eq!((totals.calls, totals.hits, totals.reply_saved.get()), (3, 2, 2_469_134));
    assert_eq!((totals.saved, totals.settled), (Nanodollars::ZERO, dollars(1)));
    // By whole hours, and within one.
    for to in [began + TTL, world.clock.now() + SECOND] {
        let usage = world.store().usage(SIMULATED, vec![began, to]).await.expect("a read works");
        let sums: Vec<_> = usage.iter().map(|sum| (sum.calls, sum.hits, sum.reply_saved.get())).collect();
        assert_eq!(sums, [(1, 2, 2_469_134)]);
    }
    world.check_sums().await;
}

pub async fn a_hit_and_its_entry_in_the_journal_are_one_step(factory: &dyn Factory) {
    let mut world = World::new(factory).await;
    let of = paid(&world, new_reply(1, WIDE, 500)).await;
    let stale = world.running().await;
    world.crash().await;
    let current = world.claim_one().await;
    let late = hit(&world, 1, of, stale.lease, 0).await;
    assert!(matches!(late, Err(StoreError::LeaseLost)), "{late:?}");
    assert_eq!(world.store().calls(current.job.id).await.expect("a read works"), []);
    assert!(hit(&world, 1, of, current.lease, 0).await.expect("the lease is current"));
    // The host dies before anyone was told: the answer stands, once.
    world.crash().await;
    let again = world.claim_one().await;
    let expected = entry(current.lease, 0, JournalKind::Call).entry;
    assert_eq!(again.journal, [expected]);
    assert_eq!(world.store().calls(current.job.id).await.expect("a read works").len(), 1);
    world.check_sums().await;
}

pub async fn a_reply_answers_for_its_time_and_goes_then(factory: &dyn Factory) {
    let world = World::new(factory).await;
    let lease = world.running().await.lease;
    let of = paid(&world, new_reply(1, WIDE, 500)).await;
    world.wait(TTL / 2);
    let later = paid(&world, new_reply(2, WIDE, 500)).await;
    world.store().heartbeat(vec![lease], TTL * 3).await.expect("a heartbeat works");
    world.wait(TTL / 2);
    assert!(kept(&world, 1).await.is_some(), "to the last moment");
    assert!(hit(&world, 1, of, lease, 0).await.expect("the lease is current"));
    world.wait(Duration::from_micros(1));
    assert_eq!(kept(&world, 1).await, None, "a use does not renew it: what it says grows old all the same");
    assert!(!hit(&world, 1, of, lease, 1).await.expect("the lease is current"));
    assert_eq!(size(&world).await, (2, 1_000));
    assert!(!world.store().trim_replies(WIDE).await.expect("it is trimmed"));
    assert_eq!(size(&world).await, (1, 500));
    assert!(hit(&world, 2, later, lease, 1).await.expect("the lease is current"));
    assert_eq!(world.job(lease.job).await.calls, 2);
    world.check_sums().await;
}

pub async fn replies_stay_within_their_bounds_and_the_least_used_go_first(factory: &dyn Factory) {
    let world = World::new(factory).await;
    let lease = world.running().await.lease;
    let few = ReplyBounds { entries: 3, ..WIDE };
    let first = paid(&world, new_reply(1, few, 100)).await;
    for number in [2, 3] {
        world.wait(SECOND);
        paid(&world, new_reply(number, few, 100)).await;
    }
    world.wait(SECOND);
    assert!(hit(&world, 1, first, lease, 0).await.expect("the lease is current"));
    world.wait(SECOND);
    paid(&world, new_reply(4, few, 100)).await;
    assert_eq!(numbers(&world, 1..=4).await, [1, 3, 4], "2 was not used for the longest time");
    // By bytes: 300 are there, 800 may be.
    let small = ReplyBounds { bytes: 800, ..WIDE };
    for number in 5..=10 {
        world.wait(SECOND);
        paid(&world, new_reply(number, small, 100)).await;
    }
    assert_eq!(size(&world).await, (8, 800));
    assert_eq!(numbers(&world, 1..=10).await, [1, 4, 5, 6, 7, 8, 9, 10]);
    // One that is too long puts nothing out, and is not kept.
    paid(&world, new_reply(11, small, 101)).await;
    assert_eq!((kept(&world, 11).await, size(&world).await), (None, (8, 800)));
    // What is too old goes before what was not used.
    world.wait(Duration::from_secs(3_595));
    let old = ReplyBounds { entries: 8, ..WIDE };
    paid(&world, new_reply(12, old, 100)).await;
    assert!(size(&world).await.0 <= 8);
    // Bounds that were lowered.
    assert!(!world.store().trim_replies(ReplyBounds { entries: 2, ..WIDE }).await.expect("it is trimmed"));
    assert_eq!(size(&world).await.0, 2);
    assert!(kept(&world, 12).await.is_some());
}

pub async fn bounds_that_were_lowered_never_grow_again(factory: &dyn Factory) {
    let world = World::new(factory).await;
    for number in 0..60 {
        paid(&world, new_reply(number, WIDE, 50)).await;
    }
    let few = ReplyBounds { entries: 10, ..WIDE };
    let mut before = 60;
    for number in 60..70 {
        paid(&world, new_reply(number, few, 50)).await;
        let now = size(&world).await.0;
        assert!(now <= before, "{now} replies");
        before = now;
    }
    assert_eq!(before, 10);
}

pub async fn a_new_reply_takes_the_place_of_the_one_before(factory: &dyn Factory) {
    let world = World::new(factory).await;
    let lease = world.running().await.lease;
    let before = paid(&world, new_reply(1, WIDE, 500)).await;
    world.wait(SECOND);
    let after = paid(&world, new_reply(1, WIDE, 90)).await;
    assert_eq!(kept(&world, 1).await.map(|kept| kept.call), Some(after));
    assert_eq!(size(&world).await, (1, 90));
    // Who has read the one before asks again.
    assert!(!hit(&world, 1, before, lease, 0).await.expect("the lease is current"));
    assert_eq!(world.store().calls(lease.job).await.expect("a read works"), []);
    assert!(hit(&world, 1, after, lease, 0).await.expect("the lease is current"));
    // One that cannot be kept puts the one before out all the same.
    paid(&world, new_reply(1, WIDE, 10_001)).await;
    assert_eq!((kept(&world, 1).await, size(&world).await), (None, (0, 0)));
    world.check_sums().await;
}

pub async fn what_is_not_certain_is_not_kept(factory: &dyn Factory) {
    let world = World::new(factory).await;
    settle(&world, SettlementOutcome::Unknown { usage: usage(), cost: dollars(1) }, new_reply(1, WIDE, 50))
        .await;
    settle(&world, SettlementOutcome::Released, new_reply(2, WIDE, 50)).await;
    assert_eq!((numbers(&world, 1..=2).await, size(&world).await), (vec![], (0, 0)));
}

pub async fn a_purge_takes_out_what_an_agent_paid_for_or_all(factory: &dyn Factory) {
    let world = World::new(factory).await;
    let lease = world.running().await.lease;
    let mine = paid(&world, new_reply(1, WIDE, 100)).await;
    for number in 2..=4 {
        paid(&world, NewReply { agent: "painter".into(), ..new_reply(number, WIDE, 10) }).await;
    }
    let gone = |entries, bytes| ReplySize { entries, bytes };
    let purge = |agent: Option<&'static str>| world.store().purge_replies(agent, "ann");
    assert_eq!(purge(Some("nobody")).await.expect("purged"), gone(0, 0));
    assert_eq!(purge(Some("painter")).await.expect("purged"), gone(3, 30));
    assert_eq!((numbers(&world, 1..=4).await, size(&world).await), (vec![1], (1, 100)));
    assert_eq!(purge(None).await.expect("purged"), gone(1, 100));
    assert_eq!(size(&world).await, (0, 0));
    // Who had read it before gets it no more.
    assert!(!hit(&world, 1, mine, lease, 0).await.expect("the lease is current"));
    let audited = world.store().audit_of("cache", 9).await.expect("a read works");
    let said: Vec<_> = audited.iter().map(|entry| entry.detail.as_str()).collect();
    assert_eq!(
        said,
        ["all agents: 1 replies, 100 bytes", "painter: 3 replies, 30 bytes", "nobody: 0 replies, 0 bytes"]
    );
    paid(&world, new_reply(1, WIDE, 100)).await;
    world.store().drop_reply(key(1)).await.expect("dropped");
    world.store().drop_reply(key(1)).await.expect("there is none any more");
    assert_eq!(size(&world).await, (0, 0));
}

pub async fn hosts_share_their_replies_and_the_bounds_of_them(factory: &dyn Factory) {
    let one = World::first_host(factory, wide()).await;
    let other = one.beside(2).await;
    let few = ReplyBounds { entries: 4, ..WIDE };
    let (lease, elsewhere) = (one.running().await.lease, other.running().await.lease);
    for number in (0..20).step_by(2) {
        let (here, there) = tokio::join!(
            paid(&one, new_reply(number, few, 100)),
            paid(&other, new_reply(number + 1, few, 100)),
        );
        assert!(size(&one).await.0 <= 4);
        assert!(hit(&other, number, here, elsewhere, number.into()).await.expect("the lease is current"));
        assert!(hit(&one, number + 1, there, lease, number.into()).await.expect("the lease is current"));
    }
    assert_eq!(size(&one).await, size(&other).await);
    one.store().purge_replies(None, "ann").await.expect("purged");
    assert_eq!(size(&other).await, (0, 0));
    one.check_sums().await;
}

pub async fn a_job_that_failed_on_its_last_reply_asks_anew_from_there(factory: &dyn Factory) {
    let world = World::new(factory).await;
    let claimed = world.running().await;
    assert_eq!(claimed.fresh_from, None);
    for position in 0..5 {
        world.store().journal(entry(claimed.lease, position, JournalKind::Call)).await.expect("current");
    }
    // 2 to 4 were asked at once.
    world.store().journal_batch(claimed.lease, 2, 4).await.expect("current");
    let retry = |lease| world.finish(lease, Finish::Retry { error: bad_reply(), at: world.clock.now() });
    retry(claimed.lease).await;
    let again = world.claim_one().await;
    assert_eq!((again.fresh_from, again.journal.len()), (Some(2), 2));
    // A crash or a park changes nothing about that, and neither does a failure further on.
    world.finish(again.lease, Finish::Released).await;
    let again = world.claim_one().await;
    assert_eq!(again.fresh_from, Some(2));
    for position in 2..4 {
        world.store().journal(entry(again.lease, position, JournalKind::Call)).await.expect("current");
    }
    retry(again.lease).await;
    let last = world.claim_one().await;
    assert_eq!((last.fresh_from, last.journal.len()), (Some(2), 3));
    world.finish(last.lease, Finish::Failed { error: bad_reply() }).await;
    world.store().retry(claimed.job.id, "ann").await.expect("it has failed");
    let by_hand = world.claim_one().await;
    assert_eq!((by_hand.fresh_from, by_hand.journal.len()), (Some(2), 2));
    let other: Timestamp = world.clock.now();
    assert_eq!(world.running().await.fresh_from, None, "another job is another matter, at {other}");
}

/// Pays for a reply that answers a job there, and keeps it.
async fn paid_by(world: &World<'_>, number: u8, lease: Lease, position: u32) {
    let request = world.hold_as(attempt(lease, AGENT, position), dollars(1));
    let call = request.id;
    assert!(matches!(world.ask(request).await, HoldDecision::Granted { .. }));
    let settlement = Settlement {
        call,
        outcome: SettlementOutcome::Usage { usage: usage(), cost: dollars(1) },
        detail: None,
        model: None,
        cache: CacheEffect::default(),
        compression: None,
        journal: Some(entry(lease, position, JournalKind::Call)),
        keep: Some(new_reply(number, WIDE, 50)),
    };
    assert!(world.store().settle(settlement).await.expect("a settlement is never refused").journalled);
}

pub async fn a_reply_that_a_guest_failed_on_answers_nobody_any_more(factory: &dyn Factory) {
    let world = World::new(factory).await;
    let failed = || Finish::Failed { error: bad_reply() };
    // The last attempt: 2 and 3 were asked at once.
    let one = world.running().await.lease;
    for (number, position) in [(1, 0), (2, 1), (3, 2)] {
        world.wait(SECOND);
        paid_by(&world, number, one, position).await;
    }
    world.store().journal_batch(one, 1, 2).await.expect("current");
    assert_eq!(numbers(&world, 1..=3).await, [1, 2, 3]);
    world.finish(one, failed()).await;
    assert_eq!((numbers(&world, 1..=3).await, size(&world).await), (vec![1], (1, 50)));
    assert_eq!(world.store().journal_of(one.job).await.expect("a read works").len(), 3, "its journal stays");
    // One that another had paid for; it goes at once, before the next attempt.
    let other = world.running().await.lease;
    let first = kept(&world, 1).await.expect("it is kept").call;
    assert!(hit(&world, 1, first, other, 0).await.expect("the lease is current"));
    world.finish(other, Finish::Retry { error: bad_reply(), at: world.clock.now() + TTL }).await;
    assert_eq!((numbers(&world, 1..=3).await, size(&world).await), (vec![], (0, 0)));
    // Another reply stands there by now: nobody failed on that.
    let late = world.running().await.lease;
    paid_by(&world, 4, late, 0).await;
    world.wait(SECOND);
    paid(&world, new_reply(4, WIDE, 60)).await;
    world.finish(late, failed()).await;
    assert_eq!((numbers(&world, 4..=4).await, size(&world).await), (vec![4], (1, 60)));
    // Whoever ends well, or is cancelled, has failed on nothing.
    for number in [5, 6] {
        let well = world.running().await.lease;
        paid_by(&world, number, well, 0).await;
        if number == 5 {
            world.succeed(well).await;
        } else {
            world.store().cancel(well.job, "ann").await.expect("it runs");
        }
    }
    assert_eq!(numbers(&world, 4..=6).await, [4, 5, 6]);
    world.check_sums().await;
}
