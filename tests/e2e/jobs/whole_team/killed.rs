//! The host is killed again and again, at random moments, while the six are at work: nothing that was answered is asked
//! again, and the folder is as if nothing had been.

use super::script::script;
use super::{CALLS, folder, setup};
use crate::harness::{Host, Upstream, nanos};
use crate::jobs::feature_team::{PATIENCE, delivered};
use crate::jobs::feature_team_killed::{CALL, Gone, Kills, WISH, through};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// In how many kills, unless `ANVIL_TEST_TREE_KILLS` says otherwise.
const KILLS: usize = 8;

#[tokio::test]
async fn the_whole_team_whose_host_is_killed_at_random_delivers_as_if_it_had_not_been() {
    let kills = Kills::or(KILLS);
    let upstream = Upstream::start().await;
    upstream.first_byte_after(CALL).await;
    let mut host = setup(&upstream).start().await;
    let begin = async |tree: &str| upstream.script(&script(tree)).await;
    let Gone { trees, killed } = through(kills, &mut host, &upstream, begin).await;

    // One call at a time goes out, so that both sides tell of the same calls in the same order.
    let (mut ledger, log) = (host.rest().ledger().await, upstream.log().await);
    ledger.reverse();
    let paid = in_a_row(&ledger, |entry| format!("{} {}", entry["job"], entry["position"]));
    let sent = in_a_row(&log, |entry| entry["hash"].to_string());
    let calls = trees.len() * CALLS.iter().map(|(_, calls)| calls).sum::<usize>();
    assert_eq!(
        (paid.len(), sent.len()),
        (calls, calls),
        "each call is one, and none comes again behind another"
    );
    for (paid, sent) in paid.iter().zip(&sent) {
        once_but_for_kills(paid, sent, &killed);
    }
    let mut money: BTreeMap<&str, i64> = BTreeMap::new();
    for entry in &ledger {
        *money.entry(entry["job"].as_str().expect("a job")).or_default() += nanos(&entry["cost_usd"]);
    }
    for (id, name) in &trees {
        as_scripted(&host, id, name, &money).await;
    }
    let unknown = ledger.iter().filter(|entry| entry["state"] == "unknown").count();
    let (spend, bill) = (host.rest().status().await["spend"].clone(), upstream.bill().await);
    let total = nanos(&spend["total_usd"]);
    assert_eq!(total, money.values().sum::<i64>());
    assert!(total >= bill.nano_dollars && nanos(&spend["hour"]["held_usd"]) == 0);
    println!(
        "{} trees of the whole team, {kills}, {} requests, {unknown} unknown; ledger {total}, bill {} nano-dollars",
        trees.len(),
        bill.requests,
        bill.nano_dollars
    );
}

/// What is of one thing and follows each other, together.
fn in_a_row(entries: &[Value], of: impl Fn(&Value) -> String) -> Vec<Vec<&Value>> {
    let groups = entries.chunk_by(|one, next| of(one) == of(next)).map(|group| group.iter().collect());
    groups.collect()
}

/// A call has one answer that was journalled, its last; it went out again only behind a kill in which it had none yet.
fn once_but_for_kills(paid: &[&Value], sent: &[&Value], killed: &[u64]) {
    let states: Vec<&str> = paid.iter().filter_map(|entry| entry["state"].as_str()).collect();
    let (last, before) = states.split_last().expect("a call");
    assert!(*last == "settled" && before.iter().all(|state| *state == "unknown"), "{paid:#?}");
    assert!(sent.len() <= paid.len(), "it went out {} times: {paid:#?}", sent.len());
    for again in sent.windows(2) {
        let index = again[0]["index"].as_u64().expect("a number");
        assert!(killed.contains(&index), "nothing was killed behind request {index}: {sent:#?}");
    }
    assert_eq!(sent[sent.len() - 1]["outcome"], "complete", "{sent:#?}");
    let billed = sent[sent.len() - 1]["nano_dollars"].as_i64();
    assert_eq!(
        Some(nanos(&paid[paid.len() - 1]["cost_usd"])),
        billed,
        "what arrived is what was billed: {paid:#?}"
    );
}

/// A tree is as it would be without a kill.
async fn as_scripted(host: &Host, id: &str, name: &str, money: &BTreeMap<&str, i64>) {
    let root = host.rest().succeeded(id, PATIENCE).await;
    let result = &root["result"];
    assert_eq!((&result["state"], &result["amendments"]), (&json!("delivered"), &json!([WISH])), "{root:#}");
    assert_eq!(result["missing"], json!([]));
    let (files, page) = delivered(host, id).await;
    assert_eq!(files, folder(name));
    assert!(page.contains(WISH), "{page}");
    let questions = host.rest().all("/api/v1/questions?limit=500").await;
    let asked = questions.iter().filter(|question| question["subject"].to_string().contains(id)).count();
    assert_eq!(asked, 2, "each question is asked once");
    let tree = root["tree"].as_array().expect("a tree");
    let mut agents: Vec<&str> = tree.iter().filter_map(|branch| branch["agent"].as_str()).collect();
    let mut expected: Vec<&str> = CALLS.iter().map(|(agent, _)| *agent).chain(["feature-team"]).collect();
    agents.sort_unstable();
    expected.sort_unstable();
    assert_eq!(agents, expected, "each child is made once");
    let mut sum = 0;
    for branch in tree {
        let job = branch["id"].as_str().expect("an id");
        let shown = host.rest().job(job).await;
        assert_eq!((&shown["state"], &shown["attempts"]), (&json!("succeeded"), &json!(1)), "{shown:#}");
        sum += money.get(job).copied().unwrap_or_default();
    }
    assert_eq!(nanos(&root["tree_cost_usd"]), sum, "the tree's money is the sum of its calls");
    assert_eq!(nanos(&result["cost_usd"]), sum);
}
