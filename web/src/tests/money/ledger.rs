//! The ledger: filtered, summed and corrected.

use crate::testing::{Scene, TOKEN};
use crate::tests::{empty, request};
use axum::http::{Method, StatusCode};
use serde_json::json;

#[tokio::test]
async fn a_correction_says_what_is_missing_and_which_call_there_is_not() {
    let scene = Scene::new().await;
    let nobody = "/api/v1/ledger/01JZZZZZZZZZZZZZZZZZZZZZZZ/correct";
    let wrong = scene.api(Method::POST, nobody, r#"{"cost_usd":"much","reason":" "}"#).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(wrong.text.contains("/cost_usd"), "{}", wrong.text);
    let missing = scene.api(Method::POST, nobody, r#"{"cost_usd":0.5,"reason":"the invoice"}"#).await;
    assert_eq!(
        (missing.status, &missing.json()["detail"]),
        (StatusCode::NOT_FOUND, &json!("there is no call 01JZZZZZZZZZZZZZZZZZZZZZZZ"))
    );
}

#[tokio::test]
async fn every_grouping_of_spend_is_the_ledgers_total() {
    let scene = Scene::new().await;
    scene.spend("quiet", "claude-haiku-5-5", 100_000_007, true).await;
    scene.spend("quiet", "claude-opus-5-5", 3, true).await;
    scene.spend("loud", "claude-opus-5-5", 20_000_000, false).await;
    let ledger = scene.get("/api/v1/ledger").await.json();
    assert_eq!(ledger["total"]["calls"], 3);
    assert_eq!(
        (&ledger["total"]["settled_usd"], &ledger["total"]["unknown_usd"]),
        (&json!(0.100_000_010), &json!(0.02))
    );
    for by in ["agent", "model", "key", "kind", "hour", "day"] {
        let spend = scene.get(&format!("/api/v1/spend?by={by}")).await.json();
        assert_eq!(spend["total"]["spent_usd"], json!(0.120_000_010), "{by}: {spend}");
        let items = spend["items"].as_array().expect("a list");
        let nano = |item: &serde_json::Value| item["spent_usd"].as_f64().expect("a number") * 1e9;
        let sum: f64 = items.iter().map(nano).map(f64::round).sum();
        assert_eq!(format!("{sum:.0}"), "120000010", "{by}: {spend}");
    }
    let by_agent = scene.get("/api/v1/spend?by=agent").await.json();
    assert_eq!(
        (&by_agent["items"][0]["name"], &by_agent["items"][1]["name"]),
        (&json!("quiet"), &json!("loud"))
    );
    let page = scene.get("/spend?by=model").await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.text);
    assert!(page.text.contains("$0.12000001") && page.text.contains("claude-opus-5-5"), "{}", page.text);
    assert!(scene.get("/ui/spend?range=7d&by=kind").await.text.contains("cache read"));
    let wrong = scene.get("/api/v1/spend?by=colour").await;
    assert_eq!(wrong.status, StatusCode::BAD_REQUEST);
    assert!(wrong.text.contains("agent, model, key, kind, hour or day"), "{}", wrong.text);
    assert_eq!(scene.get("/spend?from=2026-13-01&to=x").await.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn the_ledger_is_filtered_paged_and_downloaded() {
    let scene = Scene::new().await;
    for nano in 1..=5 {
        scene.spend("quiet", "claude-haiku-5-5", nano * 1_000_000, nano != 2).await;
        scene.spend("=cmd,\"x\"", "claude-opus-5-5", nano * 7, true).await;
    }
    let first = scene.get("/api/v1/ledger?agent=quiet&limit=3").await.json();
    assert_eq!((&first["total"]["calls"], first["items"].as_array().map(Vec::len)), (&json!(5), Some(3)));
    let next = first["next"].as_str().expect("another page");
    let second = scene.get(&format!("/api/v1/ledger?agent=quiet&limit=3&after={next}")).await.json();
    assert_eq!((second["items"].as_array().map(Vec::len), &second["next"]), (Some(2), &json!(null)));
    let unknown = scene.get("/api/v1/ledger?state=unknown&min_usd=0.002").await.json();
    assert_eq!((&unknown["total"]["calls"], &unknown["total"]["unknown_usd"]), (&json!(1), &json!(0.002)));
    assert_eq!(scene.get("/api/v1/ledger?to=2020-01-01").await.json()["total"]["calls"], 0);
    for wrong in ["state=lost", "min_usd=-1", "after=7", "from=soon", "stat=held"] {
        assert_eq!(
            scene.get(&format!("/api/v1/ledger?{wrong}")).await.status,
            StatusCode::BAD_REQUEST,
            "{wrong}"
        );
    }
    let page = scene.get("/ledger?agent=quiet").await.text;
    assert!(
        page.contains("Price row")
            && page.contains("row@2026-10-07")
            && page.contains("agent=quiet&amp;format=csv"),
        "{page}"
    );
    assert!(!page.contains("claude-opus-5-5</dd>"), "another agent's call is not there");

    let csv = scene.get("/api/v1/ledger?format=csv").await;
    assert!(csv.header("content-type").starts_with("text/csv"), "{csv:?}");
    assert!(csv.header("content-disposition").contains("anvil-ledger.csv"));
    let lines: Vec<&str> = csv.text.split_terminator("\r\n").collect();
    assert_eq!(lines.len(), 11, "{}", csv.text);
    let columns = lines[0].split(',').count();
    // The newest first: the last call of the agent with the name of a formula.
    let fields = parse_csv(lines[1]);
    assert_eq!(fields.len(), columns, "{}", lines[1]);
    let of = |name: &str| {
        fields[lines[0].split(',').position(|column| column == name).expect("a column")].as_str()
    };
    assert_eq!(
        (of("agent"), of("tags"), of("cost_usd"), of("hold_usd")),
        ("'=cmd,\"x\"", "one =two,", "0.000000035", "0.000000036")
    );
    let accepted = request("GET", "/api/v1/spend?by=agent")
        .header("authorization", format!("Bearer {TOKEN}"))
        .header("accept", "text/csv");
    let spend = scene.send(empty(accepted)).await.text;
    assert!(
        spend.starts_with("agent,calls,spent_usd,") && spend.contains("\r\nquiet,5,0.015,0.002,6000,"),
        "{spend}"
    );
}

/// One line of CSV by the rules of RFC 4180.
fn parse_csv(line: &str) -> Vec<String> {
    let mut fields = vec![String::new()];
    let mut quoted = false;
    let mut letters = line.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '"' if quoted && letters.peek() == Some(&'"') => {
                fields.last_mut().expect("one").push(letters.next().expect("it is there"));
            }
            '"' => quoted = !quoted,
            ',' if !quoted => fields.push(String::new()),
            letter => fields.last_mut().expect("one").push(letter),
        }
    }
    fields
}
