//! Finding jobs, and acting on all that match: through the router, over a real host.

use crate::testing::Scene;
use axum::http::{Method, StatusCode};
use serde_json::{Value, json};
use std::time::Duration;

async fn submit(scene: &Scene, text: &str, more: Value) -> String {
    let mut body = json!({ "agent": "quiet", "action": "run", "payload": { "text": text } });
    for (name, value) in more.as_object().into_iter().flatten() {
        body[name] = value.clone();
    }
    let answer = scene.api(Method::POST, "/api/v1/jobs", &body.to_string()).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text);
    answer.json()["id"].as_str().expect("an id").to_owned()
}

/// For a job that stays where it is until a test touches it.
fn later() -> Value {
    json!({ "run_at": "2099-01-01T00:00:00Z", "tags": ["later"] })
}

async fn search(scene: &Scene, query: &str) -> Vec<String> {
    for _ in 0..1_000 {
        let list = scene.get(&format!("/api/v1/jobs?{query}")).await.json();
        if list["behind"] == 0 {
            let ids = list["items"].as_array().expect("a list").iter();
            return ids.map(|job| job["id"].as_str().expect("an id").to_owned()).collect();
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("the search does not catch up");
}

async fn over(scene: &Scene, id: &str) -> Value {
    for _ in 0..1_000 {
        let run = scene.get(&format!("/api/v1/jobs/actions/{id}")).await.json();
        if run["state"] != "running" {
            return run;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("the action does not end");
}

#[tokio::test]
async fn words_find_jobs_in_the_api_and_on_the_page() {
    let scene = Scene::new().await;
    let otter = submit(&scene, "an otter & a \"river\"", later()).await;
    let beaver = submit(&scene, "a beaver", json!({})).await;
    assert_eq!(search(&scene, "q=otter").await, std::slice::from_ref(&otter));
    assert_eq!(search(&scene, "q=bea*&agent=quiet").await, std::slice::from_ref(&beaver));
    assert_eq!(search(&scene, "q=otter&state=succeeded").await, Vec::<String>::new());
    assert_eq!(search(&scene, "q=%22an%20otter%22&tag=later").await, std::slice::from_ref(&otter));
    for strange in ["%22", "*", "%00", "a%22b", "(", "AND", "-", "%27%3B--", "%F0%9F%A6%A6", "^x", "q:"] {
        let answer = scene.get(&format!("/api/v1/jobs?q={strange}")).await;
        assert_eq!(answer.status, StatusCode::OK, "{strange}: {}", answer.text);
    }
    let plain = scene.get("/api/v1/jobs").await.json();
    assert!(plain.get("behind").is_none(), "only a search is behind");
    let page = scene.get("/jobs?q=otter").await.text;
    assert!(page.contains(&otter) && !page.contains(&beaver), "{page}");
    assert!(page.contains("value=\"otter\""), "what was typed stays in its field");
    let none = scene.get("/jobs?q=%3Cscript%3Ebadger").await.text;
    assert!(none.contains("No job fits") && !none.contains("<script>badger"), "{none}");
}

#[tokio::test]
async fn an_action_counts_first_and_then_does_it() {
    let scene = Scene::new().await;
    for _ in 0..3 {
        submit(&scene, "x", later()).await;
    }
    let other = submit(&scene, "x", json!({ "run_at": "2099-01-01T00:00:00Z" })).await;
    let mut body = json!({ "action": "cancel", "filter": { "tag": "later" }, "dry_run": true });
    let plan = scene.api(Method::POST, "/api/v1/jobs/actions", &body.to_string()).await.json();
    assert_eq!((&plan["touched"], &plan["left"], &plan["action"]), (&json!(3), &json!({}), &json!("cancel")));
    body["dry_run"] = json!(false);
    let begun = scene.api(Method::POST, "/api/v1/jobs/actions", &body.to_string()).await;
    assert_eq!(begun.status, StatusCode::ACCEPTED, "{}", begun.text);
    let id = begun.json()["id"].as_str().expect("an id").to_owned();
    assert_eq!(begun.header("location"), format!("/api/v1/jobs/actions/{id}"));
    let run = over(&scene, &id).await;
    assert_eq!(
        (&run["state"], &run["touched"], &run["filter"]),
        (&json!("done"), &json!(3), &json!({ "tag": "later", "upstream": "simulated" }))
    );
    assert_eq!(scene.get(&format!("/api/v1/jobs/{other}")).await.json()["state"], "scheduled");
    let history = scene.get("/api/v1/jobs/actions").await.json();
    assert_eq!(history["items"][0]["id"], json!(id));
    let again = scene.api(Method::POST, &format!("/api/v1/jobs/actions/{id}/stop"), "").await;
    assert_eq!(again.status, StatusCode::CONFLICT, "{}", again.text);
    let urgent = json!({ "action": "prioritise", "priority": "high", "filter": {} });
    let begun = scene.api(Method::POST, "/api/v1/jobs/actions", &urgent.to_string()).await.json();
    let run = over(&scene, begun["id"].as_str().expect("an id")).await;
    assert_eq!((&run["touched"], &run["priority"]), (&json!(1), &json!("high")), "{run}");
    assert_eq!(scene.get(&format!("/api/v1/jobs/{other}")).await.json()["priority"], "high");
}

#[tokio::test]
async fn an_action_that_makes_no_sense_is_refused() {
    let scene = Scene::new().await;
    for (body, said) in [
        (json!({ "action": "drop", "filter": {} }), "cancel, retry, resume, prioritise, delete"),
        (json!({ "action": "cancel" }), "is missing"),
        (json!({ "action": "cancel", "filter": { "stat": "failed" } }), "must be an object"),
        (json!({ "action": "prioritise", "filter": {} }), "which priority"),
        (json!({ "action": "cancel", "priority": "low", "filter": {} }), "no priority"),
    ] {
        let answer = scene.api(Method::POST, "/api/v1/jobs/actions", &body.to_string()).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{body}: {}", answer.text);
        assert!(answer.text.contains(said), "{body}: {}", answer.text);
    }
    assert_eq!(scene.get("/api/v1/jobs/actions/17").await.status, StatusCode::NOT_FOUND);
    assert_eq!(scene.get("/api/v1/jobs/actions").await.json()["items"], json!([]));
}

#[tokio::test]
async fn the_panel_shows_the_count_before_it_acts() {
    let scene = Scene::new().await;
    for _ in 0..3 {
        submit(&scene, "x", later()).await;
    }
    let list = scene.get("/jobs?tag=later").await.text;
    assert!(list.contains("/jobs/actions/new?tag=later&#38;action=cancel"), "{list}");
    let review = scene.get("/jobs/actions/new?tag=later&action=cancel").await.text;
    assert!(review.contains("<strong>3 jobs</strong>") && review.contains("tag later"), "{review}");
    let done = scene.form("/jobs/actions", "action=cancel&tag=later").await;
    assert_eq!((done.status, done.header("location")), (StatusCode::SEE_OTHER, "/jobs/actions"));
    let id = scene.get("/api/v1/jobs/actions").await.json()["items"][0]["id"].clone();
    over(&scene, id.as_str().expect("an id")).await;
    let page = scene.get("/jobs/actions").await.text;
    assert!(page.contains("Cancel") && page.contains("done") && page.contains("tag later"), "{page}");
    let nothing = scene.get("/jobs/actions/new?tag=later&action=cancel").await.text;
    assert!(nothing.contains("Nothing would be touched"), "{nothing}");
    assert!(nothing.contains("3 stay as they are: finished already"), "{nothing}");
    let delete = scene.form("/jobs/actions", "action=delete&tag=later").await;
    assert_eq!(delete.status, StatusCode::SEE_OTHER);
    let id = scene.get("/api/v1/jobs/actions").await.json()["items"][0]["id"].clone();
    assert_eq!(over(&scene, id.as_str().expect("an id")).await["touched"], 3);
    assert_eq!(scene.get("/api/v1/jobs?tag=later").await.json()["items"], json!([]));
}
