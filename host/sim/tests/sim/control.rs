//! `/_sim/…`, starting and stopping.

use anvil_sim::{Sim, SimConfig, SimError, serve};
use serde_json::json;
use tokio::net::TcpListener;

use crate::client::{VERSION, ask, get, post, question, send, start};

#[tokio::test]
async fn script_faults_bill_log_and_reset_work_from_outside() {
    let sim = start(SimConfig { log_capacity: 3, ..SimConfig::default() }).await;
    assert_eq!(post(&sim, "/_sim/script", &json!(["one", "two"])).await.status, 200);
    assert_eq!(post(&sim, "/_sim/faults", &json!([{"fault": "529", "times": 1}])).await.status, 200);
    assert_eq!(ask(&sim, &question(false)).await.status, 529);
    let headers = [VERSION, ("x-anvil-job", "job-1"), ("x-api-key", "secret")];
    let answer = send(&sim, "POST", "/v1/messages", &headers, question(false).to_string()).await.unwrap();
    assert_eq!(answer.json()["content"][0]["text"], "one", "a fault by chance leaves the script where it is");
    ask(&sim, &question(false)).await;
    let bill = get(&sim, "/_sim/bill").await.json();
    assert_eq!((&bill["requests"], &bill["billed_calls"]), (&json!(3), &json!(2)));
    assert_eq!(bill["nano_dollars"], sim.bill().nano_dollars);
    assert!(bill["by_model"]["claude-haiku-5-5"]["nano_dollars"].as_i64().unwrap() > 0);
    ask(&sim, &question(true)).await;
    let log = get(&sim, "/_sim/log").await.json();
    let indexes: Vec<_> =
        log["items"].as_array().unwrap().iter().map(|e| e["index"].as_u64().unwrap()).collect();
    assert_eq!((indexes, &log["next"]), (vec![2, 3, 4], &json!(4)), "a ring of three");
    let entry = &log["items"][0];
    assert_eq!((&entry["outcome"], &entry["model"]), (&json!("complete"), &json!("claude-haiku-5-5")));
    assert_eq!(entry["question"], "Why do token buckets go into debt?");
    assert_eq!(entry["headers"], json!({"anthropic-version": "2023-06-01", "x-anvil-job": "job-1"}));
    let later = get(&sim, "/_sim/log?after=3&limit=5").await.json();
    assert_eq!(later["items"].as_array().unwrap().len(), 1);
    assert_eq!(post(&sim, "/_sim/reset", &json!({})).await.status, 200);
    assert_eq!((sim.bill().requests, sim.log(0, 9).len()), (0, 0));
}

#[tokio::test]
async fn mistakes_in_control_requests_are_named() {
    let sim = start(SimConfig::default()).await;
    let answer = post(&sim, "/_sim/faults", &json!(["428"])).await;
    assert_eq!(answer.status, 400);
    assert!(answer.json()["error"].as_str().unwrap().contains("`428` is no fault"));
    assert_eq!(post(&sim, "/_sim/script", &json!([{"txt": 1}])).await.status, 400);
    assert_eq!(get(&sim, "/_sim/none").await.status, 404);
}

#[tokio::test]
async fn it_stops_when_told_and_its_port_is_free_again() {
    let sim = start(SimConfig::default()).await;
    let addr = sim.addr();
    let taken = Sim::start(SimConfig { listen: addr, ..SimConfig::default() }).await;
    assert!(matches!(taken, Err(SimError::Listen { .. })));
    sim.shutdown().await;
    Sim::start(SimConfig { listen: addr, ..SimConfig::default() }).await.unwrap();
}

#[tokio::test]
async fn serve_ends_with_its_shutdown() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    serve(listener, SimConfig::default(), std::future::ready(())).await.unwrap();
}

#[test]
fn settings_come_from_toml_and_a_misspelt_one_is_an_error() {
    let toml = "seed = 3\nlatency = { first_byte_ms = [5, 9] }\n\
                [rate_limits.\"*\"]\nrequests_per_minute = 50\n[[faults]]\nfault = \"429:2\"\nprobability = 0.1\n";
    let config = SimConfig::from_toml(toml).unwrap();
    assert_eq!((config.seed, config.rate_limits["*"].requests_per_minute), (3, Some(50)));
    assert_eq!(config.faults[0].fault.to_string(), "429:2");
    assert!(SimConfig::from_toml("sead = 3").unwrap_err().to_string().contains("sead"));
}
