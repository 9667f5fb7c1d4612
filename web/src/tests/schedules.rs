//! Schedules, on a clock that is driven.

use crate::testing::Scene;
use axum::http::{Method, StatusCode};
use serde_json::{Value, json};

#[tokio::test]
async fn a_schedule_makes_its_jobs_when_the_hosts_clock_says_so() {
    let scene = Scene::new().await;
    // At half past an hour, so that no hour ends while the test looks.
    let now: anvil_types::Timestamp =
        scene.get("/api/v1/clock").await.json()["now"].as_str().expect("a time").parse().expect("a time");
    let ahead = 5_400 - now.micros() / 1_000_000 % 3_600;
    scene.api(Method::POST, "/api/v1/clock", &format!(r#"{{"advance_s":{ahead}}}"#)).await;
    let put = async |name: &str, body: &str| {
        scene.api(Method::PUT, &format!("/api/v1/schedules/{name}"), body).await
    };
    let hourly =
        r#"{"cron":"0 * * * *","time_zone":"UTC","agent":"quiet","action":"run","missed":"run_all"}"#;
    let made = put("hourly", hourly).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.text);
    assert_eq!(made.json()["next_times"].as_array().expect("a list").len(), 5);
    assert_eq!(put("hourly", hourly).await.status, StatusCode::OK, "the same again changes it");
    for (name, body, word) in [
        ("a b", hourly, "letters, digits"),
        ("x", r#"{"cron":"often","agent":"quiet","action":"run"}"#, "no cron expression"),
        ("x", r#"{"cron":"0 0 * * *","agent":"quit","action":"run"}"#, "did you mean `quiet`"),
        ("x", r#"{"cron":"0 0 * * *","agent":"quiet","action":"run","time_zone":"Nowhere"}"#, "no time zone"),
        (
            "x",
            r#"{"cron":"0 0 * * *","agent":"quiet","action":"run","mised":"skip"}"#,
            "did you mean `missed`",
        ),
    ] {
        let refused = put(&name.replace(' ', "%20"), body).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{name}");
        assert!(refused.text.contains(word), "{}", refused.text);
    }
    let shown = async || scene.get("/api/v1/schedules/hourly").await.json();
    let jobs = async |least: usize| {
        for _ in 0..200 {
            let jobs = shown().await["jobs"].as_array().expect("a list").len();
            if jobs >= least {
                return jobs;
            }
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
        panic!("{} jobs never came: {}", least, shown().await);
    };
    let drive = async |seconds: u32| {
        let driven = scene.api(Method::POST, "/api/v1/clock", &format!(r#"{{"advance_s":{seconds}}}"#)).await;
        assert_eq!(driven.status, StatusCode::OK, "{}", driven.text);
    };
    drive(3_600).await;
    assert_eq!(jobs(1).await, 1);
    drive(3 * 3_600).await;
    assert_eq!(jobs(4).await, 4, "each of three hours that came at once");
    let first = shown().await["jobs"][0].clone();
    assert_eq!(first["schedule"], "hourly");
    let paused = scene.api(Method::POST, "/api/v1/schedules/hourly/pause", "").await.json();
    assert_eq!((&paused["enabled"], &paused["resting"]), (&json!(false), &json!("it is paused")));
    drive(7_200).await;
    let resumed = scene.api(Method::POST, "/api/v1/schedules/hourly/resume", "").await.json();
    assert_eq!(resumed["enabled"], true);
    let run = scene.api(Method::POST, "/api/v1/schedules/hourly/run", "").await;
    assert_eq!(run.status, StatusCode::CREATED);
    assert_eq!(jobs(5).await, 5, "the hours of the pause are left out");
    let page = scene.get("/schedules?edit=hourly").await.text;
    assert!(page.contains("Run now") && page.contains(r#"value="0 * * * *""#));
    let missing = scene.get("/api/v1/schedules/hurly").await;
    assert!(missing.status == StatusCode::NOT_FOUND && missing.text.contains("did you mean `hourly`"));
    let gone = scene.api(Method::DELETE, "/api/v1/schedules/hourly", "").await;
    assert_eq!(gone.status, StatusCode::NO_CONTENT);
    let kept = scene.get(&format!("/api/v1/jobs/{}", first["id"].as_str().expect("an id"))).await;
    assert_eq!(kept.status, StatusCode::OK, "its jobs stay");
}

#[tokio::test]
async fn a_schedule_that_finds_no_place_is_tried_again() {
    let scene = Scene::new().await;
    assert_eq!(scene.api(Method::PUT, "/api/v1/limits", r#"{"queue_max":1}"#).await.status, StatusCode::OK);
    let later = r#"{"agent":"quiet","action":"run","run_at":"2999-01-01T00:00:00Z"}"#;
    let filler = scene.api(Method::POST, "/api/v1/jobs", later).await.json();
    let hourly =
        r#"{"cron":"0 * * * *","time_zone":"UTC","agent":"quiet","action":"run","missed":"run_once"}"#;
    assert_eq!(scene.api(Method::PUT, "/api/v1/schedules/h", hourly).await.status, StatusCode::CREATED);
    scene.api(Method::POST, "/api/v1/clock", r#"{"advance_s":3600}"#).await;
    let wait = async |what: &str, is: &dyn Fn(&Value) -> bool| {
        for _ in 0..400 {
            let shown = scene.get("/api/v1/schedules/h").await.json();
            if is(&shown) {
                return;
            }
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
        panic!("{what} never came");
    };
    wait("the refusal", &|shown| shown["blocked"].as_str().is_some_and(|why| why.contains("queue is full")))
        .await;
    let page = scene.get("/schedules").await.text;
    assert!(page.contains("The job of its last time is tried again"), "{page}");
    let id = filler["id"].as_str().expect("an id");
    scene.api(Method::POST, &format!("/api/v1/jobs/{id}/cancel"), "").await;
    wait("the job", &|shown| shown["blocked"].is_null() && shown["jobs"][0]["schedule"] == "h").await;
}

#[tokio::test]
async fn a_schedule_rests_while_its_agent_is_switched_off_and_what_came_meanwhile_is_missed() {
    let scene = Scene::new().await;
    for (name, missed) in [("all", "run_all"), ("none", "skip")] {
        let body = format!(
            r#"{{"cron":"* * * * *","time_zone":"UTC","agent":"quiet","action":"run","missed":"{missed}"}}"#
        );
        let made = scene.api(Method::PUT, &format!("/api/v1/schedules/{name}"), &body).await;
        assert_eq!(made.status, StatusCode::CREATED, "{}", made.text);
    }
    let switch = async |to: &str| {
        let switched = scene.api(Method::POST, &format!("/api/v1/agents/quiet/{to}"), "").await;
        assert_eq!(switched.status, StatusCode::OK, "{}", switched.text);
    };
    let drive = async |seconds: u32| {
        scene.api(Method::POST, "/api/v1/clock", &format!(r#"{{"advance_s":{seconds}}}"#)).await;
    };
    let shown = async |name: &str| scene.get(&format!("/api/v1/schedules/{name}")).await.json();
    let jobs = async |name: &str| shown(name).await["jobs"].as_array().expect("a list").len();
    switch("disable").await;
    // A quarter of an hour passes, in steps that the host is there for.
    for _ in 0..15 {
        drive(60).await;
        tokio::time::sleep(std::time::Duration::from_millis(30)).await;
    }
    let resting = shown("all").await["resting"].clone();
    assert!(resting.as_str().is_some_and(|why| why.contains("`quiet` is switched off")), "{resting}");
    assert_eq!((jobs("all").await, jobs("none").await), (0, 0), "no job fills the queue");
    switch("enable").await;
    for _ in 0..200 {
        if jobs("all").await >= 10 {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    // As many as the page of a schedule shows.
    assert_eq!(jobs("all").await, 10, "one for each minute");
    assert!(jobs("none").await <= 6, "only what is not yet late: {}", jobs("none").await);
}
