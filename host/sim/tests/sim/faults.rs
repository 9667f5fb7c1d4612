//! Each fault, and what it bills.

use anvil_sim::{Outcome, PRICES};
use serde_json::{Value, json};

use crate::client::{VERSION, ask, question, scripted, send, try_ask};

const TEXT: &str =
    "A text that is long enough to be streamed in several events, one after the other, to the end.";

fn faulty(fault: &str) -> Value {
    json!([{"text": TEXT, "fault": fault, "usage": {"input_tokens": 1000, "output_tokens": 600}}])
}

#[tokio::test]
async fn errors_before_the_stream_have_their_form_and_bill_nothing() {
    for (fault, status, kind, retry_after) in [
        ("429", 429, "rate_limit_error", Some("1")),
        ("429:7", 429, "rate_limit_error", Some("7")),
        ("429-bare", 429, "rate_limit_error", None),
        ("acceleration", 429, "rate_limit_error", Some("1")),
        ("acceleration:7", 429, "rate_limit_error", Some("7")),
        ("spend-cap", 429, "rate_limit_error", None),
        ("org-limit", 400, "invalid_request_error", None),
        ("400", 400, "invalid_request_error", None),
        ("401", 401, "authentication_error", None),
        ("402", 402, "billing_error", None),
        ("403", 403, "permission_error", None),
        ("404", 404, "not_found_error", None),
        ("413", 413, "request_too_large", None),
        ("500", 500, "api_error", None),
        ("502", 502, "api_error", None),
        ("503", 503, "api_error", None),
        ("504", 504, "timeout_error", None),
        ("529", 529, "overloaded_error", None),
    ] {
        let sim = scripted(faulty(fault)).await;
        let answer = ask(&sim, &question(true)).await;
        let error = answer.json();
        assert_eq!((answer.status, error["error"]["type"].as_str().unwrap()), (status, kind), "{fault}");
        assert_eq!(answer.header("retry-after"), retry_after, "{fault}");
        assert!(answer.header("request-id").is_some(), "{fault}");
        let code = error["error"]["details"]["error_code"].as_str();
        assert_eq!(code, (fault == "spend-cap").then_some("enforced_spend_limit_reached"));
        if fault == "org-limit" {
            assert!(
                error["error"]["message"]
                    .as_str()
                    .unwrap()
                    .starts_with("You have reached your specified API usage limits")
            );
        }
        let entry = &sim.log(0, 1)[0];
        assert_eq!((sim.bill().nano_dollars, entry.outcome), (0, Outcome::Refused), "{fault}");
        assert_eq!((entry.fault.as_deref(), entry.status), (Some(fault), Some(status)));
        assert_eq!(ask(&sim, &question(true)).await.status, 200, "the script goes on after {fault}");
    }
}

/// What the fault's usage costs after so many output tokens.
fn cost(output: u64) -> i64 {
    let row = PRICES.iter().find(|r| r.model == "claude-haiku-5-5").unwrap();
    i64::try_from(1000 * row.input + output * row.output).unwrap()
}

#[tokio::test]
async fn an_error_may_be_billed_all_the_same() {
    for fault in ["502+billed", "504+billed", "close+billed"] {
        let sim = scripted(faulty(fault)).await;
        let answer = try_ask(&sim, &question(true)).await;
        assert_eq!(answer.is_err(), fault.starts_with("close"), "{fault}");
        assert_eq!(sim.bill().nano_dollars, cost(600), "{fault}");
    }
    let sim = scripted(faulty("close")).await;
    assert!(try_ask(&sim, &question(true)).await.is_err());
    assert_eq!((sim.bill().nano_dollars, sim.log(0, 1)[0].outcome), (0, Outcome::Closed));
}

#[tokio::test]
async fn a_stream_cut_at_any_event_bills_what_was_streamed() {
    let sim = scripted(faulty("dup-delta")).await;
    let all = ask(&sim, &question(true)).await.names().len() - 1;
    let mut last = 0;
    for after in 1..=all {
        let sim = scripted(faulty(&format!("cut:{after}"))).await;
        let answer = ask(&sim, &question(true)).await;
        assert!(!answer.whole, "cut after {after} of {all} must not end cleanly");
        assert_eq!(answer.names().len(), after);
        let bill = sim.bill();
        assert_eq!(bill.nano_dollars, cost(bill.output_tokens));
        assert!(bill.output_tokens >= last && bill.output_tokens <= 600);
        assert_eq!(bill.input_tokens, 1000);
        assert_eq!((sim.log(0, 1)[0].outcome, bill.in_flight), (Outcome::Cut, 0));
        last = bill.output_tokens;
    }
    assert_eq!(last, 600);
}

#[tokio::test]
async fn a_stream_cut_at_a_named_place_breaks_there() {
    for (fault, ends_with, nano_dollars) in [
        ("cut:start", None, 0),
        ("cut:1", Some("message_start"), cost(1)),
        ("cut:delta", Some("content_block_stop"), cost(600)),
        ("cut:stop", Some("message_delta"), cost(600)),
    ] {
        let sim = scripted(faulty(fault)).await;
        let answer = ask(&sim, &question(true)).await;
        assert_eq!((answer.status, answer.whole), (200, false), "{fault}");
        assert_eq!(answer.names().last().map(String::as_str), ends_with, "{fault}");
        assert_eq!(sim.bill().nano_dollars, nano_dollars, "{fault}");
    }
    let sim = scripted(faulty("cut:3")).await;
    let answer = ask(&sim, &question(false)).await;
    assert!(!answer.whole && serde_json::from_str::<Value>(&answer.body).is_err(), "half a message");
}

#[tokio::test]
async fn an_error_event_ends_a_stream_after_status_200() {
    let sim = scripted(faulty("error:4")).await;
    let answer = ask(&sim, &question(true)).await;
    let events = answer.events();
    assert_eq!((answer.status, events.len()), (200, 5));
    assert_eq!((events[4].0.as_str(), &events[4].1["error"]["type"]), ("error", &json!("overloaded_error")));
    let bill = sim.bill();
    assert!(bill.output_tokens < 600 && bill.nano_dollars == cost(bill.output_tokens));
    assert_eq!(sim.log(0, 1)[0].outcome, Outcome::ErrorEvent);
    let sim = scripted(faulty("error:4")).await;
    assert_eq!((ask(&sim, &question(false)).await.status, sim.bill().nano_dollars), (500, 0));
}

#[tokio::test]
async fn usage_can_be_missing_or_come_twice_and_is_billed_once() {
    for (fault, at_start, at_end, deltas) in
        [("no-usage", false, false, 1), ("no-usage:final", true, false, 1), ("dup-delta", true, true, 2)]
    {
        let sim = scripted(faulty(fault)).await;
        let events = ask(&sim, &question(true)).await.events();
        assert_eq!(events[0].1["message"]["usage"].is_object(), at_start, "{fault}");
        let found: Vec<_> = events.iter().filter(|(name, _)| name == "message_delta").collect();
        assert_eq!((found.len(), found[0].1["usage"].is_object()), (deltas, at_end), "{fault}");
        assert_eq!(sim.bill().nano_dollars, cost(600), "{fault}");
    }
}

#[tokio::test]
async fn a_client_that_leaves_is_billed_what_was_generated() {
    for (full, expected) in [(false, 1), (true, 600)] {
        let sim = scripted(json!([{"text": TEXT, "usage": {"input_tokens": 1000, "output_tokens": 600},
            "latency": {"duration_ms": 60_000}}]))
        .await;
        let sim = if full {
            let config = anvil_sim::SimConfig {
                bill_full_on_disconnect: true,
                script: anvil_sim::Script::from_value(json!([{"text": TEXT, "usage": {"input_tokens": 1000,
                    "output_tokens": 600}, "latency": {"duration_ms": 60_000}}]))
                .unwrap(),
                ..anvil_sim::SimConfig::default()
            };
            crate::client::start(config).await
        } else {
            sim
        };
        let asking = send(&sim, "POST", "/v1/messages", &[VERSION], question(true).to_string());
        assert!(tokio::time::timeout(std::time::Duration::from_millis(100), asking).await.is_err());
        for _ in 0..200 {
            if sim.bill().in_flight == 0 {
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
        let bill = sim.bill();
        assert_eq!((bill.in_flight, bill.output_tokens), (0, expected));
        assert_eq!((sim.log(0, 1)[0].outcome, bill.nano_dollars), (Outcome::Disconnected, cost(expected)));
    }
}
