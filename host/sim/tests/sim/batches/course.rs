//! From creation to the end: pace, cancellation, expiry, and how long results are kept.

use anvil_sim::{Sim, SimConfig};
use serde_json::json;

use super::{HOUR, cancel, counts, create, error, get_results, ids, items, lines, result_of, show, slow};
use crate::client::{VERSION, get, post, send};

#[tokio::test]
async fn requests_are_processing_until_the_whole_batch_ends_and_results_come_then() {
    let (sim, clock) = slow().await;
    let id = create(&sim, &items(3)).await;
    clock.advance(11_999);
    let batch = show(&sim, &id).await;
    assert_eq!((&batch["processing_status"], counts(&batch)), (&json!("in_progress"), [3, 0, 0, 0, 0]));
    assert_eq!(
        (sim.batches()[0].waiting, sim.bill().batch_calls),
        (1, 2),
        "two of three are done, and billed"
    );
    let early = error(&get_results(&sim, &id).await);
    assert_eq!(early.0, 404);
    assert_eq!(early.2, format!("Message Batch {id} has no available results."));
    clock.advance(1);
    let batch = show(&sim, &id).await;
    assert_eq!((&batch["processing_status"], counts(&batch)), (&json!("ended"), [0, 3, 0, 0, 0]));
    assert_eq!(batch["ended_at"], "2026-11-18T11:06:52Z");
    let url = batch["results_url"].as_str().expect("a date");
    assert_eq!(
        url,
        format!("http://sim/v1/messages/batches/{id}/results"),
        "at the host that the client named"
    );
    let answer = get_results(&sim, &id).await;
    assert_eq!(answer.header("content-type"), Some("application/x-jsonl"));
    assert_eq!(ids(&lines(&sim, &id).await), ["i0", "i1", "i2"].map(str::to_owned).into());
}

#[tokio::test]
async fn a_batch_is_worked_off_though_nobody_asks_for_it() {
    let (sim, clock) = slow().await;
    create(&sim, &items(40)).await;
    clock.advance(HOUR);
    for _ in 0..1_000 {
        if sim.batches()[0].status == "ended" {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    assert_eq!((sim.batches()[0].succeeded, sim.bill().batch_calls), (40, 40));
}

#[tokio::test]
async fn results_come_in_an_order_of_their_own_that_is_the_same_each_time() {
    let (sim, clock) = slow().await;
    let id = create(&sim, &items(50)).await;
    clock.advance(HOUR);
    let first = lines(&sim, &id).await;
    assert_eq!(ids(&first).len(), 50);
    let sent: Vec<String> = (0..50).map(|i| format!("i{i}")).collect();
    let came: Vec<&str> = first.iter().map(|line| line["custom_id"].as_str().expect("a date")).collect();
    assert_ne!(came, sent);
    assert_eq!(lines(&sim, &id).await, first);
}

#[tokio::test]
async fn a_cancelled_batch_completes_what_is_in_progress_and_then_ends() {
    let (sim, clock) = slow().await;
    let id = create(&sim, &items(8)).await;
    clock.advance(11_000);
    let batch = cancel(&sim, &id).await.json();
    assert_eq!((&batch["processing_status"], counts(&batch)), (&json!("canceling"), [8, 0, 0, 0, 0]));
    assert_eq!(batch["cancel_initiated_at"], "2026-11-18T11:06:51Z");
    clock.advance(1_000);
    assert_eq!(
        cancel(&sim, &id).await.json()["cancel_initiated_at"],
        "2026-11-18T11:06:51Z",
        "once is enough"
    );
    assert_eq!(show(&sim, &id).await["processing_status"], "canceling");
    clock.advance(1_000);
    let batch = show(&sim, &id).await;
    assert_eq!((&batch["processing_status"], counts(&batch)), (&json!("ended"), [0, 4, 0, 4, 0]));
    assert_eq!(batch["ended_at"], "2026-11-18T11:06:53Z");
    let lines = lines(&sim, &id).await;
    assert_eq!(result_of(&lines, "i3")["type"], "succeeded");
    assert_eq!(result_of(&lines, "i4"), &json!({"type": "canceled"}));
    assert_eq!(sim.bill().batch_calls, 4, "who was cancelled is not billed");
    let late = error(&cancel(&sim, &id).await);
    assert_eq!((late.0, late.1.as_str()), (400, "invalid_request_error"));
}

#[tokio::test]
async fn what_was_not_done_in_24_hours_expires() {
    let (sim, clock) = slow().await;
    let id = create(&sim, &items(4)).await;
    clock.advance(11_000);
    show(&sim, &id).await;
    post(&sim, "/_sim/batches", &json!({"items_per_minute": 0})).await;
    clock.advance(24 * HOUR - 11_001);
    assert_eq!(show(&sim, &id).await["processing_status"], "in_progress");
    clock.advance(1);
    let batch = show(&sim, &id).await;
    assert_eq!((&batch["processing_status"], counts(&batch)), (&json!("ended"), [0, 2, 0, 0, 2]));
    assert_eq!(batch["ended_at"], batch["expires_at"]);
    let lines = lines(&sim, &id).await;
    assert_eq!(result_of(&lines, "i3"), &json!({"type": "expired"}));
    assert_eq!((lines.len(), sim.bill().batch_calls), (4, 2), "what expired is not billed");
}

#[tokio::test]
async fn the_pace_changes_for_what_is_still_to_be_done() {
    let (sim, clock) = slow().await;
    let id = create(&sim, &items(100)).await;
    clock.advance(10_000);
    show(&sim, &id).await;
    let settings = json!({"start_ms": 0, "items_per_minute": 6_000, "cancel_ms": 1, "cache_hits": 0.5});
    post(&sim, "/_sim/batches", &settings).await;
    assert_eq!(get(&sim, "/_sim/batches").await.json()["settings"]["items_per_minute"], 6_000);
    clock.advance(970);
    assert_eq!(show(&sim, &id).await["processing_status"], "in_progress");
    clock.advance(10);
    assert_eq!(show(&sim, &id).await["processing_status"], "ended");
    assert_eq!(post(&sim, "/_sim/batches", &json!({"items_per_hour": 1})).await.status, 400);
    for hits in [-0.1, 1.000_001, 2.0] {
        let refused = post(&sim, "/_sim/batches", &json!({"cache_hits": hits})).await;
        assert!(
            refused.status == 400 && refused.body.contains("is not from 0 to 1"),
            "{hits}: {}",
            refused.body
        );
    }
    assert_eq!(get(&sim, "/_sim/batches").await.json()["settings"]["cache_hits"], 0.5);
}

#[tokio::test]
async fn results_are_available_for_29_days_after_creation_and_the_batch_is_still_shown() {
    let (sim, clock) = slow().await;
    let id = create(&sim, &items(1)).await;
    clock.advance(29 * 24 * HOUR - 1);
    assert_eq!(lines(&sim, &id).await.len(), 1);
    assert_eq!(show(&sim, &id).await["archived_at"], json!(null));
    clock.advance(1);
    let batch = show(&sim, &id).await;
    assert_eq!(batch["archived_at"], "2026-12-17T11:06:40Z");
    assert_eq!((&batch["results_url"], counts(&batch)), (&json!(null), [0, 1, 0, 0, 0]));
    assert_eq!(get_results(&sim, &id).await.status, 404);
}

#[tokio::test]
async fn only_a_batch_that_has_ended_can_be_deleted() {
    let (sim, clock) = slow().await;
    let id = create(&sim, &items(1)).await;
    let path = format!("/v1/messages/batches/{id}");
    let delete = || send(&sim, "DELETE", &path, &[VERSION], "");
    let early = error(&delete().await.unwrap());
    assert_eq!(early.0, 400);
    assert_eq!(early.2, "In progress batches cannot be deleted. Consider canceling the batch instead.");
    clock.advance(HOUR);
    assert_eq!(delete().await.unwrap().json(), json!({"id": id, "type": "message_batch_deleted"}));
    assert_eq!((get(&sim, &path).await.status, delete().await.unwrap().status), (404, 404));
    assert_eq!(get(&sim, "/v1/messages/batches").await.json()["data"], json!([]));
}

#[tokio::test]
async fn a_reset_leaves_no_batch_and_gives_no_id_twice() {
    let (sim, _) = slow().await;
    let first = create(&sim, &items(1)).await;
    sim.reset();
    assert!(sim.batches().is_empty());
    assert_ne!(create(&sim, &items(1)).await, first);
}

#[tokio::test]
async fn the_clock_is_driven_as_far_as_dates_go_and_no_further() {
    let sim = Sim::start(SimConfig::default()).await.expect("a simulator");
    let drive = async |by: f64| post(&sim, "/_sim/clock", &json!({"advance_s": by})).await;
    for far in [9e18, 1e13, 3e11] {
        let refused = drive(far).await;
        assert!(
            refused.status == 400 && refused.body.contains("to the year 8970"),
            "{far}: {}",
            refused.body
        );
    }
    assert_eq!(drive(2.1e11).await.status, 200);
    assert_eq!(drive(2.1e11).await.status, 400, "twice is too far");
    let id = create(&sim, &items(1)).await;
    let batch = show(&sim, &id).await;
    for date in ["created_at", "expires_at"] {
        assert!(batch[date].as_str().expect("a date").starts_with("86"), "{batch}");
    }
    assert_eq!(get(&sim, "/v1/messages/batches").await.json()["data"][0]["id"], json!(id));
}
