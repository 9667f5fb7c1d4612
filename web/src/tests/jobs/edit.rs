//! A person changes a job that waits.

use crate::testing::Scene;
use axum::http::{Method, StatusCode};
use serde_json::json;

const LATER: &str = "2999-01-01T00:00:00Z";

async fn submit(scene: &Scene) -> String {
    let body = format!(r#"{{"agent":"quiet","action":"run","run_at":"{LATER}","tags":["old"]}}"#);
    let made = scene.api(Method::POST, "/api/v1/jobs", &body).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.text);
    made.json()["id"].as_str().expect("an id").to_owned()
}

#[tokio::test]
async fn a_waiting_job_is_changed_field_by_field() {
    let scene = Scene::new().await;
    let job = format!("/api/v1/jobs/{}", submit(&scene).await);
    let patch = async |body: &str| scene.api(Method::PATCH, &job, body).await;
    let body = r#"{"priority":"high","tags":["a","b"],"max_cost_usd":0.25,
        "payload":{"n":12345678901234567890123},"run_at":"2998-01-01T00:00:00Z"}"#;
    let changed = patch(body).await;
    assert_eq!(changed.status, StatusCode::OK, "{}", changed.text);
    assert!(changed.text.contains("12345678901234567890123"), "numbers stay exact: {}", changed.text);
    let shown = scene.get(&job).await.json();
    assert_eq!((&shown["priority"], &shown["tags"]), (&json!("high"), &json!(["a", "b"])));
    assert_eq!((&shown["state"], &shown["run_at"]), (&json!("scheduled"), &json!("2998-01-01T00:00:00Z")));
    assert_eq!(shown["max_cost_usd"], 0.25);
    let one = patch(r#"{"tags":[]}"#).await.json();
    assert_eq!((&one["tags"], &one["priority"]), (&json!([]), &json!("high")), "the rest stays");
    for (body, words) in [
        (r#"{"priorty":"low"}"#, "did you mean `priority`"),
        (r#"{"max_cost_usd":0}"#, "must be more than 0"),
        (r#"{"run_at":"soon"}"#, "must be a time"),
        (r#"{"payload":[1]}"#, "is not of type"),
        (r#"{"payload":null}"#, "is not of type"),
        ("{}", "nothing is to be changed"),
        (r#"{"priority":null}"#, "nothing is to be changed"),
    ] {
        let refused = patch(body).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{body}: {}", refused.text);
        assert!(refused.text.contains(words), "{body}: {}", refused.text);
    }
    let nobody = scene.api(Method::PATCH, "/api/v1/jobs/01KASX3V8E00000000000000A5", r#"{"tags":[]}"#).await;
    assert_eq!(nobody.status, StatusCode::NOT_FOUND);
    // Null is no time: it runs, and takes no change any more.
    assert_eq!(patch(r#"{"run_at":null}"#).await.status, StatusCode::OK);
    for _ in 0..400 {
        if scene.get(&job).await.json()["state"] == "succeeded" {
            let refused = patch(r#"{"priority":"low"}"#).await;
            assert_eq!(refused.status, StatusCode::CONFLICT);
            assert!(refused.text.contains("is succeeded") && refused.text.contains("duplicate it"));
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    panic!("the job never ran: {}", scene.get(&job).await.text);
}

#[tokio::test]
async fn the_form_changes_what_was_changed_in_it() {
    let scene = Scene::new().await;
    let id = submit(&scene).await;
    let (page, api) = (format!("/jobs/{id}"), format!("/api/v1/jobs/{id}"));
    let edit = format!("{page}/edit");
    assert!(scene.get(&page).await.text.contains(&format!("href=\"{edit}\"")));
    let form = scene.get(&edit).await.text;
    assert!(form.contains(&format!("value=\"{LATER}\"")) && form.contains("name=\"payload\""), "{form}");
    let before = scene.get(&api).await.json();
    let cap = before["max_cost_usd"].to_string();
    let sent = |tags: &str, run_at: &str, cap: &str, payload: &str| {
        format!("priority=low&tags={tags}&run_at={run_at}&max_cost={cap}&payload={payload}")
    };
    let done = scene.form(&edit, &sent("x%2C+y", LATER, &cap, "%7B%22n%22%3A1%7D")).await;
    assert_eq!(
        (done.status, done.header("location")),
        (StatusCode::SEE_OTHER, page.as_str()),
        "{}",
        done.text
    );
    let after = scene.get(&api).await.json();
    assert_eq!((&after["priority"], &after["tags"]), (&json!("low"), &json!(["x", "y"])));
    assert_eq!((&after["payload"], &after["run_at"]), (&json!({"n":1}), &before["run_at"]));
    assert_eq!((&after["max_cost_usd"], &after["state"]), (&before["max_cost_usd"], &json!("scheduled")));
    let misfit = scene.form(&edit, &sent("z", LATER, &cap, "%5B1%5D")).await;
    assert_eq!(misfit.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(misfit.text.contains("is not of type"), "the schema is asked: {}", misfit.text);
    // What is wrong is told over the form, which keeps what was typed.
    let wrong = scene.form(&edit, &sent("z", "soon", "0", "%7B")).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    for words in [
        "is no time",
        "an amount of dollars above 0",
        "the payload cannot be taken: it is no JSON",
        "value=\"z\"",
    ] {
        assert!(wrong.text.contains(words), "{words}: {}", wrong.text);
    }
    assert_eq!(scene.get(&api).await.json()["tags"], json!(["x", "y"]), "nothing was changed");
    scene.api(Method::POST, &format!("{api}/cancel"), "").await;
    assert_eq!(scene.get(&edit).await.status, StatusCode::CONFLICT);
    assert!(!scene.get(&page).await.text.contains(&edit), "a finished job has no such button");
    let late = scene.form(&edit, "priority=high").await;
    assert_eq!(late.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(late.text.contains("is cancelled"), "{}", late.text);
}

#[tokio::test]
async fn a_form_that_was_opened_before_another_change_overwrites_nothing_unasked() {
    let scene = Scene::new().await;
    let id = submit(&scene).await;
    let (edit, api) = (format!("/jobs/{id}/edit"), format!("/api/v1/jobs/{id}"));
    let stands = |page: &str| {
        let at = page.find("name=\"stands\" value=\"").expect("the form says what it was made from") + 21;
        page[at..].split('"').next().expect("a value").to_owned()
    };
    let opened = stands(&scene.get(&edit).await.text);
    let changed = scene.api(Method::PATCH, &api, r#"{"priority":"critical"}"#).await;
    assert_eq!(changed.status, StatusCode::OK, "{}", changed.text);
    let late = scene.form(&edit, &format!("priority=normal&tags=mine&stands={opened}")).await;
    assert_eq!(late.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(late.text.contains("somebody changed the job") && late.text.contains("value=\"mine\""));
    assert_eq!(scene.get(&api).await.json()["priority"], "critical");
    let knowing = format!("priority=normal&tags=mine&stands={}", stands(&late.text));
    assert_eq!(scene.form(&edit, &knowing).await.status, StatusCode::SEE_OTHER);
    let now = scene.get(&api).await.json();
    assert_eq!((&now["priority"], &now["tags"]), (&json!("normal"), &json!(["mine"])));
}
