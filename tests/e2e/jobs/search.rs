//! The search: by the REST API, the command line and the panel.

use crate::harness::{Host, Setup, Upstream, until};
use serde_json::{Value, json};
use std::time::Duration;

const PATIENCE: Duration = Duration::from_mins(1);

/// The ids of a list.
fn ids(list: &Value) -> Vec<String> {
    let items = list["items"].as_array().expect("a list");
    items.iter().map(|job| job["id"].as_str().expect("an id").to_owned()).collect()
}

/// Waits until a word finds these jobs and no other, and looks whether the three ways to search agree.
async fn finds(host: &Host, word: &str, wanted: &[&str]) {
    let path = format!("/api/v1/jobs?q={word}");
    until(&format!("{word} finds {wanted:?}"), PATIENCE, async || {
        (ids(&host.rest().get(&path).await) == wanted).then_some(())
    })
    .await;
    let said = host.anvil(&["jobs", "list", "--search", word, "--json"]).await;
    assert!(said.status.success(), "{said:?}");
    assert_eq!(ids(&serde_json::from_slice(&said.stdout).expect("JSON")), wanted, "{word}");
    let page = host.rest().text(&format!("/jobs?q={word}")).await;
    for job in host.rest().jobs().await {
        let id = job["id"].as_str().expect("an id");
        assert_eq!(page.contains(&format!("/jobs/{id}")), wanted.contains(&id), "{word}: {id}");
    }
}

#[tokio::test]
async fn a_word_of_payload_result_or_error_finds_its_job_after_a_crash_too_until_the_job_is_deleted() {
    let upstream = Upstream::start().await;
    let script = json!({"matches": [
        {"contains": "heliotrope", "items": ["fine"]},
        {"contains": "a colour", "items": ["vermilion"]},
        {"contains": "a bad one", "items": ["cinnabar nonsense"], "repeat": true},
    ], "items": ["fine"], "repeat": true});
    upstream.script(&script).await;
    let setup = Setup::new().agent("asker").simulated_by(&upstream).set("ANVIL_JOBS_BACKOFF_S", 0.05);
    let mut host = setup.set("ANVIL_PRESET", "unlimited-dev").start().await;
    let ask = |prompt: &str| json!({"prompt": prompt, "max_output_tokens": 100, "reject": "nonsense"});
    let payload = host.rest().submit("asker", "ask", ask("heliotrope")).await;
    let result = host.rest().submit("asker", "ask", ask("a colour")).await;
    let error = host.rest().submit("asker", "ask", ask("a bad one")).await;
    for id in [&payload, &result, &error] {
        host.rest().ended(id, PATIENCE).await;
    }
    assert_eq!(host.rest().job(&error).await["state"], "failed");
    let words = [("heliotrope", &payload), ("vermilion", &result), ("cinnabar", &error)];
    for (word, id) in words {
        finds(&host, word, &[id]).await;
    }
    finds(&host, "nobody", &[]).await;
    host.kill().await;
    host.start().await;
    for (word, id) in words {
        finds(&host, word, &[id]).await;
    }
    let said = host.anvil(&["jobs", "delete", "--search", "vermilion", "--yes"]).await;
    assert!(said.status.success(), "{said:?}");
    finds(&host, "vermilion", &[]).await;
    for (word, id) in [words[0], words[2]] {
        finds(&host, word, &[id]).await;
    }
}
