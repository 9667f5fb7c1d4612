//! Limits, the brake, spending and the ledger, from outside.

use super::{empty, request};
use crate::testing::{Scene, TOKEN};
use axum::http::{Method, StatusCode};
use serde_json::json;

#[tokio::test]
async fn limits_change_at_once_and_say_where_they_come_from() {
    let scene = Scene::new().await;
    scene.api(Method::PUT, "/api/v1/limits", r#"{"day_usd":20.5}"#).await;
    let view = scene.get("/api/v1/limits").await.json();
    assert_eq!(view["limits"]["day_usd"], json!(20.5));
    assert_eq!(view["sources"]["day_usd"]["from"], "run_time");
    assert_eq!(view["sources"]["day_usd"]["by"], "the API token");
    scene.api(Method::PUT, "/api/v1/limits", r#"{"reset":["day_usd"]}"#).await;
    let view = scene.get("/api/v1/limits").await.json();
    assert_eq!(
        (&view["limits"]["day_usd"], &view["sources"]["day_usd"]["from"]),
        (&json!(160.0), &json!("settings"))
    );
}

#[tokio::test]
async fn an_agent_has_limits_of_its_own_and_says_what_is_left() {
    let scene = Scene::new().await;
    scene.spend("quiet", "claude-haiku-5-5", 250_000_000, true).await;
    let path = "/api/v1/limits/scopes/agent:quiet";
    let set = scene.api(Method::PUT, path, r#"{"hour_usd":2,"day_usd":1.5}"#).await;
    assert_eq!(set.status, StatusCode::OK, "{}", set.text);
    let path_of_key = "/api/v1/limits/scopes/key:a%2Fb%20c";
    let key = scene.api(Method::PUT, path_of_key, r#"{"month_usd":9}"#).await;
    assert_eq!(key.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(key.text.contains("there is no API key `a/b c`, and none can be made yet"), "{}", key.text);
    // One that was set by an earlier version can be taken away.
    let reset = scene.api(Method::PUT, path_of_key, r#"{"reset":["month_usd"]}"#).await;
    assert_eq!(reset.status, StatusCode::OK, "{}", reset.text);
    let all = scene.get("/api/v1/limits/scopes").await.json();
    let quiet = &all["items"][0];
    assert_eq!((&quiet["scope"], &quiet["windows"][1]["window"]), (&json!("agent:quiet"), &json!("day")));
    let day = &quiet["windows"][1];
    assert_eq!(
        (&day["spent_usd"], &day["limit_usd"], &day["left_usd"], &day["by"]),
        (&json!(0.25), &json!(1.5), &json!(1.25), &json!("the API token"))
    );
    let reset = scene.api(Method::PUT, path, r#"{"reset":["hour_usd","day_usd"]}"#).await.json();
    assert_eq!(reset, json!({ "scope": "agent:quiet", "windows": [] }));
    let typo = scene.api(Method::PUT, "/api/v1/limits/scopes/agent:quite", r#"{"day_usd":1}"#).await;
    assert_eq!((typo.status, &typo.json()["nearest"]), (StatusCode::UNPROCESSABLE_ENTITY, &json!("quiet")));
    for (path, body, told) in [
        ("/api/v1/limits/scopes/quiet", r#"{"day_usd":1}"#, "agent:NAME or key:NAME"),
        ("/api/v1/limits/scopes/all", r#"{"day_usd":1}"#, "set those"),
        (path, r#"{"day_usd":-1}"#, "take it away"),
        (path, r#"{"reset":["day"]}"#, "did you mean `day_usd`?"),
        (path, r#"{"day_usd":1,"reset":["day_usd"]}"#, "set and reset at once"),
    ] {
        let refused = scene.api(Method::PUT, path, body).await;
        assert!(refused.status.is_client_error() && refused.text.contains(told), "{}", refused.text);
    }
    let page = scene.get("/limits").await.text;
    assert!(page.contains("agent:quiet day_usd = $1.50"), "the change is in the audit log: {page}");
}

#[tokio::test]
async fn the_panel_sets_and_takes_away_limits_of_an_agent() {
    let scene = Scene::new().await;
    let done = scene.form("/limits/scopes", "kind=agent&name=quiet&hour_usd=&day_usd=%245&month_usd=").await;
    assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.text);
    let all = scene.get("/api/v1/limits/scopes").await.json();
    assert_eq!(all["items"][0]["windows"][0]["limit_usd"], json!(5.0));
    assert!(scene.get("/limits").await.text.contains("$5.00"));
    for (form, told) in [
        ("kind=agent&name=quite&day_usd=5", "did you mean `quiet`?"),
        ("kind=agent&name=&day_usd=5", "a name"),
        ("kind=key&name=ci&day_usd=lots", "is no amount of dollars"),
        ("kind=key&name=ci", "at least one limit"),
    ] {
        let refused = scene.form("/limits/scopes", form).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{form}");
        assert!(refused.text.contains(told), "{form}: {}", refused.text);
    }
    scene.form("/limits/scopes", "scope=agent%3Aquiet&reset=day").await;
    assert_eq!(scene.get("/api/v1/limits/scopes").await.json()["items"], json!([]));
}

#[tokio::test]
async fn the_panel_changes_a_limit_only_after_its_effect_was_shown() {
    let scene = Scene::new().await;
    let review = scene.form("/limits", "v.day_usd=20&v.hour_usd=8.00").await;
    assert_eq!(review.status, StatusCode::OK);
    assert!(
        review.text.contains("Change these limits?") && review.text.contains("$20.00"),
        "{}",
        review.text
    );
    assert!(!review.text.contains("v.hour_usd"), "what stays is not sent again");
    assert_eq!(scene.get("/api/v1/limits").await.json()["limits"]["day_usd"], json!(160.0));
    let done = scene.form("/limits", "v.day_usd=20&confirm=yes").await;
    assert_eq!(done.status, StatusCode::SEE_OTHER);
    assert_eq!(scene.get("/api/v1/limits").await.json()["limits"]["day_usd"], json!(20.0));
    let wrong = scene.form("/limits", "v.day_usd=lots").await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(wrong.text.contains("is no amount of dollars") && wrong.text.contains("value=\"lots\""));
    let odd = scene.form("/limits", "v.agents_min=20&confirm=yes").await;
    assert_eq!(odd.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(odd.text.contains("agents_min is above agents_max"));
}

#[tokio::test]
async fn the_brake_goes_on_and_off_with_a_reason_from_both_faces() {
    let scene = Scene::new().await;
    let on =
        scene.api(Method::PUT, "/api/v1/brake", r#"{"engaged":true,"reason":"odd answers"}"#).await.json();
    assert_eq!((&on["engaged"], &on["causes"][0]["reason"]), (&json!(true), &json!("odd answers")));
    let page = scene.get("/").await.text;
    assert!(page.contains("odd answers") && page.contains("Brake on"));
    assert_eq!(scene.form("/brake", "engaged=false&reason=").await.status, StatusCode::UNPROCESSABLE_ENTITY);
    let off = scene.form("/brake", "engaged=false&reason=looked+into&next=/jobs").await;
    assert_eq!((off.status, off.header("location")), (StatusCode::SEE_OTHER, "/jobs"));
    assert_eq!(scene.get("/api/v1/brake").await.json()["engaged"], json!(false));
}

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

#[tokio::test]
async fn the_brakes_page_says_what_ends_it_and_what_it_did() {
    let scene = Scene::new().await;
    scene.api(Method::PUT, "/api/v1/brake", r#"{"engaged":true,"reason":"odd <b>answers</b>"}"#).await;
    let page = scene.get("/brake").await.text;
    assert!(page.contains("Ends only by a release") && page.contains("odd &#60;b&#62;"), "{page}");
    scene.form("/brake", "engaged=false&reason=looked+into&next=/brake").await;
    let brake = scene.get("/api/v1/brake").await.json();
    let changes: Vec<_> =
        brake["history"].as_array().expect("a list").iter().map(|line| &line["change"]).collect();
    assert_eq!((&brake["engaged"], changes), (&json!(false), vec![&json!("released"), &json!("engaged")]));
    assert!(scene.get("/ui/brake-page").await.text.contains("looked into"));
    assert_eq!(scene.get("/api/v1/brake?limit=1").await.json()["history"].as_array().map(Vec::len), Some(1));
}

#[tokio::test]
async fn a_day_that_was_released_says_that_it_is_muted_for_this_day_only() {
    let scene = Scene::new().await;
    scene.api(Method::PUT, "/api/v1/limits", r#"{"day_usd":1}"#).await;
    scene.spend("quiet", "claude-haiku-5-5", 960_000_000, true).await;
    assert!(scene.get("/brake").await.text.contains("The day at 95 %"));
    scene.form("/brake", "engaged=false&reason=it+is+fine&next=/brake").await;
    assert!(scene.get("/brake").await.text.contains("Released for this day only"));
    assert!(scene.get("/api/v1/brake").await.json()["muted_until"].is_string());
}

#[tokio::test]
async fn a_limit_that_cannot_be_is_refused_at_its_field_before_it_is_reviewed() {
    let scene = Scene::new().await;
    let refused = scene.form("/limits", "v.agents_min=20").await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(
        refused.text.contains(r#"value="20" inputmode="numeric" autocomplete="off" aria-invalid="true""#),
        "{}",
        refused.text
    );
    assert!(!refused.text.contains("Change these limits?"));
    scene.form("/limits", "v.day_usd=20&confirm=yes").await;
    let page = scene.get("/limits").await.text;
    assert!(page.contains("Changed lately") && page.contains("day_usd = 20"), "{page}");
}
