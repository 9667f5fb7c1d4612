//! The planner, from both faces.

use crate::testing::Scene;
use anvil_store::KeptPrediction;
use anvil_types::{Clock as _, Timestamp};
use axum::http::{Method, StatusCode};
use std::time::Duration;

const WEEK: &str = r#"{"days": 7, "from": "2026-12-07T00:00:00Z", "jobs": [{"per_day": 20, "calls": 1}]}"#;

#[tokio::test]
async fn a_plan_is_made_by_this_hosts_limits_or_a_presets() {
    let scene = Scene::new().await;
    let answer = scene.api(Method::POST, "/api/v1/plan", WEEK).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    let plan = answer.json();
    assert_eq!((&plan["basis"], &plan["days"]), (&"this host".into(), &7.into()));
    let done = plan["run"]["finished"].as_u64().expect("a number");
    assert!((70..130).contains(&done), "five days of about twenty: {done}");
    assert!(plan["run"]["total_usd"].as_f64().is_some_and(|usd| usd > 0.0));
    assert_eq!(plan["run"]["by_day"].as_array().map(Vec::len), Some(5));
    let of_preset = WEEK.replacen('{', r#"{"preset": "max-200", "#, 1);
    let plan = scene.api(Method::POST, "/api/v1/plan", &of_preset).await.json();
    assert_eq!(plan["basis"], "max-200");
}

#[tokio::test]
async fn what_cannot_be_planned_is_refused_by_its_name() {
    let scene = Scene::new().await;
    for (body, named) in [
        (r#"{"days": 0}"#, "days"),
        (r#"{"jobs": [{}, {"hours": "late"}]}"#, "/jobs/1/hours"),
        (r#"{"preset": "max-300"}"#, "max-200"),
        (r#"{"day": 3}"#, "days"),
        (r#"{"limits": {"hour_usd": 0}}"#, "/limits/hour_usd"),
        (r#"{"limits": {"hour_usd": "much"}}"#, "/limits/hour_usd"),
        (r#"{"limits": {"agents_min": 9, "agents_max": 2}}"#, "/limits/agents_min"),
        (r#"{"jobs": [{}, {"calls": -1}]}"#, "/jobs/1/calls"),
        (r#"{"jobs": [{"priority": "now"}]}"#, "/jobs/0/priority"),
        (r#"{"jobs": 3}"#, "/jobs: must be a list"),
        (r#"{"from": "9999-12-29T00:00:00Z"}"#, "/from"),
        (r#"{"from": "0001-01-01T00:00:00Z"}"#, "/from"),
        (r#"{"measured": true, "jobs": [{}]}"#, "/jobs"),
        (r#"{"measured": true}"#, "nothing was measured"),
        (r#"{"jobs": [{"per_day": 100000, "calls": 200}]}"#, "fewer days"),
    ] {
        let answer = scene.api(Method::POST, "/api/v1/plan", body).await;
        assert!(answer.status.is_client_error() && answer.text.contains(named), "{body}: {}", answer.text);
    }
}

#[tokio::test]
async fn a_plan_ends_with_whoever_asked_for_it() {
    let scene = std::sync::Arc::new(Scene::new().await);
    // A day of a queue that is always full: minutes of computing.
    let heavy = r#"{"days": 30, "limits": {"requests_per_minute": 1, "queue_max": 100000},
        "jobs": [{"per_day": 22000, "calls": 3, "weekdays": "mon-sun", "hours": "0-24"}]}"#;
    let asking = scene.clone();
    let asks = tokio::spawn(async move { asking.api(Method::POST, "/api/v1/plan", heavy).await });
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert!(!asks.is_finished(), "it is heavy");
    asks.abort();
    // The next one begins when that has ended.
    let next =
        tokio::time::timeout(Duration::from_secs(30), scene.api(Method::POST, "/api/v1/plan", WEEK)).await;
    assert_eq!(next.expect("it is planned").status, StatusCode::OK);
}

#[tokio::test]
async fn the_page_plans_what_its_address_says_and_says_what_makes_no_sense() {
    let scene = Scene::new().await;
    let page = scene.get("/plan?per_day=20&calls=1&days=7&hour_usd=20").await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.text);
    for part in ["What happens", "At full demand", "value=\"20\"", "format=csv", "max-200"] {
        assert!(page.text.contains(part), "{part}");
    }
    let csv = scene.get("/plan?per_day=20&calls=1&days=7&format=csv").await;
    assert!(csv.text.starts_with("date,submitted,finished,usd,p95_s\r\n"), "{}", csv.text);
    let wrong = scene.get("/plan?hours=late").await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(wrong.text.contains("That cannot be planned"), "{}", wrong.text);
    assert_eq!(scene.get("/plan?calls=many").await.status, StatusCode::BAD_REQUEST);
    assert!(page.text.contains("Nothing is predicted yet"), "{}", page.text);
    let predictions = scene.get("/api/v1/plan/predictions").await.json();
    assert_eq!(
        (&predictions["weeks"], &predictions["coming"]),
        (&serde_json::json!([]), &serde_json::Value::Null)
    );
    assert!(scene.get("/").await.text.contains("href=\"/plan\""));
}

#[tokio::test]
async fn predictions_that_cannot_be_read_or_cannot_be_are_told_as_that() {
    let scene = Scene::new().await;
    let keep = async |start: Timestamp, body: &str| {
        let end = start + Duration::from_hours(24 * 7);
        let kept = KeptPrediction { start, end, body: body.to_owned(), day: None, whole: None };
        assert!(scene.store.keep_prediction(kept).await.expect("kept"));
    };
    let now = anvil_types::SystemClock::new().now();
    keep(now + Duration::from_hours(24 * 365), "{}").await;
    let said = async || scene.get("/api/v1/plan/predictions").await.json();
    let before = said().await;
    assert!(before["says"].as_str().is_some_and(|says| says.starts_with("Nothing is predicted yet")));
    assert!(!before["says"].to_string().contains("last tried"), "nobody tried it yet: {before:#}");
    keep(scene.store.windows().day(now).start, "\"").await;
    let after = said().await;
    assert!(after["says"].as_str().is_some_and(|says| says.starts_with("What was predicted cannot be read")));
    assert_eq!(after["coming"], serde_json::Value::Null);
    let page = scene.get("/plan").await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.text);
    assert!(page.text.contains("What was predicted cannot be read"), "{}", page.text);
}
