//! What goes wrong at the endpoints, on demand.

use serde_json::{Value, json};

use super::{
    HOUR, cancel, counts, create, error, faults, get_results, ids, items, lines, show, slow, try_create,
};
use crate::client::{VERSION, get, post, send};

async fn listed(sim: &anvil_sim::SimHandle) -> usize {
    get(sim, "/v1/messages/batches").await.json()["data"].as_array().unwrap().len()
}

#[tokio::test]
async fn a_creation_that_fails_before_it_was_done_creates_nothing() {
    for (fault, status) in [("500", 500), ("529", 529), ("429:7", 429), ("spend-cap", 429), ("close", 0)] {
        let (sim, _) = slow().await;
        faults(&sim, &json!([{"fault": format!("batch-create:{fault}"), "times": 1}])).await;
        match try_create(&sim, &items(2)).await {
            Ok(answer) => assert_eq!(answer.status, status, "{fault}"),
            Err(_) => assert_eq!(fault, "close"),
        }
        assert_eq!((sim.batches().len(), listed(&sim).await), (0, 0), "{fault}");
        create(&sim, &items(2)).await;
    }
}

#[tokio::test]
async fn a_creation_whose_answer_is_lost_is_done_and_can_be_found() {
    for fault in ["close", "500", "529", "504"] {
        let (sim, clock) = slow().await;
        faults(&sim, &json!([{"fault": format!("batch-create:{fault}+kept"), "times": 1}])).await;
        match try_create(&sim, &items(2)).await {
            Ok(answer) => assert_eq!(answer.status.to_string(), fault),
            Err(_) => assert_eq!(fault, "close"),
        }
        let list = get(&sim, "/v1/messages/batches").await.json();
        let id = list["data"][0]["id"].as_str().unwrap();
        assert_eq!((list["data"].as_array().unwrap().len(), counts(&list["data"][0])), (1, [2, 0, 0, 0, 0]));
        clock.advance(HOUR);
        assert_eq!(ids(&lines(&sim, id).await), ["i0", "i1"].map(str::to_owned).into());
        assert_eq!(sim.bill().batch_calls, 2, "and is billed");
    }
}

#[tokio::test]
async fn a_creation_that_hangs_is_done_after_it_or_before() {
    for (fault, there) in [("batch-create:hang:5", 0), ("batch-create:hang:5+kept", 1)] {
        let (sim, clock) = slow().await;
        faults(&sim, &json!([fault])).await;
        let sim = std::sync::Arc::new(sim);
        let asking = tokio::spawn({
            let sim = std::sync::Arc::clone(&sim);
            async move { try_create(&sim, &items(1)).await.unwrap() }
        });
        for _ in 0..200 {
            if asking.is_finished() || sim.batches().len() == 1 {
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(1)).await;
        }
        assert_eq!((sim.batches().len(), asking.is_finished()), (there, false), "{fault}");
        clock.advance(5_000);
        // Whenever it came to hang, it is over now: time goes on until it is.
        let mut ticks = tokio::time::interval(std::time::Duration::from_millis(20));
        while !asking.is_finished() {
            ticks.tick().await;
            clock.advance(1_000);
        }
        let answer = asking.await.unwrap();
        assert_eq!((answer.status, sim.batches().len()), (200, 1), "{fault}");
    }
}

#[tokio::test]
async fn a_batch_can_be_stuck_for_ever() {
    let (sim, clock) = slow().await;
    faults(&sim, &json!([{"fault": "batch-create:stuck", "contains": "i1"}])).await;
    let fine = create(&sim, &items(1)).await;
    let stuck = create(&sim, &items(2)).await;
    clock.advance(25 * HOUR);
    assert_eq!(show(&sim, &fine).await["processing_status"], "ended");
    let batch = show(&sim, &stuck).await;
    assert_eq!((&batch["processing_status"], counts(&batch)), (&json!("in_progress"), [2, 0, 0, 0, 0]));
    assert_eq!(cancel(&sim, &stuck).await.status, 200);
    clock.advance(25 * HOUR);
    assert_eq!(show(&sim, &stuck).await["processing_status"], "canceling");
    assert_eq!((get_results(&sim, &stuck).await.status, sim.bill().batch_calls), (404, 1));
}

#[tokio::test]
async fn a_batch_that_is_there_can_be_said_not_to_be_once() {
    let (sim, clock) = slow().await;
    let id = create(&sim, &items(1)).await;
    clock.advance(HOUR);
    let rules = json!([{"fault": "batch-get:404", "times": 1}, {"fault": "batch-results:404", "times": 1}]);
    faults(&sim, &rules).await;
    let path = format!("/v1/messages/batches/{id}");
    let first = error(&get(&sim, &path).await);
    assert_eq!((first.0, first.1.as_str()), (404, "not_found_error"));
    assert_eq!(get(&sim, &path).await.status, 200);
    assert_eq!(get_results(&sim, &id).await.status, 404);
    assert_eq!(get_results(&sim, &id).await.status, 200);
}

#[tokio::test]
async fn every_endpoint_can_answer_an_error_or_nothing() {
    let (sim, _) = slow().await;
    let id = create(&sim, &items(1)).await;
    let other = create(&sim, &items(1)).await;
    let one = format!("/v1/messages/batches/{id}");
    let doors = [
        ("get", "GET", one.clone()),
        ("list", "GET", "/v1/messages/batches".to_owned()),
        ("results", "GET", format!("{one}/results")),
        ("cancel", "POST", format!("{one}/cancel")),
        ("delete", "DELETE", one.clone()),
    ];
    for (door, method, path) in &doors {
        let ask = || send(&sim, method, path, &[VERSION], "");
        for fault in ["529", "500", "429"] {
            faults(&sim, &json!([format!("batch-{door}:{fault}")])).await;
            assert_eq!(ask().await.unwrap().status.to_string(), fault, "{door}");
        }
        faults(&sim, &json!([format!("batch-{door}:close")])).await;
        assert!(ask().await.is_err(), "{door}");
    }
    faults(&sim, &json!([{"fault": "batch-get:500", "contains": other}])).await;
    let batch = show(&sim, &id).await;
    assert_eq!(
        batch["processing_status"], "in_progress",
        "what failed was not done, and another's fault is not this one's"
    );
    assert_eq!(get(&sim, &format!("/v1/messages/batches/{other}")).await.status, 500);
}

#[tokio::test]
async fn a_cancellation_or_a_deletion_whose_answer_is_lost_is_done() {
    let (sim, clock) = slow().await;
    let id = create(&sim, &items(5)).await;
    let path = format!("/v1/messages/batches/{id}");
    faults(&sim, &json!(["batch-cancel:close+kept", "batch-delete:500+kept"])).await;
    assert!(send(&sim, "POST", &format!("{path}/cancel"), &[VERSION], "").await.is_err());
    assert_eq!(show(&sim, &id).await["processing_status"], "canceling");
    clock.advance(HOUR);
    assert_eq!(counts(&show(&sim, &id).await), [0, 0, 0, 5, 0]);
    assert_eq!(send(&sim, "DELETE", &path, &[VERSION], "").await.unwrap().status, 500);
    assert_eq!(listed(&sim).await, 0);
}

#[tokio::test]
async fn counts_can_contradict_the_number_of_requests_and_the_status() {
    let (sim, clock) = slow().await;
    let id = create(&sim, &items(3)).await;
    faults(&sim, &json!(["batch-get:counts"])).await;
    assert_eq!(counts(&show(&sim, &id).await), [4, 0, 0, 0, 0]);
    clock.advance(HOUR);
    let batch = show(&sim, &id).await;
    assert_eq!((&batch["processing_status"], counts(&batch)), (&json!("ended"), [1, 3, 0, 0, 0]));
}

#[tokio::test]
async fn results_can_break_off_within_any_line() {
    let (sim, clock) = slow().await;
    let id = create(&sim, &items(4)).await;
    clock.advance(HOUR);
    let whole = get_results(&sim, &id).await.body;
    for after in 0..4 {
        faults(&sim, &json!([format!("batch-results:cut:{after}")])).await;
        let answer = get_results(&sim, &id).await;
        assert_eq!((answer.status, answer.whole), (200, false), "{after}");
        let lines: Vec<&str> = answer.body.lines().collect();
        assert_eq!(lines.len(), after + 1);
        assert!(whole.starts_with(&answer.body), "what came is what would have come");
        assert!(serde_json::from_str::<Value>(lines[after]).is_err(), "half a line");
    }
    faults(&sim, &json!([])).await;
    assert_eq!(get_results(&sim, &id).await.body, whole);
}

#[tokio::test]
async fn results_can_have_a_line_that_is_no_json_or_one_too_many_or_too_few() {
    let (sim, clock) = slow().await;
    let id = create(&sim, &items(5)).await;
    clock.advance(HOUR);
    let sent = ids(&lines(&sim, &id).await);
    for (fault, count, bad, own) in
        [("garbage", 5, 1, 4), ("twice", 6, 0, 5), ("stranger", 6, 0, 5), ("missing", 4, 0, 4)]
    {
        faults(&sim, &json!([format!("batch-results:{fault}")])).await;
        let answer = get_results(&sim, &id).await;
        assert!(answer.whole, "{fault}");
        let (read, wrong): (Vec<_>, Vec<_>) =
            answer.body.lines().map(serde_json::from_str::<Value>).partition(Result::is_ok);
        let read: Vec<Value> = read.into_iter().map(Result::unwrap).collect();
        assert_eq!((read.len() + wrong.len(), wrong.len()), (count, bad), "{fault}");
        assert_eq!(ids(&read).intersection(&sent).count(), own, "{fault}");
        assert_eq!(ids(&read).is_subset(&sent), fault != "stranger");
    }
}

#[tokio::test]
async fn a_fault_that_no_endpoint_has_is_named_with_those_that_there_are() {
    let (sim, _) = slow().await;
    for fault in ["batch-get:cut:3", "batch-create:none", "batch-list:404+kept"] {
        let answer = post(&sim, "/_sim/faults", &json!([fault])).await;
        let error = answer.json()["error"].as_str().unwrap().to_owned();
        assert_eq!(answer.status, 400);
        assert!(
            error.contains(&format!("`{fault}` is no fault")) && error.contains("batch-create:stuck"),
            "{error}"
        );
    }
}
