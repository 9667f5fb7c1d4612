//! Questions to people, from outside: the API, the panel, and the links that answer one each.

use crate::testing::{Answer, Scene};
use anvil_store::testing::{claim_of, new_job, question_rules, question_text};
use anvil_store::{Enqueued, NewQuestion, NewQuestionLink, QuestionKey, link_hash};
use anvil_types::{JobId, Lease, QuestionSubject, QuestionText};
use axum::body::Body;
use axum::http::{Method, Request, StatusCode};
use serde_json::{Value, json};
use std::time::Duration;

/// Parks a job for a question with the choices `yes` and `no`.
pub(super) async fn park(scene: &Scene, lease: Lease, prompt: &str) {
    ask(scene, lease, question_text(prompt)).await;
}

async fn ask(scene: &Scene, lease: Lease, text: QuestionText) {
    let subject = QuestionSubject::Job(lease.job);
    let question = NewQuestion {
        key: QuestionKey { subject, request_hash: [7; 32], occurrence: 0 },
        asker: "writer".to_owned(),
        text,
        rules: question_rules(),
    };
    scene.store.park_asking(lease, question, 0).await.expect("parked");
}

/// A job that has asked this; its id, and that of the question.
async fn asked(scene: &Scene, text: QuestionText) -> (JobId, String) {
    let now = scene.state.control.clock.now();
    let job = new_job(JobId::new(now, rand_number(scene)), "writer", "write");
    let Enqueued::New(job) = scene.store.enqueue(job).await.expect("taken") else { panic!("it is new") };
    let claimed = scene.store.claim(claim_of("writer")).await.expect("claimed").pop().expect("it waits");
    assert_eq!(claimed.job.id, job.id);
    ask(scene, claimed.lease, text).await;
    let page = scene.get(&format!("/api/v1/questions?job={}", job.id)).await.json();
    (job.id, page["items"][0]["id"].as_str().expect("an id").to_owned())
}

fn rand_number(scene: &Scene) -> u128 {
    use std::sync::atomic::{AtomicU64, Ordering};
    static NUMBERS: AtomicU64 = AtomicU64::new(1);
    let _ = scene;
    u128::from(NUMBERS.fetch_add(1, Ordering::Relaxed))
}

async fn answer(scene: &Scene, id: &str, body: &Value) -> Answer {
    scene.api(Method::POST, &format!("/api/v1/questions/{id}/answer"), &body.to_string()).await
}

#[tokio::test]
async fn a_question_is_listed_shown_and_answered_once() {
    let scene = Scene::new().await;
    let (job, id) = asked(&scene, question_text("Ship it?")).await;
    let list = scene.get("/api/v1/questions?state=open").await.json();
    assert_eq!(list["items"][0]["prompt"], "Ship it?");
    assert_eq!(list["items"][0]["subject"], json!({ "kind": "job", "id": job.to_string() }));
    assert_eq!(scene.get("/api/v1/status").await.json()["questions"]["open"], 1);
    let metrics = scene.get("/metrics").await;
    assert!(metrics.text.contains("\nanvil_questions_open 1\n"), "{}", metrics.text);
    assert!(metrics.header("anvil-now").parse::<anvil_types::Timestamp>().is_ok(), "the host's time");
    let done = answer(&scene, &id, &json!({ "answer": "yes" })).await;
    assert_eq!(done.status, StatusCode::OK, "{}", done.text);
    let done = done.json();
    assert_eq!((&done["state"], &done["answer"]), (&json!("answered"), &json!("yes")));
    let who = done["answered_by"].as_str().expect("somebody").to_owned();
    let again = answer(&scene, &id, &json!({ "answer": "no" })).await;
    assert_eq!(again.status, StatusCode::CONFLICT, "{}", again.text);
    let told = again.json();
    assert!(told["type"].as_str().is_some_and(|kind| kind.ends_with("question-answered")), "{told}");
    assert!(told["detail"].as_str().is_some_and(|detail| detail.contains(&who)), "{told}");
    assert_eq!(scene.get("/api/v1/questions?state=open").await.json()["items"], json!([]));
    let log = scene.get(&format!("/api/v1/jobs/{job}/log")).await.text;
    assert!(log.contains("answered: \\\"yes\\\""), "{log}");
    assert!(scene.get("/api/v1/audit").await.text.contains("question.answer"));
    let gone = answer(&scene, "01JD9Z6W3NQ8Y5R2K7M4T1X0VB", &json!({ "answer": "yes" })).await;
    assert_eq!(gone.status, StatusCode::NOT_FOUND, "{}", gone.text);
}

#[tokio::test]
async fn an_answer_that_does_not_fit_is_refused_with_why() {
    let scene = Scene::new().await;
    let (_, id) = asked(&scene, question_text("Ship it?")).await;
    for body in
        [json!({ "answer": "maybe" }), json!({ "answer": null }), json!({ "answer": true }), json!({})]
    {
        let refused = answer(&scene, &id, &body).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{body}: {}", refused.text);
    }
    assert!(answer(&scene, &id, &json!({ "answer": "maybe" })).await.text.contains("one of `yes`, `no`"));
    let schema = r#"{"type":"object","required":["amount"],"properties":{"amount":{"type":"number"}}}"#;
    let text = QuestionText {
        choices: Vec::new(),
        schema: Some(schema.parse().expect("JSON")),
        ..question_text("How much?")
    };
    let (_, id) = asked(&scene, text).await;
    let refused = answer(&scene, &id, &json!({ "answer": { "amount": "x" } })).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", refused.text);
    assert_eq!(refused.json()["errors"][0]["pointer"], "/answer/amount", "{}", refused.text);
    let taken = answer(&scene, &id, &json!({ "answer": { "amount": 3.5 } })).await;
    assert_eq!(taken.status, StatusCode::OK, "{}", taken.text);
}

#[tokio::test]
async fn the_panel_shows_and_answers_a_question() {
    let scene = Scene::new().await;
    let details = Some("**Bold** <b>no</b> [x](https://x.test)".to_owned());
    let (job, id) = asked(&scene, QuestionText { details, ..question_text("Ship <it>?") }).await;
    let cookie = scene.cookie().await;
    let page = async |path: &str| {
        let request = Request::get(path).header("cookie", &cookie).body(Body::empty()).expect("a request");
        scene.send(request).await
    };
    for path in ["/questions", &format!("/questions/{id}"), &format!("/jobs/{job}")] {
        let shown = page(path).await;
        assert_eq!(shown.status, StatusCode::OK, "{path}: {}", shown.text);
        assert!(shown.text.contains("Ship &#60;it&#62;?"), "{path}: {}", shown.text);
        assert!(shown.text.contains("<strong>Bold</strong> &lt;b&gt;no"), "{path}: {}", shown.text);
        assert!(!shown.text.contains("href=\"https://x.test"), "{path}");
        assert!(shown.text.contains(r#"aria-label="1 open""#), "{path}: the shell counts it");
    }
    let path = format!("/questions/{id}");
    let refused = scene.form(&path, "choice=maybe").await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", refused.text);
    let taken = scene.form(&path, "choice=no").await;
    assert_eq!((taken.status, taken.header("location")), (StatusCode::SEE_OTHER, &*format!("/jobs/{job}")));
    let late = scene.form(&path, "choice=no").await;
    assert_eq!(late.status, StatusCode::CONFLICT, "{}", late.text);
    assert!(page("/questions").await.text.contains("Nobody waits for an answer."));
}

/// A link to a question with this token.
async fn linked(scene: &Scene, id: &str, token: &str, hours: u64) -> String {
    let link = NewQuestionLink {
        question: id.parse().expect("an id"),
        hash: link_hash(token),
        webhook: "ops".to_owned(),
        valid_for: Duration::from_hours(hours),
    };
    scene.store.link_questions(vec![link]).await.expect("kept");
    format!("/answer/{id}/{token}")
}

async fn look(scene: &Scene, path: &str) -> Answer {
    scene.send(Request::get(path).body(Body::empty()).expect("a request")).await
}

async fn send(scene: &Scene, path: &str, form: &str) -> Answer {
    let request = Request::post(path)
        .header("content-type", "application/x-www-form-urlencoded")
        .header("origin", "null")
        .body(Body::from(form.to_owned()))
        .expect("a request");
    scene.send(request).await
}

#[tokio::test]
async fn a_link_shows_its_question_to_whoever_looks_and_takes_one_answer() {
    let scene = Scene::new().await;
    let (job, id) = asked(&scene, question_text("Ship it?")).await;
    let path = linked(&scene, &id, "secret-token", 24).await;
    for _ in 0..3 {
        let shown = look(&scene, &path).await;
        assert_eq!(shown.status, StatusCode::OK, "{}", shown.text);
        assert_eq!(shown.header("referrer-policy"), "no-referrer");
        assert_eq!(shown.header("cache-control"), "no-store");
        for part in ["writer", &job.to_string(), "Ship it?", "is the agent's", "name=\"choice\""] {
            assert!(shown.text.contains(part), "{part}: {}", shown.text);
        }
    }
    let open = scene.get("/api/v1/questions?state=open").await.json();
    assert_eq!(open["items"][0]["id"], id.as_str(), "looking answers nothing");
    let unfit = send(&scene, &path, "choice=maybe").await;
    assert_eq!(unfit.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", unfit.text);
    let taken = send(&scene, &path, "choice=yes").await;
    assert_eq!(taken.status, StatusCode::OK, "{}", taken.text);
    assert!(taken.text.contains("This question is answered."), "{}", taken.text);
    let again = send(&scene, &path, "choice=no").await;
    assert_eq!(again.status, StatusCode::CONFLICT, "{}", again.text);
    assert!(again.text.contains("This question is answered."), "{}", again.text);
    let question = scene.get(&format!("/api/v1/questions/{id}")).await.json();
    assert_eq!((&question["answer"], &question["answered_by"]), (&json!("yes"), &json!("link:ops")));
    for path in ["/api/v1/audit".to_owned(), format!("/api/v1/jobs/{job}/log")] {
        assert!(!scene.get(&path).await.text.contains("secret-token"), "{path}");
    }
}

#[tokio::test]
async fn what_is_typed_into_a_form_arrives_as_it_was_typed() {
    let free = |schema: &str| QuestionText {
        choices: Vec::new(),
        schema: Some(schema.parse().expect("JSON")),
        ..question_text("Which?")
    };
    for (schema, typed, answer) in [
        (r#"{"type":"string"}"#, "2024", json!("2024")),
        (r#"{"type":"string"}"#, "%22q%22", json!("\"q\"")),
        (r#"{"enum":["5"]}"#, "5", json!("5")),
        (r#"{"type":"integer"}"#, "5", json!(5)),
    ] {
        // The job before it would go on first.
        let scene = Scene::new().await;
        let (_, id) = asked(&scene, free(schema)).await;
        let by_link = linked(&scene, &id, &format!("token-of-{id}"), 24).await;
        let two = send(&scene, &by_link, &format!("answer={typed}&answer=other")).await;
        assert_eq!(two.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", two.text);
        assert!(two.text.contains("nobody can tell which of them is meant"), "{}", two.text);
        let taken = scene.form(&format!("/questions/{id}"), &format!("answer={typed}")).await;
        assert_eq!(taken.status, StatusCode::SEE_OTHER, "{schema} {typed}: {}", taken.text);
        let question = scene.get(&format!("/api/v1/questions/{id}")).await.json();
        assert_eq!(question["answer"], answer, "{schema} {typed}");
    }
    let scene = Scene::new().await;
    let (_, id) = asked(&scene, free(r#"{"type":"object"}"#)).await;
    let twice = scene.form(&format!("/questions/{id}"), "answer={\"a\":1,\"a\":2}").await;
    assert_eq!(twice.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", twice.text);
    assert!(twice.text.contains("is there twice"), "{}", twice.text);
    let (_, id) = asked(&scene, question_text("Ship it?")).await;
    let two = scene.form(&format!("/questions/{id}"), "choice=yes&choice=no").await;
    assert_eq!(two.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", two.text);
    let question = scene.get(&format!("/api/v1/questions/{id}")).await.json();
    assert_eq!(question["state"], "open", "two answers are none");
}

#[tokio::test]
async fn whatever_is_wrong_with_a_link_is_told_the_same() {
    let scene = Scene::new().await;
    let (_, id) = asked(&scene, question_text("Ship it?")).await;
    let (_, other) = asked(&scene, question_text("And this?")).await;
    linked(&scene, &id, "good", 24).await;
    let old = linked(&scene, &id, "old", 1).await;
    let before = look(&scene, &old).await;
    assert_eq!(before.status, StatusCode::OK, "{}", before.text);
    scene.api(Method::POST, "/api/v1/clock", r#"{"advance_s":7200}"#).await;
    let mut told = Vec::new();
    for path in [
        old,
        format!("/answer/{id}/forged"),
        format!("/answer/{other}/good"),
        "/answer/01JD9Z6W3NQ8Y5R2K7M4T1X0VB/good".to_owned(),
        "/answer/x/good".to_owned(),
    ] {
        for answer in [look(&scene, &path).await, send(&scene, &path, "choice=yes").await] {
            assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}: {}", answer.text);
            assert_eq!(answer.header("referrer-policy"), "no-referrer");
            told.push(answer.text);
        }
    }
    told.dedup();
    assert_eq!(told.len(), 1, "{told:?}");
    let open = scene.get("/api/v1/questions?state=open").await.json();
    assert_eq!(open["items"].as_array().map(Vec::len), Some(2), "nothing is answered");
}

#[tokio::test]
async fn links_are_asked_only_so_often() {
    let scene = Scene::new().await;
    let (_, id) = asked(&scene, question_text("Ship it?")).await;
    let path = linked(&scene, &id, "good", 24).await;
    let mut answers = Vec::new();
    for _ in 0..70 {
        answers.push(look(&scene, &path).await.status);
    }
    assert_eq!(answers.iter().filter(|status| **status == StatusCode::OK).count(), 60);
    assert_eq!(answers.last(), Some(&StatusCode::TOO_MANY_REQUESTS));
}
