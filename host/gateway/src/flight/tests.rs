//! A flight that is dropped forgets nothing.

use crate::config::{ApiKey, GatewayConfig, PaceSettings, Patience, Upstream};
use crate::door::GatewayDoor;
use crate::flight::Flight;
use crate::flight::admit::{FlightCourse, admit};
use crate::flight::bid::{Bid, Bound, Deadline, TierChoice};
use crate::pace::Expected;
use crate::upstream::answer::Answer;
use crate::upstream::reading::Reading;
use anvil_budget::{
    AnswerKind, CircuitRule, Estimate, InputSize, PressureSteps, PriceTable, Windows, default_models,
};
use anvil_store::{QueueShares, ReplyBounds, SqliteOptions, SqliteStore, Store};
use anvil_types::{
    Asker, BootId, CallState, Clock, HostId, Limits, Nanodollars, Priority, Supervisor, SystemClock, Tier,
    UpstreamKind,
};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::oneshot;

const MODEL: &str = "claude-haiku-5-5";

pub(crate) fn store(folder: &std::path::Path, clock: &Arc<dyn Clock>) -> Arc<dyn Store> {
    let dollars = Nanodollars::from_dollars(100);
    let limits = Limits {
        hour_usd: dollars,
        day_usd: dollars,
        month_usd: dollars,
        week_hours: 168,
        job_usd: dollars,
        requests_per_minute: 60,
        input_tokens_per_minute: 100_000,
        output_tokens_per_minute: 100_000,
        max_input_tokens: 10_000,
        max_output_tokens: 1_000,
        agents_min: 1,
        agents_max: 1,
        queue_max: 100,
    };
    let options = SqliteOptions {
        supervisor: Supervisor::new(),
        marks: None,
        rule: Arc::new(anvil_budget::AnyLimits),
        prices: Arc::new(PriceTable::built_in()),
        folder: folder.to_owned(),
        clock: clock.clone(),
        limits,
        windows: Windows::new(jiff::tz::TimeZone::UTC),
        upstream: UpstreamKind::Simulated,
        max_attempts: anvil_types::PerAgent::same(3),
        shares: QueueShares::default(),
        new_host: HostId::new(clock.now(), 1),
        boot: BootId::new(clock.now(), 2),
    };
    Arc::new(SqliteStore::open(options).expect("a store"))
}

/// A door that keeps replies.
pub(crate) async fn door(base_url: String, store: Arc<dyn Store>, clock: Arc<dyn Clock>) -> Arc<GatewayDoor> {
    let long = Duration::from_secs(30);
    let config = GatewayConfig {
        upstream: Upstream {
            kind: UpstreamKind::Simulated,
            base_url,
            api_key: Some(ApiKey::new("simulated")),
        },
        patience: Patience {
            connect: long,
            first_byte: long,
            idle: long,
            call: long,
            drain: long,
            retries: 0,
        },
        pace: PaceSettings { burst: 10, longest_wait: long },
        circuit: CircuitRule { failures: 0, open_for: long },
        prices: Arc::new(PriceTable::built_in()),
        models: default_models().clone(),
        pressure: PressureSteps::NONE,
        prompt_cache: false,
        prompt_cache_refresh: false,
        batches: None,
        batch_look: Duration::from_mins(1),
        reply_cache: Some(ReplyBounds { ttl: Duration::from_hours(1), entries: 100, bytes: 1_000_000 }),
        compression: anvil_types::PerAgent::same(anvil_types::Compression::On),
        supervisor: Supervisor::new(),
    };
    GatewayDoor::open(config, store, clock).await.expect("a door")
}

fn bid(door: &GatewayDoor) -> Bid {
    let row = door.prices().row(MODEL, None, door.clock.now()).expect("a price").clone();
    let estimate = Estimate { tokens: 10, spread: 0 };
    let kind = AnswerKind::of("(test)", MODEL, 16);
    let second = Duration::from_secs(5);
    Bid {
        who: Asker::Host { name: "(test)".into() },
        tags: Vec::new(),
        tier: TierChoice { asked: Tier::Haiku, given: Tier::Haiku, reason: None },
        bound: Bound { amount: row.bound(500, 16), max_tokens: 16, size: InputSize::default() },
        row,
        expected: Expected { input: estimate, output: estimate, most_output: 16, kind },
        expected_cost: Nanodollars::new(1),
        warm: None,
        priority: Priority::Normal,
        since: door.clock.now(),
        deadline: Deadline { first_byte: second, whole: second, drain: second },
        betas: &[],
        body: r#"{"model":"claude-haiku-5-5","max_tokens":16,"stream":true,"messages":[{"role":"user","content":"Hi."}]}"#
            .into(),
        batched: false,
    }
}

#[tokio::test]
async fn a_flight_that_is_dropped_or_released_is_free_before_it_is_sent_and_unknown_after() {
    let folder = tempfile::TempDir::new().expect("a folder");
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::new());
    let store = store(folder.path(), &clock);
    let sim = anvil_sim::Sim::start(anvil_sim::SimConfig::default()).await.expect("a simulator");
    let door = door(sim.base_url(), store.clone(), clock).await;
    for (send, by_hand, state) in [
        (false, false, CallState::Released),
        (false, true, CallState::Released),
        (true, false, CallState::Unknown),
        (true, true, CallState::Unknown),
    ] {
        let (mut watcher, _watched) = oneshot::channel::<()>();
        let mut course = FlightCourse::begin(&door);
        let mut flight: Flight<'_> =
            admit(&door, bid(&door), &mut course, &mut watcher).await.expect("there is room");
        let amount = flight.bid().bound.amount;
        assert_eq!(store.open_holds().await.expect("holds").len(), 1, "it is held before it is sent");
        if send {
            let mut answer = Answer::default();
            let mut reading = Reading::new(&mut answer, None, door.sender.redactor(), Duration::from_secs(5));
            flight.send(&mut reading, &mut watcher).await.expect("an answer");
            assert_eq!(door.under_way(), 1);
        }
        if by_hand {
            let _ = flight.release("a fault", None).await.expect("it is stored");
        }
        drop(flight);
        let ended = async {
            while !store.open_holds().await.expect("holds").is_empty() {
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(20), ended).await.expect("no hold is forgotten");
        let page = store.ledger(UpstreamKind::Simulated, None, 1).await.expect("the ledger");
        let cost = if send { amount } else { Nanodollars::ZERO };
        assert_eq!((page[0].state, page[0].cost, door.under_way()), (state, cost, 0));
    }
}
