//! Export and import: from one host to another.

use crate::harness::{Setup, Upstream, nanos};
use serde_json::{Value, json};
use std::time::Duration;

const PATIENCE: Duration = Duration::from_mins(1);

#[tokio::test]
async fn what_has_finished_moves_as_history_that_costs_nothing_and_what_has_not_runs_there_once() {
    let (upstream, other_upstream) = (Upstream::start().await, Upstream::start().await);
    let host = Setup::new().agent("asker").simulated_by(&upstream).start().await;
    let other = Setup::new().agent("asker").simulated_by(&other_upstream).start().await;
    let ask = |prompt: &str| {
        json!({
            "prompt": prompt, "max_output_tokens": 100, "parents": true,
            "files": {"out/notes.md": format!("notes of {prompt}")},
        })
    };
    let done = host.rest().submit("asker", "ask", ask("Done")).await;
    let job = host.rest().succeeded(&done, PATIENCE).await;
    let mut bad = ask("Bad");
    bad["files"] = json!({"../out": "a name that is refused"});
    let failed = host.rest().submit("asker", "ask", bad).await;
    let failed_job = host.rest().ended(&failed, PATIENCE).await;
    assert_eq!(failed_job["state"], "failed", "{failed_job:#}");
    host.rest().put("/api/v1/queue", &json!({"paused": true, "reason": "moving"})).await;
    let body = json!({"agent": "asker", "action": "ask", "payload": ask("Later"), "after": [done]});
    let later = host.rest().post("/api/v1/jobs", &body).await["id"].as_str().expect("an id").to_owned();

    let file = host.folder().join("jobs.jsonl").display().to_string();
    let said = host.anvil(&["jobs", "export", "--files", "--out", &file]).await;
    assert!(said.status.success(), "{said:?}");
    let came = async || -> Vec<String> {
        let said = other.anvil(&["jobs", "import", &file, "--json"]).await;
        assert!(said.status.success(), "{said:?}");
        let lines = String::from_utf8(said.stdout).expect("text");
        let lines = lines.lines().map(|line| serde_json::from_str::<Value>(line).expect("JSON"));
        lines.map(|line| line["came"].as_str().expect("what came").to_owned()).collect()
    };
    assert_eq!(came().await, ["new", "new", "submitted"]);
    let rest = other.rest();
    let ran = rest.succeeded(&later, PATIENCE).await;
    for was in [&job, &failed_job] {
        let history = rest.job(was["id"].as_str().expect("an id")).await;
        for part in ["state", "result", "error", "attempts", "finished_at"] {
            assert_eq!(history[part], was[part], "{part}: {history:#}");
        }
        assert!(nanos(&was["cost_usd"]) > 0, "it cost something where it ran: {was:#}");
        assert_eq!((nanos(&history["cost_usd"]), &history["calls"]), (0, &json!(0)), "{history:#}");
    }
    assert_eq!(rest.artifacts(&done).await, host.rest().artifacts(&done).await);
    // The one that ran there got what its parent had given on the other host, and it alone was paid for.
    let given = &ran["result"]["parents"][0];
    assert_eq!((&given["id"], &given["result"]), (&json!(done), &job["result"]));
    assert_eq!(given["files"]["out/notes.md"], "notes of Done");
    let bill = other_upstream.bill().await;
    let total = async || nanos(&rest.status().await["spend"]["total_usd"]);
    assert_eq!((bill.billed_calls, total().await), (1, bill.nano_dollars));
    assert_eq!(nanos(&ran["cost_usd"]), bill.nano_dollars);

    let (jobs, ledger) = (rest.jobs().await, rest.ledger().await);
    assert_eq!(came().await, ["existing"; 3]);
    assert_eq!((rest.jobs().await, rest.ledger().await), (jobs, ledger));
    assert_eq!((other_upstream.bill().await, total().await), (bill.clone(), bill.nano_dollars));
    // The old host has not run it: whoever moves jobs decides which of the two does.
    assert_eq!((upstream.bill().await.billed_calls, host.rest().jobs().await.len()), (2, 3));
}
