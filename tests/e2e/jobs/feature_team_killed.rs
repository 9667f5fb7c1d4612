//! The agent that leads the others loses its host again and again, at random moments: every child and question is made
//! once, no answer is paid for twice, and the folder is as if nothing had been.

use super::feature_team::{PARTS, PATIENCE, body, delivered, folder, line, setup, submit};
use crate::harness::{Host, Upstream, nanos, until};
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::time::Duration;

/// In how many kills, unless `ANVIL_TEST_TREE_KILLS` says otherwise.
const KILLS: usize = 8;
/// Unless `ANVIL_TEST_TREE_SEED` says otherwise.
const SEED: u64 = 13;
/// How long upstream takes for each call, so that most kills are in one.
pub(super) const CALL: Duration = Duration::from_millis(150);
/// A kill comes at most this long after the first answer of a life: in the next call, or between.
const SOON_MS: u64 = 400;
/// What a person wants changed.
pub(super) const WISH: &str = "Make it smaller";

/// How often the host is killed, and when.
#[derive(Clone, Copy, Debug)]
pub(super) struct Kills {
    pub(super) count: usize,
    seed: u64,
}

impl Kills {
    /// As the environment has it, else so many.
    pub(super) fn or(count: usize) -> Self {
        let from_env =
            |name: &str| std::env::var(name).ok().map(|text| text.parse::<u64>().expect("a number"));
        let count = from_env("ANVIL_TEST_TREE_KILLS").map_or(count, |kills| kills.try_into().expect("few"));
        Self { count, seed: from_env("ANVIL_TEST_TREE_SEED").unwrap_or(SEED) }
    }
}

impl fmt::Display for Kills {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { count, seed } = self;
        write!(f, "{count} kills (ANVIL_TEST_TREE_KILLS), seed {seed} (ANVIL_TEST_TREE_SEED)")
    }
}

/// Where a tree is.
enum Moment {
    /// Something was answered since the host began.
    Goes,
    /// This question is open.
    Asks(String),
    /// It is over.
    Over,
}

/// Waits until something is to be seen of a tree since upstream had `before` requests.
async fn moment(host: &Host, upstream: &Upstream, tree: &str, before: u64) -> Moment {
    until("the tree gets on", PATIENCE, async || {
        let job = host.rest().job(tree).await;
        if matches!(job["state"].as_str(), Some("succeeded" | "failed" | "cancelled")) {
            return Some(Moment::Over);
        }
        if job["waiting_for"]["reason"] == "person" {
            let open = host.rest().get("/api/v1/questions?state=open").await;
            return open["items"][0]["id"].as_str().map(|id| Moment::Asks(id.to_owned()));
        }
        let bill = upstream.bill().await;
        (bill.requests - bill.in_flight > before).then_some(Moment::Goes)
    })
    .await
}

/// A person answers: the first time with a wish, and then with a yes.
async fn answer(host: &Host, id: &str) {
    let question = host.rest().get(&format!("/api/v1/questions/{id}")).await;
    let amended = question["prompt"].as_str().expect("a prompt").contains("as it was amended");
    let answer = if amended { "approve" } else { WISH };
    host.rest().post(&format!("/api/v1/questions/{id}/answer"), &json!({"answer": answer})).await;
}

/// `kill -9`, seen by upstream too; then another life. The number of upstream's last request before.
async fn kill(host: &mut Host, upstream: &Upstream) -> u64 {
    host.kill().await;
    until("upstream sees that nobody listens", PATIENCE, async || {
        (upstream.bill().await.in_flight == 0).then_some(())
    })
    .await;
    // What was billed by then is settled, held or unknown by now.
    let bill = upstream.bill().await.nano_dollars;
    let last = upstream.log().await.last().map_or(0, |entry| entry["index"].as_u64().expect("a number"));
    host.start().await;
    let spend = host.rest().status().await["spend"].clone();
    let counted = nanos(&spend["total_usd"]) + nanos(&spend["hour"]["held_usd"]);
    assert!(counted >= bill, "the ledger has {counted}, the bill {bill}");
    last
}

/// What was gone through: trees, each with its id and its name, and behind which of upstream's requests each kill was.
pub(super) struct Gone {
    pub(super) trees: Vec<(String, String)>,
    pub(super) killed: Vec<u64>,
}

/// One tree after the other, until all kills were; the last goes on to its end. `begin`: has upstream know of a tree.
pub(super) async fn through(
    kills: Kills,
    host: &mut Host,
    upstream: &Upstream,
    begin: impl AsyncFn(&str),
) -> Gone {
    let mut random = StdRng::seed_from_u64(kills.seed);
    let (mut trees, mut seen, mut killed) = (Vec::new(), BTreeSet::new(), Vec::new());
    loop {
        let name = format!("tree-{:02}", trees.len());
        begin(&name).await;
        let tree = submit(host, &body(&name, "ask", &json!({}))).await;
        trees.push((tree.clone(), name));
        loop {
            let before = upstream.bill().await.requests;
            match moment(host, upstream, &tree, before).await {
                Moment::Over => break,
                // Answered between two kills: the first is while it is open.
                Moment::Asks(id) if killed.len() == kills.count || seen.contains(&id) => {
                    answer(host, &id).await;
                    until("it goes on", PATIENCE, async || {
                        let job = host.rest().job(&tree).await;
                        (job["waiting_for"]["reason"] != "person").then_some(())
                    })
                    .await;
                    continue;
                }
                Moment::Asks(id) => drop(seen.insert(id)),
                Moment::Goes => {}
            }
            if killed.len() < kills.count {
                tokio::time::sleep(Duration::from_millis(random.random_range(0..SOON_MS))).await;
                killed.push(kill(host, upstream).await);
            }
        }
        if killed.len() == kills.count {
            return Gone { trees, killed };
        }
    }
}

#[tokio::test]
async fn trees_whose_host_is_killed_at_random_are_delivered_as_if_it_had_not_been() {
    let kills = Kills::or(KILLS);
    let upstream = Upstream::start().await;
    upstream.script(&json!({"matches": super::feature_team::script()})).await;
    upstream.first_byte_after(CALL).await;
    let mut host = setup(&upstream).start().await;
    let Gone { trees, killed } = through(kills, &mut host, &upstream, async |_: &str| {}).await;
    let ledger = host.rest().ledger().await;
    let mut calls = 0;
    for (id, name) in &trees {
        calls += check(&host, &upstream, &ledger, id, name).await;
    }
    assert_eq!(ledger.len(), calls, "no other call was paid for");
    let unknown = ledger.iter().filter(|entry| entry["state"] == "unknown").count();
    assert!(unknown <= killed.len(), "{unknown} calls of unknown outcome, {kills}: one runs at once");
    let (spend, bill) = (host.rest().status().await["spend"].clone(), upstream.bill().await);
    let total = nanos(&spend["total_usd"]);
    assert!(total >= bill.nano_dollars && nanos(&spend["hour"]["held_usd"]) == 0);
    println!(
        "{} trees, {kills}, {} requests, {unknown} unknown; ledger {total}, bill {} nano-dollars",
        trees.len(),
        bill.requests,
        bill.nano_dollars
    );
}

/// A tree is as it would be without a kill; answers how many calls of it the ledger has.
async fn check(host: &Host, upstream: &Upstream, ledger: &[Value], id: &str, name: &str) -> usize {
    let root = host.rest().succeeded(id, PATIENCE).await;
    let result = &root["result"];
    assert_eq!((&result["state"], &result["amendments"]), (&json!("delivered"), &json!([WISH])), "{root:#}");
    let (files, page) = delivered(host, id).await;
    assert_eq!(files, folder(name, true));
    assert!(page.contains(WISH), "{page}");
    let questions = host.rest().all("/api/v1/questions?limit=500").await;
    let asked = questions.iter().filter(|question| question["subject"].to_string().contains(id)).count();
    assert_eq!(asked, 2, "each question is asked once");
    // The jobs of the tree by what they do, in the order in which they were made.
    let tree = root["tree"].as_array().expect("a tree");
    let mut jobs: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for branch in tree {
        let (agent, job) =
            (branch["agent"].as_str().expect("an agent"), branch["id"].as_str().expect("an id"));
        jobs.entry(agent).or_default().push(job);
        let shown = host.rest().job(job).await;
        assert_eq!((&shown["state"], &shown["attempts"]), (&json!("succeeded"), &json!(1)), "{shown:#}");
    }
    for jobs in jobs.values_mut() {
        jobs.sort_unstable();
    }
    assert_eq!(tree.len(), 7, "each child is made once: {tree:#?}");
    let log = upstream.log().await;
    let (mut calls, mut sum) = (0, 0);
    for (agent, of, _) in PARTS {
        for (again, job) in [false, true].into_iter().zip(&jobs[agent]) {
            for call in 1..=of {
                let question = format!("{name}: {}", line(agent, again, call, of));
                let sent: Vec<&Value> =
                    log.iter().filter(|entry| entry["question"] == question.as_str()).collect();
                // The newest first.
                let paid: Vec<&Value> = ledger
                    .iter()
                    .filter(|entry| entry["job"] == **job && entry["position"] == call - 1)
                    .collect();
                let states: Vec<&str> = paid.iter().filter_map(|entry| entry["state"].as_str()).collect();
                assert_eq!(
                    states.first(),
                    Some(&"settled"),
                    "{question}: nothing after its answer: {states:?}"
                );
                assert!(states[1..].iter().all(|state| *state == "unknown"), "{question}: {states:?}");
                assert!(sent.len() <= paid.len(), "{question} went out {} times: {states:?}", sent.len());
                let last = sent.last().and_then(|entry| entry["nano_dollars"].as_i64());
                assert_eq!(
                    Some(nanos(&paid[0]["cost_usd"])),
                    last,
                    "{question}: what arrived is what was billed"
                );
                calls += paid.len();
                sum += paid.iter().map(|entry| nanos(&entry["cost_usd"])).sum::<i64>();
            }
        }
    }
    assert_eq!(nanos(&root["tree_cost_usd"]), sum, "the tree's money is the sum of its calls");
    assert_eq!(nanos(&result["cost_usd"]), sum);
    calls
}
