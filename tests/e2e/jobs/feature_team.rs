//! The agent that leads the others, through the real binary: money that ends, a lead that is cancelled, a full queue.
//! The others are played by a test agent, so that the upstream's script is the whole folder's.

use crate::harness::{Host, Setup, Upstream, nanos, player, until};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

pub(super) const PATIENCE: Duration = Duration::from_secs(90);

/// A part that is played: the agent, how often it asks, and its file in the delivered folder.
pub(super) const PARTS: [(&str, usize, &str); 5] = [
    ("requirements-analyzer", 2, "requirements.md"),
    ("design-architect", 3, "design.md"),
    ("code-generator", 2, "code/src/app.js"),
    ("test-automator", 2, "tests/app.test.js"),
    ("documentation-generator", 2, "docs/README.md"),
];

/// What a player asks, behind the tree's name.
pub(super) fn line(agent: &str, again: bool, call: usize, calls: usize) -> String {
    format!("{agent}{} {call} of {calls}", if again { " again" } else { "" })
}

/// What each call is answered, whichever tree it is for.
pub(super) fn script() -> Vec<Value> {
    let mut matches = Vec::new();
    for (agent, calls, _) in PARTS {
        for again in [false, true] {
            for call in 1..=calls {
                let line = line(agent, again, call, calls);
                let items = json!([{"text": format!("the answer to {line}")}]);
                matches.push(json!({"contains": format!(": {line}"), "items": items, "repeat": true}));
            }
        }
    }
    matches
}

/// The folder that follows from the script: path and content. `again`: the design was amended once.
pub(super) fn folder(tree: &str, again: bool) -> BTreeMap<String, String> {
    let file = |(agent, calls, path): (&str, usize, &str)| {
        let again = again && agent == "design-architect";
        let answers = (1..=calls).map(|call| format!("the answer to {}\n", line(agent, again, call, calls)));
        (path.to_owned(), format!("{tree}\n{}", answers.collect::<String>()))
    };
    PARTS.map(file).into()
}

/// A host with `feature-team` and its five, as it comes: whom it may ask is the default.
pub(super) fn setup(upstream: &Upstream) -> Setup {
    let setup = Setup::new()
        .agent("feature-team")
        .simulated_by(upstream)
        .set("ANVIL_PRESET", "unlimited-dev")
        .set("ANVIL_LIMITS_AGENTS_MIN", 4)
        .set("ANVIL_LIMITS_AGENTS_MAX", 4);
    PARTS.iter().fold(setup, |setup, (agent, ..)| setup.plugin(&format!("{agent}.wasm"), &player(agent)))
}

/// A job for a tree; `more`: further fields.
pub(super) fn body(tree: &str, approval: &str, more: &Value) -> Value {
    let payload = json!({"brief": format!("{tree}: a login form"), "approval": approval});
    let mut body = json!({"agent": "feature-team", "action": "deliver", "payload": payload});
    let fields = body.as_object_mut().expect("an object");
    fields.extend(more.as_object().into_iter().flatten().map(|(key, value)| (key.clone(), value.clone())));
    body
}

pub(super) async fn submit(host: &Host, body: &Value) -> String {
    host.rest().post("/api/v1/jobs", body).await["id"].as_str().expect("an id").to_owned()
}

/// The delivered folder as text, without the page that explains it, which is given beside it.
pub(super) async fn delivered(host: &Host, id: &str) -> (BTreeMap<String, String>, String) {
    let files = host.rest().artifacts(id).await.into_iter();
    let mut files: BTreeMap<String, String> =
        files.map(|(name, bytes)| (name, String::from_utf8(bytes).expect("text"))).collect();
    let page = files.remove("DELIVERY.md").expect("the page of the folder");
    (files, page)
}

/// The jobs of a tree.
fn branches(job: &Value) -> BTreeSet<String> {
    let tree = job["tree"].as_array().expect("a tree").iter();
    tree.map(|branch| branch["id"].as_str().expect("an id").to_owned()).collect()
}

#[tokio::test]
async fn a_cap_that_ends_in_the_middle_of_the_design_delivers_what_there_is_and_says_what_is_missing() {
    let upstream = Upstream::start().await;
    upstream.script(&json!({"matches": script()})).await;
    let host = setup(&upstream).start().await;
    let whole = submit(&host, &body("tree-00", "skip", &json!({}))).await;
    let whole = host.rest().succeeded(&whole, PATIENCE).await;
    assert_eq!(whole["result"]["state"], "delivered", "{whole:#}");
    let mut costs: BTreeMap<String, Vec<(i64, i64, i64)>> = BTreeMap::new();
    let agents: BTreeMap<&str, &str> = whole["tree"]
        .as_array()
        .expect("a tree")
        .iter()
        .filter_map(|branch| Some((branch["id"].as_str()?, branch["agent"].as_str()?)))
        .collect();
    for entry in host.rest().ledger().await {
        let agent = agents[entry["job"].as_str().expect("a job")];
        let position = entry["position"].as_i64().expect("a position");
        let money = (position, nanos(&entry["cost_usd"]), nanos(&entry["hold_usd"]));
        costs.entry(agent.to_owned()).or_default().push(money);
    }
    let requirements: i64 = costs["requirements-analyzer"].iter().map(|(_, cost, _)| cost).sum();
    let (_, cost, hold) =
        *costs["design-architect"].iter().find(|(position, ..)| *position == 0).expect("a first call");
    // The design's first call has room, its second has not.
    #[expect(clippy::cast_precision_loss, reason = "far below what a double counts exactly")]
    let cap = (requirements + hold + cost / 2) as f64 / 1e9;
    let id = submit(&host, &body("tree-01", "skip", &json!({"max_cost_usd": cap}))).await;
    let job = host.rest().succeeded(&id, PATIENCE).await;
    assert_eq!(job["result"]["state"], "partial", "{job:#}");
    let (files, page) = delivered(&host, &id).await;
    let expected = BTreeMap::from([
        ("requirements.md".to_owned(), folder("tree-01", false)["requirements.md"].clone()),
        ("design.md".to_owned(), "tree-01\nthe answer to design-architect 1 of 3\n".to_owned()),
    ]);
    assert_eq!(files, expected);
    let missing = job["result"]["missing"].to_string();
    for part in ["design: part 2 of 3: over-budget", "code: ", "tests, docs: there is no code"] {
        assert!(missing.contains(part), "{missing}");
    }
    assert!(page.contains("design: part 2 of 3: over-budget"), "{page}");
    assert!(nanos(&job["tree_cost_usd"]) <= nanos(&json!(cap)), "{job:#}");
    assert_eq!(job["result"]["cost_usd"], job["tree_cost_usd"]);
    let asked = upstream.asked().await;
    let of_design: Vec<_> = asked.keys().filter(|line| line.starts_with("tree-01: design")).collect();
    assert_eq!(of_design, ["tree-01: design-architect 1 of 3"]);
}

#[tokio::test]
async fn an_agent_that_is_off_when_its_step_comes_fails_the_job_and_run_again_it_goes_on_there() {
    const AWAY: &str = "documentation-generator";
    let upstream = Upstream::start().await;
    upstream.script(&json!({"matches": script()})).await;
    let host = setup(&upstream).set("ANVIL_JOBS_MAX_ATTEMPTS", 1).start().await;
    host.rest().post(&format!("/api/v1/agents/{AWAY}/disable"), &json!({})).await;
    let id = submit(&host, &body("tree-00", "skip", &json!({}))).await;
    let job = host.rest().ended(&id, PATIENCE).await;
    assert_eq!((&job["state"], &job["error"]["kind"]), (&json!("failed"), &json!("internal")), "{job:#}");
    let message = job["error"]["message"].as_str().expect("a message");
    assert!(message.contains(AWAY) && message.contains("switched off"), "{message}");
    let (files, page) = delivered(&host, &id).await;
    let mut whole = folder("tree-00", false);
    let docs = whole.remove("docs/README.md");
    assert_eq!(files, whole, "what was done is kept");
    assert!(page.contains("docs: the agent"), "{page}");

    host.rest().post(&format!("/api/v1/agents/{AWAY}/enable"), &json!({})).await;
    host.rest().post(&format!("/api/v1/jobs/{id}/retry"), &json!({})).await;
    let job = host.rest().succeeded(&id, PATIENCE).await;
    assert_eq!(job["result"]["state"], "delivered", "{job:#}");
    assert_eq!(job["result"]["cost_usd"], job["tree_cost_usd"]);
    assert_eq!(delivered(&host, &id).await.0.remove("docs/README.md"), docs);
    assert_eq!(upstream.bill().await.requests, 11, "nothing was paid for twice");
}

#[tokio::test]
async fn cancelled_nothing_below_it_goes_on() {
    let upstream = Upstream::start().await;
    let hangs = json!({"latency": {"first_byte_ms": 3_600_000}});
    let mut matches = vec![json!({"contains": "tree-00: code-generator", "items": [hangs], "repeat": true})];
    matches.extend(script());
    upstream.script(&json!({"matches": matches})).await;
    // A cancelled call is read on for a moment only: this one never ends.
    let mut host = setup(&upstream).set("ANVIL_UPSTREAM_DRAIN_S", 1).start().await;
    let builds = submit(&host, &body("tree-00", "skip", &json!({}))).await;
    let asks = submit(&host, &body("tree-01", "ask", &json!({}))).await;
    until("one is in its code, and the other asks", PATIENCE, async || {
        let waits = host.rest().job(&asks).await["waiting_for"]["reason"] == "person";
        (waits && upstream.bill().await.in_flight == 1).then_some(())
    })
    .await;
    for id in [&builds, &asks] {
        host.rest().post(&format!("/api/v1/jobs/{id}/cancel"), &json!({})).await;
    }
    let over = async |host: &Host, id: &str, jobs: usize| {
        let job = host.rest().ended(id, PATIENCE).await;
        assert_eq!(job["state"], "cancelled", "{job:#}");
        let tree = job["tree"].as_array().expect("a tree").clone();
        assert_eq!(tree.len(), jobs, "{tree:#?}");
        let over = |branch: &Value| matches!(branch["state"].as_str(), Some("succeeded" | "cancelled"));
        until("all below it are over", PATIENCE, async || {
            let tree = host.rest().job(id).await["tree"].as_array().expect("a tree").clone();
            tree.iter().all(over).then_some(())
        })
        .await;
    };
    over(&host, &builds, 4).await;
    over(&host, &asks, 3).await;
    until("no call is under way", PATIENCE, async || (upstream.bill().await.in_flight == 0).then_some(()))
        .await;
    assert_eq!(host.rest().status().await["questions"]["open"], 0, "its question is withdrawn");
    let requests = upstream.bill().await.requests;
    // Nor does anything go on with another life of the host, in which others run.
    host.kill().await;
    host.start().await;
    let other = submit(&host, &body("tree-02", "skip", &json!({}))).await;
    let other = host.rest().succeeded(&other, PATIENCE).await;
    assert_eq!(other["result"]["state"], "delivered");
    over(&host, &builds, 4).await;
    over(&host, &asks, 3).await;
    assert_eq!(upstream.bill().await.requests, requests + 11, "the other's calls, and no more");
}

#[tokio::test]
async fn twenty_trees_in_a_queue_that_is_full_all_end() {
    const PLACES: usize = 200;
    const TREES: usize = 20;
    let upstream = Upstream::start().await;
    upstream.script(&json!({"matches": script()})).await;
    let host = setup(&upstream)
        .agent("asker")
        .set("ANVIL_LIMITS_QUEUE_MAX", PLACES)
        .set("ANVIL_LIMITS_AGENTS_MIN", 8)
        .set("ANVIL_LIMITS_AGENTS_MAX", 8)
        .start()
        .await;
    host.rest().put("/api/v1/queue", &json!({"paused": true, "reason": "until it is full"})).await;
    let (mut trees, mut others) = (Vec::new(), Vec::new());
    for place in 0..PLACES {
        // The last place is kept for critical jobs.
        let priority = if place + 1 == PLACES { "critical" } else { "normal" };
        if place % (PLACES / TREES) == 0 {
            let tree = format!("tree-{:02}", trees.len());
            trees.push((submit(&host, &body(&tree, "skip", &json!({"priority": priority}))).await, tree));
        } else {
            let payload = json!({"prompt": format!("job {place}"), "max_output_tokens": 20});
            let job = json!({"agent": "asker", "action": "ask", "priority": priority, "payload": payload});
            others.push(submit(&host, &job).await);
        }
    }
    let one_more =
        host.rest().send(Method::POST, "/api/v1/jobs", Some(&body("tree-99", "skip", &json!({})))).await;
    assert_eq!(one_more.expect("an answer").status, StatusCode::TOO_MANY_REQUESTS, "it is full");
    host.rest().put("/api/v1/queue", &json!({"paused": false})).await;
    until("all are over", PATIENCE * 2, async || {
        let queue = host.rest().status().await["queue"].clone();
        let left =
            ["queued", "running", "parked", "scheduled"].iter().filter_map(|state| queue[state].as_u64());
        (left.sum::<u64>() == 0).then_some(())
    })
    .await;
    let mut below = BTreeSet::new();
    for (id, tree) in &trees {
        let job = host.rest().succeeded(id, PATIENCE).await;
        assert_eq!(job["result"]["state"], "delivered", "{job:#}");
        assert_eq!(delivered(&host, id).await.0, folder(tree, false));
        below.extend(branches(&job));
    }
    assert_eq!(below.len(), TREES * 6, "each tree has its six jobs");
    for id in &others {
        host.rest().succeeded(id, PATIENCE).await;
    }
    assert_eq!(host.rest().jobs().await.len(), PLACES + TREES * 5);
    let asked = upstream.asked().await;
    assert!(asked.values().all(|times| *times == 1), "nothing was asked twice");
    let bill = upstream.bill().await.nano_dollars;
    assert_eq!(nanos(&host.rest().status().await["spend"]["total_usd"]), bill);
}
