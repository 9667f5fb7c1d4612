//! What was compressed: in the entries, in every sum, and in which forms a job's prompts were sent.

#![expect(missing_docs, reason = "the names are sentences")]

use super::Factory;
use super::world::{AGENT, World, dollars, usage};
use crate::{CompressedSum, HoldDecision, PromptForm, Settlement, SettlementOutcome};
use anvil_types::{CacheEffect, CallId, Clock, Compressed, Lease, Nanodollars, Timestamp, UpstreamKind};
use std::time::Duration;

const SIMULATED: UpstreamKind = UpstreamKind::Simulated;
const HOUR: Duration = Duration::from_hours(1);

fn form(form: &str, did: Option<(u64, i64)>) -> PromptForm {
    let compressed = did.map(|(tokens, saved)| Compressed { tokens, saved: Nanodollars::new(saved) });
    PromptForm { form: form.to_owned(), compressed }
}

async fn ended(
    world: &World<'_>,
    lease: Lease,
    outcome: SettlementOutcome,
    compression: Option<PromptForm>,
) -> CallId {
    let request = world.hold_by(lease, dollars(1));
    let call = request.id;
    assert!(matches!(world.ask(request).await, HoldDecision::Granted { .. }));
    let cache = CacheEffect::default();
    let settlement = Settlement {
        call,
        outcome,
        detail: None,
        model: None,
        cache,
        compression,
        journal: None,
        keep: None,
    };
    assert!(world.store().settle(settlement.clone()).await.expect("never refused").first);
    assert!(!world.store().settle(settlement).await.expect("never refused").first, "once");
    call
}

fn told() -> SettlementOutcome {
    SettlementOutcome::Usage { usage: usage(), cost: dollars(1) }
}

async fn sums(world: &World<'_>, from: Timestamp, to: Timestamp) -> Vec<CompressedSum> {
    world.store().compressed(SIMULATED, from, to).await.expect("a read works")
}

fn sum(calls: u64, tokens: u64, saved: i64) -> CompressedSum {
    let compressed = Compressed { tokens, saved: Nanodollars::new(saved) };
    CompressedSum { agent: AGENT.into(), calls, compressed }
}

pub async fn what_was_compressed_stands_in_the_entry_and_in_every_sum(factory: &dyn Factory) {
    let world = World::new(factory).await;
    let (began, claimed) = (world.clock.now(), world.running().await);
    let lease = claimed.lease;
    ended(&world, lease, told(), Some(form("a", Some((120, 240_000))))).await;
    world.wait(Duration::from_millis(1));
    ended(&world, lease, told(), Some(form("b", None))).await;
    ended(&world, lease, told(), None).await;
    let wild = Some(form("c", Some((u64::MAX, i64::MAX))));
    ended(&world, lease, SettlementOutcome::Unknown { usage: usage(), cost: dollars(1) }, wild).await;
    ended(&world, lease, SettlementOutcome::Released, Some(form("d", Some((7, 7))))).await;
    let calls = world.store().calls(claimed.job.id).await.expect("a read works");
    let entries: Vec<_> = calls.iter().map(|call| call.compressed).collect();
    let most = Compressed { tokens: u64::MAX, saved: Nanodollars::MAX }.bounded();
    let first = Compressed { tokens: 120, saved: Nanodollars::new(240_000) };
    assert_eq!(entries, [Some(first), None, None, Some(most), None]);
    let all = [sum(2, most.tokens + 120, most.saved.get() + 240_000)];
    assert_eq!(sums(&world, began, began + HOUR).await, all);
    // Within the hour they are found by their entries.
    assert_eq!(sums(&world, began, began + Duration::from_micros(1)).await, [sum(1, 120, 240_000)]);
    assert_eq!(sums(&world, began + HOUR, began + 2 * HOUR).await, []);
    world.check_sums().await;
}

pub async fn the_forms_of_a_jobs_answered_prompts_are_known_to_its_next_attempt(factory: &dyn Factory) {
    let world = World::new(factory).await;
    let claimed = world.running().await;
    let forms = || async { world.store().prompt_forms(claimed.job.id).await.expect("a read works") };
    assert_eq!(forms().await, Vec::<Option<String>>::new());
    let unknown = || SettlementOutcome::Unknown { usage: usage(), cost: dollars(1) };
    ended(&world, claimed.lease, told(), Some(form("a", None))).await;
    ended(&world, claimed.lease, told(), None).await;
    ended(&world, claimed.lease, unknown(), Some(form("b", None))).await;
    // Nobody goes on with what was never answered.
    ended(&world, claimed.lease, unknown(), None).await;
    ended(&world, claimed.lease, SettlementOutcome::Released, Some(form("c", None))).await;
    let mut found = forms().await;
    found.sort();
    assert_eq!(found, [None, Some("a".to_owned()), Some("b".to_owned())]);
}
