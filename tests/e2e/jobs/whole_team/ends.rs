//! Money that ends while the six are at work.

use super::script::script;
use super::{file, setup};
use crate::harness::{Upstream, nanos};
use crate::jobs::feature_team::{PATIENCE, body, delivered, submit};
use serde_json::{Value, json};

#[tokio::test]
async fn a_cap_that_ends_in_the_design_of_the_whole_team_delivers_what_there_is_and_says_what_is_missing() {
    let upstream = Upstream::start().await;
    upstream.script(&script("tree-00")).await;
    let host = setup(&upstream).start().await;
    let whole = submit(&host, &body("tree-00", "skip", &json!({}))).await;
    let whole = host.rest().succeeded(&whole, PATIENCE).await;
    assert_eq!(whole["result"]["state"], "delivered", "{whole:#}");
    let job = |agent: &str| {
        let tree = whole["tree"].as_array().expect("a tree").iter();
        tree.filter(|branch| branch["agent"] == agent).map(|branch| &branch["id"]).next().expect("a job")
    };
    let ledger = host.rest().ledger().await;
    let of =
        |agent: &str| ledger.iter().filter(move |entry| entry["job"] == *job(agent)).collect::<Vec<&Value>>();
    let requirements: i64 = of("requirements-analyzer").iter().map(|entry| nanos(&entry["cost_usd"])).sum();
    let design = of("design-architect");
    let first = design.last().expect("the newest come first");
    // The design's first call has room, its second has not.
    let cap = requirements + nanos(&first["hold_usd"]) + nanos(&first["cost_usd"]) / 2;
    #[expect(clippy::cast_precision_loss, reason = "far below what a double counts exactly")]
    let cap = cap as f64 / 1e9;
    upstream.script(&script("tree-01")).await;
    let id = submit(&host, &body("tree-01", "skip", &json!({"max_cost_usd": cap}))).await;
    let job = host.rest().succeeded(&id, PATIENCE).await;
    assert_eq!(job["result"]["state"], "partial", "{job:#}");
    let (files, page) = delivered(&host, &id).await;
    assert_eq!(files.keys().collect::<Vec<_>>(), ["design.md", "requirements.md"], "{job:#}");
    assert_eq!(files["requirements.md"], file("tree-01", "requirements.md"));
    let design = &files["design.md"];
    for part in
        ["tree-01: a page and what it may send.", "### Page\n\nShows the form.", "> **Not complete.**"]
    {
        assert!(design.contains(part), "{design}");
    }
    assert!(!design.contains("Offers:") && !design.contains("## Files"), "{design}");
    let missing = job["result"]["missing"].to_string();
    let lacks = [
        "design: The job may spend no more",
        "design: The files are not listed.",
        "code: ",
        "tests, docs: there is no code",
    ];
    for part in lacks {
        assert!(missing.contains(part), "{part}: {missing}");
    }
    assert!(page.contains("design: The files are not listed."), "{page}");
    assert!(nanos(&job["tree_cost_usd"]) <= nanos(&json!(cap)), "{job:#}");
    assert_eq!(job["result"]["cost_usd"], job["tree_cost_usd"]);
}
