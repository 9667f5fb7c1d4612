//! Limits: of the host, and of an agent.

use crate::testing::Scene;
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
async fn a_limit_that_cannot_be_is_refused_at_its_field_before_it_is_reviewed() {
    let scene = Scene::new().await;
    let refused = scene.form("/limits", "v.agents_min=20").await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(
        refused.text.contains(r#"value="20" inputmode="numeric" aria-invalid="true""#),
        "{}",
        refused.text
    );
    assert!(!refused.text.contains("Change these limits?"));
    scene.form("/limits", "v.day_usd=20&confirm=yes").await;
    let page = scene.get("/limits").await.text;
    assert!(page.contains("Changed lately") && page.contains("day_usd = 20"), "{page}");
}
