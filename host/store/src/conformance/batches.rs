//! Calls that go out in batches.

#![expect(missing_docs, reason = "the names are sentences")]

use super::Factory;
use super::world::{AGENT, World, dollars, usage, wide};
use crate::testing::attempt;
use crate::{
    BatchEnd, BatchPlace, Claimed, HoldDecision, JobEdit, JournalKind, LedgerFilter, NewBatchCall, OpenBatch,
    Settlement, SettlementOutcome,
};
use anvil_budget::{BatchRule, BrakeCause, Denial, LimitName};
use anvil_types::{
    BatchState, BrakeCauseKind, CacheEffect, CallId, CallState, Clock, JobState, Json, Lease, Limits,
    Nanodollars, UpstreamKind, Usage, Wait, WaitReason,
};
use std::time::Duration;

const SIMULATED: UpstreamKind = UpstreamKind::Simulated;
const MINUTE: Duration = Duration::from_mins(1);
const HOUR: Duration = Duration::from_hours(1);
const RULE: BatchRule = BatchRule { calls: 3, bytes: 10_000, wait: MINUTE };
const SAVED: i64 = 1_234_567;

/// Gathers a call of an attempt.
async fn gather(world: &World<'_>, lease: Lease, position: u32, amount: Nanodollars) -> HoldDecision {
    world.ask(request(world, lease, position, amount)).await
}

fn request(world: &World<'_>, lease: Lease, position: u32, amount: Nanodollars) -> crate::HoldRequest {
    let mut request = world.hold_as(attempt(lease, AGENT, position), amount);
    request.batch = Some(NewBatchCall {
        request_hash: hash(position),
        terms: "{\"n\":1}".parse().expect("JSON"),
        body: format!("{{\"position\":{position}}}").into_bytes().into(),
    });
    request
}

fn hash(position: u32) -> [u8; 32] {
    [u8::try_from(position).expect("few"); 32]
}

async fn gathered(world: &World<'_>, lease: Lease, position: u32, amount: Nanodollars) -> CallId {
    let request = request(world, lease, position, amount);
    let call = request.id;
    assert!(matches!(world.ask(request).await, HoldDecision::Granted { .. }), "there is room");
    call
}

async fn park(world: &World<'_>, lease: Lease) {
    let wait = Wait { reason: WaitReason::Batch, detail: "a batch".into(), until: None, refused_at: None };
    world.store().park(lease, wait).await.expect("the lease is current");
}

async fn waiting(world: &World<'_>) -> u64 {
    world.store().gathered().await.expect("a read works").calls
}

async fn make(world: &World<'_>) -> Option<OpenBatch> {
    world.store().make_batch(RULE.into()).await.expect("it is decided")
}

async fn made(world: &World<'_>) -> OpenBatch {
    make(world).await.expect("a batch is due")
}

async fn open(world: &World<'_>) -> Vec<OpenBatch> {
    world.store().open_batches().await.expect("a read works")
}

async fn held(world: &World<'_>) -> Nanodollars {
    let totals = world.store().ledger_totals(SIMULATED, LedgerFilter::default()).await;
    totals.expect("a read works").held
}

fn ended(call: CallId, outcome: SettlementOutcome, answer: Option<Json>) -> BatchEnd {
    let settlement = Settlement {
        call,
        outcome,
        detail: Some("end_turn".into()),
        model: None,
        cache: CacheEffect::default(),
        compression: None,
        journal: None,
        keep: None,
    };
    BatchEnd { settlement, saved: Nanodollars::new(SAVED), answer, goes_alone: false }
}

fn answer() -> Json {
    "{\"Ok\":1}".parse().expect("JSON")
}

async fn answered(world: &World<'_>, call: CallId, cost: Nanodollars) -> bool {
    let outcome = SettlementOutcome::Usage { usage: usage(), cost };
    let end = ended(call, outcome, Some(answer()));
    world.store().end_batched(end).await.expect("it is never refused").first
}

async fn place(world: &World<'_>, claimed: &Claimed, position: u32) -> BatchPlace {
    let place = world.store().batch_place(claimed.job.id, position, hash(position)).await;
    place.expect("a read works")
}

pub async fn a_call_is_kept_with_its_hold_and_its_job_goes_on_with_the_answer(factory: &dyn Factory) {
    let world = World::new(factory).await;
    let claimed = world.running().await;
    assert_eq!(place(&world, &claimed, 0).await, BatchPlace::New);
    let call = gathered(&world, claimed.lease, 0, dollars(4)).await;
    assert_eq!((place(&world, &claimed, 0).await, waiting(&world).await), (BatchPlace::Waits, 1));
    assert_eq!(world.job(claimed.job.id).await.held, dollars(4));
    park(&world, claimed.lease).await;
    assert_eq!(world.state(claimed.job.id).await, JobState::Parked);
    assert_eq!(world.claim(1).await, [], "nothing but its answer lets it go on");
    world.wait(MINUTE);
    let batch = made(&world).await;
    assert_eq!((batch.calls, batch.state, waiting(&world).await), (1, BatchState::Sending, 0));
    assert_eq!(place(&world, &claimed, 0).await, BatchPlace::Waits);
    let known = world.store().batch_call(call).await.expect("a read works").expect("it has no end");
    assert_eq!((known.batch, known.amount, known.agent.as_str()), (Some(batch.number), dollars(4), AGENT));
    assert!(world.store().batch_sent(batch.number, "msgbatch_1", None).await.expect("written"));
    world.wait(HOUR * 20);
    assert!(answered(&world, call, dollars(1)).await);
    assert!(!answered(&world, call, dollars(2)).await, "a line that comes twice counts once");
    let again = world.claim_one().await;
    assert_eq!((again.job.id, again.journal.len()), (claimed.job.id, 1));
    let entry = &again.journal[0];
    assert_eq!((entry.position, entry.kind, entry.request_hash), (0, JournalKind::Call, hash(0)));
    assert_eq!(entry.answer, answer());
    assert_eq!((again.job.cost, again.job.held), (dollars(1), Nanodollars::ZERO));
    let calls = world.store().calls(claimed.job.id).await.expect("a read works");
    assert_eq!((calls.len(), calls[0].batched, calls[0].batch_saved.get()), (1, true, SAVED));
    let totals = world.store().ledger_totals(SIMULATED, LedgerFilter::default()).await.expect("a read");
    assert_eq!((totals.batched, totals.batch_saved.get(), totals.settled), (1, SAVED, dollars(1)));
    assert_eq!(open(&world).await, [], "all its calls have come to their ends");
    assert_eq!(world.store().batches(9).await.expect("a read works")[0].state, BatchState::Ended);
    world.check_sums().await;
}

pub async fn what_batches_hold_stands_over_restarts_and_is_no_use_of_the_week(factory: &dyn Factory) {
    let mut world = World::new(factory).await;
    let claimed = world.running().await;
    let call = gathered(&world, claimed.lease, 0, dollars(4)).await;
    // The host dies before the job is parked, and again when its batch is being sent.
    world.wait(HOUR);
    world.crash().await;
    assert_eq!(held(&world).await, dollars(4));
    let again = world.claim_one().await;
    assert_eq!(place(&world, &again, 0).await, BatchPlace::Waits, "it is not asked twice");
    park(&world, again.lease).await;
    let batch = made(&world).await;
    world.wait(HOUR);
    world.crash().await;
    assert_eq!((held(&world).await, open(&world).await), (dollars(4), vec![batch.clone()]));
    assert_eq!(world.snapshot().await.week.used, Duration::ZERO);
    // A call under way is a use of the week as ever, with what batches hold or without.
    let direct = world.hold(dollars(1)).await;
    world.wait(HOUR);
    world.settle(direct, dollars(1)).await;
    world.wait(HOUR);
    assert!(answered(&world, call, dollars(2)).await);
    world.wait(HOUR);
    assert_eq!(world.snapshot().await.week.used, HOUR);
    world.check_sums().await;
}

pub async fn the_days_limit_holds_while_what_batches_hold_stands(factory: &dyn Factory) {
    let world = World::with(factory, Limits { day_usd: dollars(10), ..wide() }).await;
    let claimed = world.running().await;
    let calls = [
        gathered(&world, claimed.lease, 0, dollars(4)).await,
        gathered(&world, claimed.lease, 1, dollars(4)).await,
    ];
    // Nothing is under way whose end would make room: whoever asks comes again later.
    let later = |decision: &HoldDecision| match decision {
        HoldDecision::Refused(Denial::ParkUntil { limit: LimitName::DAY, at }) => *at > world.clock.now(),
        _ => false,
    };
    let decided = gather(&world, claimed.lease, 2, dollars(3)).await;
    assert!(later(&decided), "{decided:?}");
    let decided = world.ask(world.hold_of(dollars(3))).await;
    assert!(later(&decided), "{decided:?}");
    // A call that is under way is waited for as ever.
    let direct = world.hold(dollars(2)).await;
    let decided = world.ask(world.hold_of(dollars(2))).await;
    assert!(matches!(decided, HoldDecision::Refused(Denial::WaitForHolds { .. })), "{decided:?}");
    world.settle(direct, Nanodollars::ZERO).await;
    let decided = world.ask(world.hold_of(dollars(11))).await;
    assert!(matches!(decided, HoldDecision::Refused(Denial::Never { .. })), "{decided:?}");
    for call in calls {
        answered(&world, call, dollars(1)).await;
    }
    let decided = world.ask(world.hold_of(dollars(8))).await;
    assert!(matches!(decided, HoldDecision::Granted { .. }), "{decided:?}");
    world.check_sums().await;
}

pub async fn a_batch_is_made_when_it_is_full_or_its_first_call_has_waited(factory: &dyn Factory) {
    let world = World::new(factory).await;
    let claimed = world.running().await;
    assert_eq!(make(&world).await, None);
    for position in 0..2 {
        gathered(&world, claimed.lease, position, dollars(1)).await;
    }
    assert_eq!(make(&world).await, None, "others may come");
    for position in 2..5 {
        gathered(&world, claimed.lease, position, dollars(1)).await;
    }
    let full = made(&world).await;
    assert_eq!((full.calls, waiting(&world).await), (3, 2));
    let bodies = world.store().batch_bodies(full.number, 0, 1).await.expect("a read works");
    assert_eq!(bodies.len(), 1, "one at least, however long");
    let rest = world.store().batch_bodies(full.number, bodies[0].place, 1_000).await.expect("a read");
    let texts: Vec<_> = bodies.iter().chain(&rest).map(|body| String::from_utf8_lossy(&body.body)).collect();
    assert_eq!(texts, [r#"{"position":0}"#, r#"{"position":1}"#, r#"{"position":2}"#]);
    assert_eq!(make(&world).await, None);
    world.wait(MINUTE);
    let cause = BrakeCause {
        kind: BrakeCauseKind::Person,
        reason: "a look".into(),
        by: Some("ann".into()),
        since: world.clock.now(),
        until: None,
    };
    world.store().engage_brake(cause).await.expect("engaged");
    assert_eq!(make(&world).await, None, "nothing new goes out");
    world.store().release_brake("ann", "it is well").await.expect("ended");
    assert_eq!(made(&world).await.calls, 2);
}

pub async fn calls_of_a_batch_that_is_certainly_not_there_wait_again(factory: &dyn Factory) {
    let world = World::new(factory).await;
    let claimed = world.running().await;
    for position in 0..3 {
        gathered(&world, claimed.lease, position, dollars(1)).await;
    }
    let refused = made(&world).await;
    world.store().batch_back(refused.number).await.expect("written");
    assert_eq!((waiting(&world).await, open(&world).await), (3, vec![]));
    // One of which nobody knows is not sent again, whatever anybody says.
    let lost = made(&world).await;
    world.store().batch_unsure(lost.number, BatchState::Lost).await.expect("written");
    world.store().batch_back(lost.number).await.expect("nothing is written");
    assert_eq!((waiting(&world).await, open(&world).await[0].state), (0, BatchState::Lost));
    assert!(world.store().batch_sent(lost.number, "msgbatch_7", None).await.expect("it was found"));
    assert!(!world.store().batch_sent(lost.number, "msgbatch_8", None).await.expect("it is that one"));
    assert!(world.store().batch_known("msgbatch_7").await.expect("a read works"));
    assert!(!world.store().batch_known("msgbatch_8").await.expect("a read works"));
    assert_eq!(open(&world).await[0].upstream_id.as_deref(), Some("msgbatch_7"));
}

pub async fn what_comes_back_undone_costs_nothing_and_goes_out_by_itself(factory: &dyn Factory) {
    let world = World::new(factory).await;
    let claimed = world.running().await;
    let undone = gathered(&world, claimed.lease, 0, dollars(1)).await;
    let unknown = gathered(&world, claimed.lease, 1, dollars(2)).await;
    park(&world, claimed.lease).await;
    world.wait(MINUTE);
    made(&world).await;
    let released = ended(undone, SettlementOutcome::Released, None);
    let end = BatchEnd { goes_alone: true, ..released };
    world.store().end_batched(end).await.expect("it is never refused");
    assert_eq!(world.state(claimed.job.id).await, JobState::Parked, "the other is not back");
    let outcome = SettlementOutcome::Unknown { usage: Usage::default(), cost: dollars(2) };
    world.store().end_batched(ended(unknown, outcome, Some(answer()))).await.expect("never refused");
    let again = world.claim_one().await;
    assert_eq!(place(&world, &again, 0).await, BatchPlace::CameBack);
    assert_eq!(again.journal.iter().map(|entry| entry.position).collect::<Vec<_>>(), [1]);
    assert_eq!((again.job.cost, again.job.unknown, again.job.held), (dollars(2), dollars(2), dollars(0)));
    let calls = world.store().calls(claimed.job.id).await.expect("a read works");
    assert_eq!(
        calls.iter().map(|call| call.state).collect::<Vec<_>>(),
        [CallState::Released, CallState::Unknown]
    );
    world.check_sums().await;
}

pub async fn what_is_gathered_keeps_its_jobs_payload(factory: &dyn Factory) {
    let world = World::new(factory).await;
    let claimed = world.running().await;
    gathered(&world, claimed.lease, 0, dollars(1)).await;
    park(&world, claimed.lease).await;
    let another = || JobEdit { payload: Some("[2]".parse().expect("JSON")), ..JobEdit::default() };
    for made in [false, true] {
        if made {
            world.clock.advance(MINUTE);
            assert!(make(&world).await.is_some_and(|batch| batch.calls == 1));
        }
        let refused =
            world.store().edit_job(claimed.job.id, another(), "ann").await.expect_err("it is asked already");
        assert!(refused.to_string().contains("a call in a batch"), "{refused}");
    }
    assert_ne!(world.job(claimed.job.id).await.payload.as_str(), "[2]");
}

pub async fn an_answer_that_comes_before_the_job_is_parked_parks_nobody(factory: &dyn Factory) {
    let world = World::new(factory).await;
    let claimed = world.running().await;
    let call = gathered(&world, claimed.lease, 0, dollars(1)).await;
    answered(&world, call, dollars(1)).await;
    assert_eq!(world.state(claimed.job.id).await, JobState::Running);
    park(&world, claimed.lease).await;
    assert_eq!(world.state(claimed.job.id).await, JobState::Queued);
    assert_eq!(world.claim_one().await.journal.len(), 1);
}

pub async fn a_job_that_ends_takes_back_what_was_not_sent(factory: &dyn Factory) {
    let world = World::new(factory).await;
    let (one, other) = (world.running().await, world.running().await);
    let sent = gathered(&world, one.lease, 0, dollars(1)).await;
    world.wait(MINUTE);
    made(&world).await;
    gathered(&world, one.lease, 1, dollars(2)).await;
    gathered(&world, other.lease, 0, dollars(4)).await;
    world.store().cancel(one.job.id, "ann").await.expect("it is stopped");
    assert_eq!(world.store().withdraw_gathered().await.expect("written"), 1);
    assert_eq!((held(&world).await, waiting(&world).await), (dollars(5), 1));
    // What was sent is paid for all the same, and is there should it be run again.
    assert!(answered(&world, sent, dollars(1)).await);
    assert_eq!(world.job(one.job.id).await.cost, dollars(1));
    world.check_sums().await;
}

pub async fn a_lease_fences_what_is_gathered(factory: &dyn Factory) {
    let world = World::new(factory).await;
    let claimed = world.running().await;
    world.store().cancel(claimed.job.id, "ann").await.expect("it is stopped");
    assert_eq!(gather(&world, claimed.lease, 0, dollars(1)).await, HoldDecision::LeaseLost);
    assert_eq!((waiting(&world).await, held(&world).await), (0, Nanodollars::ZERO));
}

pub async fn one_host_sends_the_batches_of_all(factory: &dyn Factory) {
    let mut one = World::first_host(factory, wide()).await;
    let other = one.beside(2).await;
    let claimed = other.running().await;
    let call = gathered(&other, claimed.lease, 0, dollars(1)).await;
    park(&other, claimed.lease).await;
    one.wait(MINUTE);
    assert_eq!(make(&other).await, None, "it is the first one's to send");
    let batch = made(&one).await;
    assert_eq!((open(&one).await.len(), open(&other).await.len()), (1, 0));
    // The one that sends ends without a word; what it held for the batch is nobody's to sweep.
    one.vanish();
    other.wait(Duration::from_mins(6));
    other.store().look().await.expect("a look");
    assert_eq!(open(&other).await, [batch]);
    assert_eq!(held(&other).await, dollars(1));
    assert!(answered(&other, call, dollars(1)).await);
    assert_eq!(other.claim_one().await.journal.len(), 1);
    other.check_sums().await;
}
