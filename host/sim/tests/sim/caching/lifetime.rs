//! "A read renews the entry's time for nothing. An entry can be read once the reply that writes it has begun, so of several
//! requests at once only the first writes." And: 5 minutes or 1 hour, from the start of the request that last used it.

use std::sync::Arc;

use anvil_sim::{Latency, Sim, SimConfig, SimHandle, Span};
use serde_json::{Value, json};
use tokio::task::JoinHandle;

use super::{NOW, block, five, hour, request, small, used, with, words};
use crate::client::{Answer, ask, try_ask};
use crate::clock::HeldClock;

const MINUTE: i64 = 60_000;

fn body(mark: &Value) -> Value {
    request(json!([block(words("s", 200), mark)]))
}

#[tokio::test]
async fn an_entry_lives_five_minutes_or_an_hour_from_its_last_use() {
    for (mark, minutes, written) in [(five(), 5, [4, 200, 0, 0]), (hour(), 60, [4, 0, 200, 0])] {
        let (sim, clock) = small().await;
        let read = [4, 0, 0, 200];
        assert_eq!(used(&sim, &body(&mark)).await, written);
        for _ in 0..3 {
            clock.advance(minutes * MINUTE - 1);
            assert_eq!(used(&sim, &body(&mark)).await, read, "a read renews it");
        }
        clock.advance(minutes * MINUTE);
        assert_eq!(used(&sim, &body(&mark)).await, written, "it has expired");
    }
}

#[tokio::test]
async fn a_read_renews_for_nothing_and_for_the_time_the_entry_was_written_with() {
    let (sim, clock) = small().await;
    assert_eq!(used(&sim, &body(&five())).await, [4, 200, 0, 0]);
    assert_eq!(used(&sim, &body(&hour())).await, [4, 0, 0, 200], "asked for an hour, five minutes stay");
    clock.advance(5 * MINUTE);
    assert_eq!(used(&sim, &body(&hour())).await, [4, 0, 200, 0]);
    clock.advance(50 * MINUTE);
    assert_eq!(used(&sim, &body(&five())).await, [4, 0, 0, 200], "asked for five minutes, an hour stays");
    clock.advance(50 * MINUTE);
    assert_eq!(used(&sim, &body(&five())).await, [4, 0, 0, 200]);
    let bill = sim.bill();
    assert_eq!(
        (bill.cache_write_5m_tokens, bill.cache_write_1h_tokens, bill.cache_read_tokens),
        (200, 200, 600)
    );
}

#[tokio::test]
async fn what_is_found_at_any_mark_is_used_and_what_is_not_looked_at_ends() {
    let (sim, clock) = small().await;
    let both = |mark: &Value| {
        let mut body = request(json!([block(words("s", 200), mark)]));
        body["cache_control"] = five();
        body
    };
    used(&sim, &both(&five())).await;
    for _ in 0..3 {
        clock.advance(4 * MINUTE);
        assert_eq!(used(&sim, &both(&five())).await, [0, 0, 0, 204]);
    }
    let mut other = body(&five());
    other["messages"][0]["content"] = json!("Stop");
    assert_eq!(used(&sim, &other).await, [4, 0, 0, 200], "the shorter entry was used along with the longer");
    for _ in 0..3 {
        clock.advance(4 * MINUTE);
        assert_eq!(used(&sim, &both(&Value::Null)).await, [0, 0, 0, 204]);
    }
    assert_eq!(
        used(&sim, &other).await,
        [4, 200, 0, 0],
        "nobody looked the shorter one up for twelve minutes"
    );
}

#[tokio::test]
async fn its_time_is_counted_from_the_start_of_the_request_not_from_the_end_of_the_answer() {
    let latency = Latency {
        first_byte_ms: Span::Fixed(60_000),
        duration_ms: Span::Fixed(180_000),
        ..Latency::default()
    };
    let (sim, clock) = with(SimConfig { cache_min_tokens: Some(100), latency, ..SimConfig::default() }).await;
    assert_eq!(used(&sim, &body(&five())).await, [4, 200, 0, 0]);
    // Four of the five minutes went by with the answer.
    clock.advance(MINUTE - 1);
    assert_eq!(used(&sim, &body(&five())).await, [4, 0, 0, 200]);
    clock.advance(MINUTE);
    assert_eq!(used(&sim, &body(&five())).await, [4, 200, 0, 0]);
}

/// A simulator whose answers begin after a second and end ten seconds later, on a clock that the test moves.
async fn slow() -> (Arc<SimHandle>, HeldClock) {
    let latency =
        Latency { first_byte_ms: Span::Fixed(1_000), duration_ms: Span::Fixed(10_000), ..Latency::default() };
    let clock = HeldClock::at(NOW);
    let config = SimConfig { cache_min_tokens: Some(100), latency, ..SimConfig::default() };
    let sim = Sim::start_with_clock(config, Arc::new(clock.clone())).await.unwrap();
    (Arc::new(sim), clock)
}

fn send(sim: &Arc<SimHandle>) -> JoinHandle<Answer> {
    let sim = Arc::clone(sim);
    let mut body = body(&five());
    body["stream"] = json!(true);
    tokio::spawn(async move { ask(&sim, &body).await })
}

/// Waits until what the simulator counts is so. It runs on this thread: each yield lets it go on.
async fn until(sim: &SimHandle, what: impl Fn(&anvil_sim::Bill) -> bool) {
    for _ in 0..1_000_000 {
        if what(&sim.bill()) {
            return;
        }
        tokio::task::yield_now().await;
    }
    panic!("never so: {:?}", sim.bill());
}

/// Tokens written and read, as `message_start` says.
async fn started(answer: JoinHandle<Answer>) -> (u64, u64) {
    let events = answer.await.unwrap().events();
    let usage = &events[0].1["message"]["usage"];
    let of = |name: &str| usage[name].as_u64().unwrap();
    (of("cache_creation_input_tokens"), of("cache_read_input_tokens"))
}

#[tokio::test]
async fn an_entry_can_be_read_once_the_reply_that_writes_it_has_begun() {
    let (sim, clock) = slow().await;
    let first = send(&sim);
    until(&sim, |bill| bill.in_flight == 1).await;
    clock.advance(1_000);
    until(&sim, |bill| bill.billed_calls == 1).await;
    let second = send(&sim);
    until(&sim, |bill| bill.in_flight == 2).await;
    clock.advance(1_000);
    until(&sim, |bill| bill.billed_calls == 2).await;
    assert_eq!(sim.bill().in_flight, 2, "the first is still answered");
    clock.advance(10_000);
    assert_eq!((started(first).await, started(second).await), ((200, 0), (0, 200)));
}

#[tokio::test]
async fn of_several_at_once_all_write_that_come_before_the_first_reply_has_begun() {
    let (sim, clock) = slow().await;
    let early: Vec<_> = (0..3).map(|_| send(&sim)).collect();
    until(&sim, |bill| bill.in_flight == 3).await;
    clock.advance(999);
    let last = send(&sim);
    until(&sim, |bill| bill.in_flight == 4).await;
    clock.advance(1);
    until(&sim, |bill| bill.billed_calls == 3).await;
    let late = send(&sim);
    until(&sim, |bill| bill.in_flight == 5).await;
    clock.advance(20_000);
    until(&sim, |bill| bill.billed_calls == 5).await;
    clock.advance(20_000);
    for answer in early {
        assert_eq!(started(answer).await, (200, 0));
    }
    assert_eq!((started(last).await, started(late).await), ((200, 0), (0, 200)));
}

#[tokio::test]
async fn a_reply_that_never_begins_writes_nothing() {
    for fault in ["529", "429", "500", "close", "cut:start", "error:0"] {
        let (sim, _) = small().await;
        sim.set_script(anvil_sim::Script::from_value(json!([{"fault": fault}])).unwrap());
        let mut streamed = body(&five());
        streamed["stream"] = json!(true);
        let _ = try_ask(&sim, &streamed).await;
        assert_eq!(sim.bill().billed_calls, 0, "{fault}");
        assert_eq!(used(&sim, &body(&five())).await, [4, 200, 0, 0], "{fault}");
    }
}

#[tokio::test]
async fn a_reply_that_breaks_off_after_its_beginning_has_written() {
    for fault in ["cut:1", "error:1", "cut:delta", "close+billed", "502+billed"] {
        let (sim, _) = small().await;
        sim.set_script(anvil_sim::Script::from_value(json!([{"fault": fault}])).unwrap());
        let mut streamed = body(&five());
        streamed["stream"] = json!(true);
        let _ = try_ask(&sim, &streamed).await;
        assert_eq!(sim.bill().cache_write_5m_tokens, 200, "{fault}");
        assert_eq!(used(&sim, &body(&five())).await, [4, 0, 0, 200], "{fault}");
    }
}
