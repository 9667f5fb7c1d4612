//! The faces from outside, over a real host: who may ask, what they are told, and what it does.

use crate::Scope;
use crate::serve::routes;
use crate::testing::{MAX_BODY, Scene, TOKEN};
use axum::body::Body;
use axum::http::{Method, Request, StatusCode};
use insta::assert_snapshot;
use serde_json::Value;
use serde_json::json;

fn request(method: &str, path: &str) -> axum::http::request::Builder {
    Request::builder().method(method).uri(path)
}

fn empty(request: axum::http::request::Builder) -> Request<Body> {
    request.body(Body::empty()).expect("a request")
}

#[tokio::test]
async fn the_table_of_routes_says_what_each_needs() {
    let scene = Scene::new().await;
    let (_, table) = routes(&scene.state).finish();
    let lines: Vec<String> = table
        .iter()
        .map(|entry| format!("{:<8} {:<5} {}", entry.scope.to_string(), entry.method.as_str(), entry.path))
        .collect();
    assert_snapshot!(lines.join("\n"));
    // Whatever changes something needs more than looking, but for logging in and out.
    for entry in table.iter().filter(|entry| entry.method != Method::GET) {
        assert!(
            entry.scope > Scope::Read || entry.path.starts_with("/log"),
            "{} {}",
            entry.method,
            entry.path
        );
    }
}

#[tokio::test]
async fn without_a_token_every_route_but_the_open_ones_is_closed() {
    let scene = Scene::new().await;
    let (_, table) = routes(&scene.state).finish();
    for entry in table {
        let path = entry.path.replace(['{', '}', '*'], "");
        let answer = scene.send(empty(request(entry.method.as_str(), &path))).await;
        if entry.scope == Scope::Open {
            assert_ne!(answer.status, StatusCode::UNAUTHORIZED, "{path}");
        } else if entry.method == Method::GET && crate::routes::Face::of(&path) == crate::routes::Face::Panel
        {
            assert_eq!(answer.status, StatusCode::SEE_OTHER, "{path}");
            assert!(answer.header("location").starts_with("/login?next="), "{path}");
        } else {
            assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{path}");
        }
    }
}

#[tokio::test]
async fn a_wrong_token_opens_nothing_and_a_cookie_does_not_mend_it() {
    let scene = Scene::new().await;
    let cookie = scene.cookie().await;
    for header in ["Bearer wrong", "Bearer ", "Basic b3Blbi1zZXNhbWU=", "open-sesame"] {
        let sent = request("GET", "/api/v1/status").header("authorization", header).header("cookie", &cookie);
        assert_eq!(scene.send(empty(sent)).await.status, StatusCode::UNAUTHORIZED, "{header}");
    }
    let sent = request("GET", "/api/v1/status").header("cookie", &cookie);
    assert_eq!(scene.send(empty(sent)).await.status, StatusCode::OK);
}

#[tokio::test]
async fn the_login_link_opens_a_session_and_leaves_no_token_behind() {
    let scene = Scene::new().await;
    let answer = scene.send(empty(request("GET", "/login?token=open-sesame&next=/jobs"))).await;
    assert_eq!((answer.status, answer.header("location")), (StatusCode::SEE_OTHER, "/jobs"));
    let cookie = answer.header("set-cookie");
    assert!(!cookie.contains(TOKEN));
    for part in ["anvil_session_8420=", "HttpOnly", "SameSite=Strict", "Path=/"] {
        assert!(cookie.contains(part), "{cookie}");
    }
    let elsewhere = scene.send(empty(request("GET", "/login?token=open-sesame&next=//evil.example"))).await;
    assert_eq!(elsewhere.header("location"), "/");
    let wrong = scene.send(empty(request("GET", "/login?token=wrong"))).await;
    assert_eq!((wrong.status, wrong.header("set-cookie")), (StatusCode::UNAUTHORIZED, ""));
    assert!(wrong.text.contains("not this host"));
}

#[tokio::test]
async fn a_browser_that_comes_from_another_site_is_led_in_by_a_page_of_ours() {
    let scene = Scene::new().await;
    let link = request("GET", "/login?token=open-sesame").header("sec-fetch-site", "cross-site");
    let answer = scene.send(empty(link)).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert!(answer.text.contains("http-equiv=\"refresh\""));
    // Its cookie is held back on the first step, so a page is no reason to ask for the token.
    let first = request("GET", "/jobs?state=failed").header("sec-fetch-site", "cross-site");
    assert!(scene.send(empty(first)).await.text.contains("url=/jobs?state=failed"));
}

#[tokio::test]
async fn another_site_changes_nothing_with_the_cookie() {
    let scene = Scene::new().await;
    let cookie = scene.cookie().await;
    let form = |headers: &[(&str, &str)]| {
        let mut sent = request("POST", "/brake")
            .header("cookie", &cookie)
            .header("content-type", "application/x-www-form-urlencoded");
        for (name, value) in headers {
            sent = sent.header(*name, *value);
        }
        sent.body(Body::from("engaged=true&reason=test")).expect("a request")
    };
    for (headers, status) in [
        (&[][..], StatusCode::FORBIDDEN),
        (&[("sec-fetch-site", "cross-site")], StatusCode::FORBIDDEN),
        (&[("sec-fetch-site", "same-site")], StatusCode::FORBIDDEN),
        (&[("sec-fetch-site", "none")], StatusCode::FORBIDDEN),
        (&[("origin", "http://evil.example")], StatusCode::FORBIDDEN),
        (&[("origin", "null")], StatusCode::FORBIDDEN),
        (&[("sec-fetch-site", "cross-site"), ("origin", "http://127.0.0.1:8420")], StatusCode::FORBIDDEN),
        (&[("origin", "http://127.0.0.1:8420")], StatusCode::SEE_OTHER),
        (&[("sec-fetch-site", "same-origin")], StatusCode::SEE_OTHER),
    ] {
        assert_eq!(scene.send(form(headers)).await.status, status, "{headers:?}");
    }
    let login = request("POST", "/login").header("sec-fetch-site", "cross-site");
    assert_eq!(scene.send(empty(login)).await.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn a_name_that_is_not_ours_is_refused() {
    let scene = Scene::new().await;
    for (host, status) in [
        ("localhost:8420", StatusCode::OK),
        ("[::1]:8420", StatusCode::OK),
        ("ANVIL.example", StatusCode::OK),
        ("evil.example", StatusCode::MISDIRECTED_REQUEST),
        ("127.0.0.1.evil.example:8420", StatusCode::MISDIRECTED_REQUEST),
        ("192.168.1.7:8420", StatusCode::MISDIRECTED_REQUEST),
        ("", StatusCode::MISDIRECTED_REQUEST),
    ] {
        let sent = request("GET", "/login").header("host", host);
        assert_eq!(scene.send(empty(sent)).await.status, status, "{host:?}");
    }
    let health = request("GET", "/healthz").header("host", "anvil-pod");
    assert_eq!(scene.send(empty(health)).await.status, StatusCode::OK);
}

#[tokio::test]
async fn every_answer_carries_the_strict_policy() {
    let scene = Scene::new().await;
    for path in ["/", "/login", "/api/v1/status", "/no-such-page", "/api/nothing", "/healthz"] {
        let answer = scene.get(path).await;
        let policy = answer.header("content-security-policy");
        assert!(policy.starts_with("default-src 'none'") && !policy.contains("unsafe"), "{path}: {policy}");
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(answer.header("referrer-policy"), "same-origin", "{path}");
    }
}

#[tokio::test]
async fn static_files_are_kept_for_ever_under_their_hash() {
    let scene = Scene::new().await;
    let path = crate::assets::url("app.css");
    let answer = scene.send(empty(request("GET", &path))).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert!(answer.header("cache-control").contains("immutable"));
    let again = request("GET", &path).header("if-none-match", answer.header("etag"));
    assert_eq!(scene.send(empty(again)).await.status, StatusCode::NOT_MODIFIED);
    let old = scene.send(empty(request("GET", "/static/0000/app.css"))).await;
    assert_eq!((old.status, old.header("cache-control")), (StatusCode::OK, "no-cache"));
}

#[tokio::test]
async fn each_mistake_is_told_with_what_to_do() {
    let scene = Scene::new().await;
    let mut told = String::new();
    let long = format!(r#"{{"agent":"{}"}}"#, "x".repeat(MAX_BODY));
    for (title, method, path, body) in [
        ("unknown agent", "POST", "/api/v1/jobs", r#"{"agent":"quite","action":"run"}"#),
        ("unknown action", "POST", "/api/v1/jobs", r#"{"agent":"quiet","action":"rum"}"#),
        ("nothing given", "POST", "/api/v1/jobs", "{}"),
        (
            "misspelt field",
            "POST",
            "/api/v1/jobs",
            r#"{"agent":"quiet","action":"run","payloads":{},"prio":"high"}"#,
        ),
        (
            "wrong types",
            "POST",
            "/api/v1/jobs",
            r#"{"agent":"quiet","action":"run","priority":"urgent","max_cost_usd":"2","run_at":"tomorrow","tags":"a"}"#,
        ),
        ("two agents", "POST", "/api/v1/jobs", r#"{"agent":"quiet","agentType":"loud","action":"run"}"#),
        ("free of charge", "POST", "/api/v1/jobs", r#"{"agent":"quiet","action":"run","max_cost_usd":0}"#),
        ("malformed JSON", "POST", "/api/v1/jobs", "{\"agent\":\"quiet\",\n \"action\": run}"),
        ("cut JSON", "POST", "/api/v1/jobs", "{\"agent\":"),
        ("no object", "POST", "/api/v1/jobs", "[1]"),
        ("empty body", "POST", "/api/v1/jobs", ""),
        ("too long", "POST", "/api/v1/jobs", &long),
        ("unknown job", "GET", "/api/v1/jobs/01KASX3V8E0000000000000000", ""),
        ("no id", "GET", "/api/v1/jobs/17", ""),
        ("unknown state", "GET", "/api/v1/jobs?state=done", ""),
        ("unknown parameter", "GET", "/api/v1/jobs?stat=failed", ""),
        ("too many", "GET", "/api/v1/jobs?limit=1000", ""),
        ("unknown agent's page", "GET", "/api/v1/agents/quite", ""),
        ("unknown limit", "PUT", "/api/v1/limits", r#"{"day_usdd":20,"reset":["our_usd"]}"#),
        ("limits at odds", "PUT", "/api/v1/limits", r#"{"agents_min":20}"#),
        ("set and reset", "PUT", "/api/v1/limits", r#"{"day_usd":20,"reset":["day_usd"]}"#),
        ("brake without reason", "PUT", "/api/v1/brake", r#"{"engaged":true,"reason":" "}"#),
        ("clock backwards", "POST", "/api/v1/clock", r#"{"advance_s":-1}"#),
        ("clock too fast", "POST", "/api/v1/clock", r#"{"rate":5000}"#),
        ("clock not driven", "POST", "/api/v1/clock", "{}"),
        ("unknown route", "GET", "/api/v1/job", ""),
        ("wrong method", "DELETE", "/api/v1/jobs/01KASX3V8E0000000000000000", ""),
    ] {
        let answer = scene.api(method.parse().expect("a method"), path, body).await;
        assert_eq!(answer.header("content-type"), "application/problem+json", "{title}");
        told.extend(["## ", title, "\n", &answer.text, "\n\n"]);
    }
    assert_snapshot!(told);
}

#[tokio::test]
async fn who_may_not_ask_is_told_how() {
    let scene = Scene::new().await;
    let mut told = String::new();
    let json = |sent: axum::http::request::Builder, media: &str| {
        let sent = sent.header("authorization", format!("Bearer {TOKEN}")).header("content-type", media);
        sent.body(Body::from("agent=quiet")).expect("a request")
    };
    for (title, sent) in [
        ("no token", empty(request("GET", "/api/v1/status"))),
        ("wrong token", empty(request("GET", "/api/v1/status").header("authorization", "Bearer x"))),
        ("another name", empty(request("GET", "/api/v1/status").header("host", "evil.example"))),
        ("another site", empty(request("PUT", "/api/v1/brake").header("cookie", scene.cookie().await))),
        ("a form", json(request("POST", "/api/v1/jobs"), "application/x-www-form-urlencoded")),
    ] {
        let answer = scene.send(sent).await;
        let status = answer.status.to_string();
        told.extend(["## ", title, ": ", &status, "\n", &answer.text, "\n\n"]);
    }
    assert_snapshot!(told);
}

#[tokio::test]
async fn the_same_idempotency_key_is_the_same_job() {
    let scene = Scene::new().await;
    let body = r#"{"agentType":"quiet","action":"run","payload":{"n":12345678901234567890.5},"idempotency_key":"k1"}"#;
    let first = scene.api(Method::POST, "/api/v1/jobs", body).await;
    assert_eq!(first.status, StatusCode::CREATED, "{}", first.text);
    let job = first.json();
    assert_eq!(first.header("location"), format!("/api/v1/jobs/{}", job["id"].as_str().expect("an id")));
    assert!(first.text.contains("12345678901234567890.5"), "numbers stay exact: {}", first.text);
    let second = scene.api(Method::POST, "/api/v1/jobs", body).await;
    assert_eq!((second.status, &second.json()["id"]), (StatusCode::OK, &job["id"]));
    let other = r#"{"agent":"quiet","action":"run","payload":{},"idempotency_key":"k1"}"#;
    assert_eq!(scene.api(Method::POST, "/api/v1/jobs", other).await.status, StatusCode::CONFLICT);
}

#[tokio::test]
async fn a_full_queue_says_when_to_come_back() {
    let scene = Scene::new().await;
    let limits = scene.api(Method::PUT, "/api/v1/limits", r#"{"queue_max":1}"#).await;
    assert_eq!(limits.status, StatusCode::OK, "{}", limits.text);
    let later = r#"{"agent":"quiet","action":"run","run_at":"2099-01-01T00:00:00Z"}"#;
    assert_eq!(scene.api(Method::POST, "/api/v1/jobs", later).await.status, StatusCode::CREATED);
    let refused = scene.api(Method::POST, "/api/v1/jobs", later).await;
    assert_eq!((refused.status, refused.header("retry-after")), (StatusCode::TOO_MANY_REQUESTS, "5"));
    assert_snapshot!(refused.text);
}

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
async fn an_agent_and_a_key_have_limits_of_their_own_and_say_what_is_left() {
    let scene = Scene::new().await;
    scene.spend("quiet", "claude-haiku-5-5", 250_000_000, true).await;
    let path = "/api/v1/limits/scopes/agent:quiet";
    let set = scene.api(Method::PUT, path, r#"{"hour_usd":2,"day_usd":1.5}"#).await;
    assert_eq!(set.status, StatusCode::OK, "{}", set.text);
    let key = scene.api(Method::PUT, "/api/v1/limits/scopes/key:a%2Fb%20c", r#"{"month_usd":9}"#).await;
    assert_eq!((key.status, &key.json()["scope"]), (StatusCode::OK, &json!("key:a/b c")));
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
async fn a_job_submitted_in_the_panel_can_be_looked_at_and_cancelled() {
    let scene = Scene::new().await;
    assert_eq!(scene.form("/agents/quiet/disable", "").await.status, StatusCode::SEE_OTHER);
    let refused =
        scene.form("/submit", "agent=quiet&action=run&mode=raw&raw=%7Boops&tags=a&priority=high").await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.text.contains("this is no JSON") && refused.text.contains("{oops"), "{}", refused.text);
    let taken =
        scene.form("/submit", "agent=quiet&action=run&mode=raw&raw=%7B%7D&tags=%3Cu%3E&priority=high").await;
    assert_eq!(taken.status, StatusCode::SEE_OTHER, "{}", taken.text);
    let place = taken.header("location").to_owned();
    let page = scene.get(&place).await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.text.contains("&#60;u&#62;") && !page.text.contains("<u>"), "tags are text");
    for path in ["/jobs", "/agents", "/submit", "/ledger", "/limits", "/brake", "/ui/overview", "/ui/strip"] {
        assert_eq!(scene.get(path).await.status, StatusCode::OK, "{path}");
    }
    assert_eq!(scene.form(&format!("{place}/cancel"), "").await.status, StatusCode::SEE_OTHER);
    let again = scene.form(&format!("{place}/cancel"), "").await;
    assert_eq!(again.status, StatusCode::CONFLICT);
    assert!(again.text.contains("a finished job cannot be cancelled"), "{}", again.text);
}

#[tokio::test]
async fn only_the_simulators_clock_can_be_driven() {
    let scene = Scene::new().await;
    let before = scene.get("/api/v1/status").await.json()["now"].as_str().map(str::to_owned).expect("a time");
    let after = scene.api(Method::POST, "/api/v1/clock", r#"{"advance_s":86400}"#).await.json();
    assert!(after["now"].as_str() > Some(before.as_str()));
    let faster = scene.api(Method::POST, "/api/v1/clock", r#"{"rate":60}"#).await.json();
    assert!(faster["now"].as_str() >= after["now"].as_str());
    assert_eq!(scene.get("/api/v1/clock").await.json()["rate"], 60.0);
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

#[tokio::test]
async fn metrics_are_readable_by_prometheus() {
    let scene = Scene::new().await;
    let text = scene.get("/metrics").await.text;
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let (name, value) = line.rsplit_once(' ').expect("a name and a value");
        assert!(name.starts_with("anvil_") && value.parse::<f64>().is_ok(), "{line}");
    }
    assert!(text.contains("anvil_limit_usd{window=\"day\"} 160\n"));
}

#[tokio::test]
async fn a_webhook_is_made_changed_tested_and_deleted() {
    let scene = Scene::new().await;
    let path = "/api/v1/webhooks/ops";
    let made = scene.api(Method::PUT, path, r#"{"url":"https://ops.example/secret/path"}"#).await;
    assert_eq!(made.status, StatusCode::OK, "{}", made.text);
    let secret = made.json()["secret"].as_str().map(str::to_owned).expect("a secret");
    assert!(secret.starts_with("whsec_") && secret.len() > 40, "{secret}");
    assert!(!made.text.contains("secret/path"), "the path may be a secret: {}", made.text);
    // Shown once, and kept when something else changes.
    let slack = scene.api(Method::PUT, path, r#"{"format":"slack"}"#).await.json();
    assert_eq!((&slack["secret"], &slack["format"]), (&Value::Null, &Value::from("slack")));
    assert!(!scene.get("/api/v1/webhooks").await.text.contains("whsec_"));
    let rotated = scene.api(Method::PUT, path, r#"{"format":"standard","rotate_secret":true}"#).await.json();
    assert!(rotated["secret"].as_str().is_some_and(|new| new != secret), "{rotated}");

    let sent = scene.api(Method::POST, "/api/v1/webhooks/ops/test", "").await;
    assert_eq!(sent.status, StatusCode::ACCEPTED, "{}", sent.text);
    let (delivery, alert) = (sent.json()["id"].clone(), sent.json()["alert"].clone());
    let log = scene.get("/api/v1/deliveries?webhook=ops&state=pending").await.json();
    assert_eq!(log["items"][0]["id"], delivery);
    assert!(log["items"][0]["message_id"].as_str().is_some_and(|id| id.starts_with("msg_")), "{log}");
    let test = scene.get(&format!("/api/v1/alerts/{}", alert.as_str().expect("an id"))).await.json();
    assert_eq!((&test["kind"], &test["state"]), (&Value::from("test"), &Value::from("resolved")));
    assert_eq!(scene.get("/api/v1/alerts?state=firing").await.json()["items"], Value::Array(Vec::new()));

    scene.api(Method::PUT, path, r#"{"enabled":false}"#).await;
    let refused = scene.api(Method::POST, "/api/v1/webhooks/ops/test", "").await;
    assert_eq!(refused.status, StatusCode::CONFLICT, "{}", refused.text);
    assert_eq!(scene.api(Method::DELETE, path, "").await.status, StatusCode::NO_CONTENT);
    let gone = scene.api(Method::DELETE, path, "").await;
    assert_eq!(gone.status, StatusCode::NOT_FOUND, "{}", gone.text);
}

#[tokio::test]
async fn a_webhook_that_will_not_do_is_refused_with_what_would() {
    let scene = Scene::new().await;
    for (name, body, pointer, part) in [
        ("ops", "{}", "/url", "a new webhook needs an address"),
        ("ops", r#"{"url":"http://127.0.0.1:9/"}"#, "/url", "no public address"),
        ("ops", r#"{"url":"http://localhost/"}"#, "/url", "no public address"),
        ("ops", r#"{"url":"ftp://ops.example/"}"#, "/url", "https: or http:"),
        ("ops", r#"{"url":"https://a:b@ops.example/"}"#, "/url", "password"),
        ("ops", r#"{"url":"https://ops.example/","secret":"x"}"#, "/secret", "whsec_"),
        ("o%20ps", r#"{"url":"https://ops.example/"}"#, "/name", "letters, digits"),
        ("ops", r#"{"url":"https://ops.example/","formt":"slack"}"#, "/formt", "did you mean `format`"),
        ("ops", r#"{"url":"https://ops.example/","format":"teams"}"#, "/format", "standard or slack"),
    ] {
        let refused = scene.api(Method::PUT, &format!("/api/v1/webhooks/{name}"), body).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{body}: {}", refused.text);
        let error = refused.json()["errors"][0].clone();
        assert_eq!(error["pointer"], pointer, "{}", refused.text);
        assert!(error["message"].as_str().is_some_and(|message| message.contains(part)), "{error}");
    }
    let private = r#"{"url":"http://127.0.0.1:9/","allow_private":true}"#;
    assert_eq!(scene.api(Method::PUT, "/api/v1/webhooks/ops", private).await.status, StatusCode::OK);
    let typo = scene.api(Method::POST, "/api/v1/webhooks/opps/test", "").await;
    assert_eq!((typo.status, &typo.json()["nearest"]), (StatusCode::NOT_FOUND, &Value::from("ops")));
    for path in ["/api/v1/alerts/x", "/api/v1/alerts/01JD9Z6W3NQ8Y5R2K7M4T1X0VB"] {
        assert_eq!(scene.get(path).await.status, StatusCode::NOT_FOUND, "{path}");
    }
    let resend = "/api/v1/deliveries/01JD9Z6W3NQ8Y5R2K7M4T1X0VB/resend";
    assert_eq!(scene.api(Method::POST, resend, "").await.status, StatusCode::NOT_FOUND);
    for path in ["/api/v1/alerts?state=loud", "/api/v1/deliveries?state=lost", "/api/v1/alerts?stat=firing"] {
        assert_eq!(scene.get(path).await.status, StatusCode::BAD_REQUEST, "{path}");
    }
}

#[tokio::test]
async fn the_page_of_alerts_works_without_a_script() {
    let scene = Scene::new().await;
    let refused = scene.form("/webhooks", "name=ops&url=http%3A%2F%2F10.0.0.1%2F&format=standard").await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.text.contains("no public address") && refused.text.contains("http://10.0.0.1/"));
    let made = scene.form("/webhooks", "name=ops&url=https%3A%2F%2Fops.example%2Fhook&format=standard").await;
    assert!(made.status == StatusCode::OK && made.text.contains("whsec_"), "{}", made.text);
    assert!(!scene.get("/alerts").await.text.contains("whsec_"), "shown once");
    let again = scene.form("/webhooks", "name=ops&url=https%3A%2F%2Fops.example%2F&format=standard").await;
    assert_eq!(again.status, StatusCode::CONFLICT, "a form for a new one changes none");
    let rotated = scene.form("/webhooks/ops/rotate", "").await;
    assert!(rotated.text.contains("whsec_"), "{}", rotated.text);
    assert_eq!(scene.form("/webhooks/ops/test", "").await.status, StatusCode::SEE_OTHER);
    let sent = scene.get("/api/v1/deliveries").await.json()["items"][0].clone();
    let page = scene.get(&format!("/alerts/{}", sent["alert"].as_str().expect("an id"))).await;
    assert!(page.status == StatusCode::OK && page.text.contains("A test of the webhook"), "{}", page.text);
    let alert = format!("/alerts/{}/acknowledge", sent["alert"].as_str().expect("an id"));
    assert_eq!(scene.form(&alert, "note=%3Cb%3Eseen%3C%2Fb%3E").await.status, StatusCode::SEE_OTHER);
    let page = scene.get(&format!("/ui/alerts/{}", sent["alert"].as_str().expect("an id"))).await;
    assert!(page.text.contains("seen") && !page.text.contains("<b>"), "a note is text: {}", page.text);
    let resend = format!("/deliveries/{}/resend", sent["id"].as_str().expect("an id"));
    assert_eq!(scene.form(&resend, "next=/alerts").await.header("location"), "/alerts");
    for path in ["/alerts", "/ui/alerts", "/ui/bell", "/ui/webhooks", "/ui/deliveries"] {
        assert_eq!(scene.get(path).await.status, StatusCode::OK, "{path}");
    }
    for path in ["/webhooks/ops/off", "/webhooks/ops/on", "/webhooks/ops/delete"] {
        assert_eq!(scene.form(path, "").await.status, StatusCode::SEE_OTHER, "{path}");
    }
    assert_eq!(scene.form("/webhooks/ops/delete", "").await.status, StatusCode::NOT_FOUND);
}

fn lines(body: impl Into<Body>) -> Request<Body> {
    let sent = request("POST", "/api/v1/jobs/bulk").header("authorization", format!("Bearer {TOKEN}"));
    sent.header("content-type", "application/jsonl").body(body.into()).expect("a request")
}

fn answers(answer: &super::testing::Answer) -> Vec<serde_json::Value> {
    answer.text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
}

#[tokio::test]
async fn many_jobs_are_submitted_as_lines_with_an_answer_for_each() {
    let scene = Scene::new().await;
    let long = "x".repeat(MAX_BODY);
    let body = [
        r#"{"agent":"quiet","action":"run","ref":"design","idempotency_key":"k"}"#,
        "",
        r#"{"agent":"quiet","action":"run","ref":"code","after":["ref:design"],"tags":["t"]}"#,
        r#"{"agent":"quie","action":"run","ref":"lost"}"#,
        r#"{"agent":"quiet","action":"run","after":["ref:lost"]}"#,
        r#"{"agent":"quiet","action":"run","after":["ref:later"]}"#,
        r#"{"agent":"quiet","action":"run","ref":"design"}"#,
        "{no json",
        &format!(r#"{{"agent":"quiet","action":"run","payload":{{"a":"{long}"}}}}"#),
        r#"{"agent":"quiet","action":"run","prioritty":"low"}"#,
        r#"{"agent":"quiet","action":"run","after":["soon"]}"#,
        r#"{"agent":"quiet","action":"run","idempotency_key":"k"}"#,
        r#"{"agent":"quiet","action":"run","idempotency_key":"schedule:1"}"#,
    ];
    let answer = scene.send(lines(body.join("\n"))).await;
    assert_eq!((answer.status, answer.header("content-type")), (StatusCode::OK, "application/jsonl"));
    let told = answers(&answer);
    let said: Vec<_> = told
        .iter()
        .map(|line| {
            (
                line["line"].as_u64(),
                line["status"].as_u64().unwrap_or(0),
                line["detail"].as_str().unwrap_or(""),
            )
        })
        .collect();
    let place = |line: u64| said.iter().find(|(number, ..)| *number == Some(line)).expect("answered");
    assert_eq!(said.len(), 12, "the empty line is none: {said:?}");
    assert_eq!((place(1).1, place(3).1, place(12).1), (201, 201, 200));
    assert_eq!((&told[0]["ref"], &told[1]["ref"]), (&"design".into(), &"code".into()));
    assert_eq!(told[0]["id"], told[10]["id"], "the key makes one job");
    for (line, status, word) in [
        (4, 422, "did you mean `quiet`"),
        (5, 422, "line 4 (`lost`)"),
        (6, 422, "no earlier line with the `ref` `later`"),
        (7, 422, "that of line 1 already"),
        (8, 400, "no JSON"),
        (9, 413, "4096 bytes"),
        (10, 422, "did you mean `priority`"),
        (11, 422, "`soon` is no id"),
        (13, 422, "belong to schedules"),
    ] {
        let (_, given, detail) = place(line);
        assert!(*given == status && detail.contains(word), "{line}: {given} {detail}");
    }
    let child = scene.get(&format!("/api/v1/jobs/{}", told[1]["id"].as_str().expect("an id"))).await.json();
    assert_eq!(child["after"], serde_json::json!([told[0]["id"]]));
    let parent = scene.get(&format!("/api/v1/jobs/{}", told[0]["id"].as_str().expect("an id"))).await.json();
    assert_eq!(parent["followed_by"][0]["id"], told[1]["id"]);
    let wrong = request("POST", "/api/v1/jobs/bulk").header("authorization", format!("Bearer {TOKEN}"));
    assert_eq!(scene.send(empty(wrong)).await.status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
}

#[tokio::test]
async fn lines_beyond_the_queues_places_are_refused_each_by_itself() {
    let scene = Scene::new().await;
    let limits = r#"{"queue_max":3}"#;
    assert_eq!(scene.api(Method::PUT, "/api/v1/limits", limits).await.status, StatusCode::OK);
    let later = r#"{"agent":"quiet","action":"run","run_at":"2999-01-01T00:00:00Z"}"#;
    let told = answers(&scene.send(lines([later; 600].join("\n"))).await);
    let statuses: Vec<_> = told.iter().map(|line| line["status"].as_u64().expect("a number")).collect();
    assert_eq!(statuses.len(), 600);
    assert!(
        statuses[..3].iter().all(|status| *status == 201)
            && statuses[3..].iter().all(|status| *status == 429)
    );
    assert!(told[599]["detail"].as_str().expect("a text").contains("queue is full"));
}

#[tokio::test]
async fn a_job_comes_after_others_that_can_succeed() {
    let scene = Scene::new().await;
    let submit = async |body: &str| scene.api(Method::POST, "/api/v1/jobs", body).await;
    let later = r#"{"agent":"quiet","action":"run","run_at":"2999-01-01T00:00:00Z"}"#;
    let parent = submit(later).await.json()["id"].as_str().expect("an id").to_owned();
    let child = submit(&format!(r#"{{"agent":"quiet","action":"run","after":["{parent}"]}}"#)).await;
    assert_eq!(child.status, StatusCode::CREATED, "{}", child.text);
    assert_eq!(child.json()["waiting_for"]["reason"], "parents");
    let page = scene.get(&format!("/jobs/{parent}")).await.text;
    assert!(page.contains("Followed by") && page.contains(&format!("/submit?after={parent}")));
    let form = scene.get(&format!("/submit?agent=quiet&action=run&after={parent}")).await.text;
    assert!(form.contains(&format!(r#"name="after" value="{parent}""#)), "{form}");
    let many: Vec<_> = (0..33).map(|n| format!("\"01JD9Z6W3NQ8Y5R2K7M4T1X0{n:02}\"")).collect();
    let refused =
        submit(&format!(r#"{{"agent":"quiet","action":"run","after":[{}]}}"#, many.join(","))).await;
    assert!(refused.text.contains("at most 32"), "{}", refused.text);
    assert_eq!(
        scene.api(Method::POST, &format!("/api/v1/jobs/{parent}/cancel"), "").await.status,
        StatusCode::OK
    );
    let failed =
        scene.get(&format!("/api/v1/jobs/{}", child.json()["id"].as_str().expect("an id"))).await.json();
    assert_eq!((&failed["state"], &failed["error"]["kind"]), (&"failed".into(), &"parent-failed".into()));
    let refused = submit(&format!(r#"{{"agent":"quiet","action":"run","after":["{parent}"]}}"#)).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.text.contains("it was cancelled; run that one again first"), "{}", refused.text);
}

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
    let hourly = r#"{"cron":"0 * * * *","time_zone":"UTC","agent":"quiet","action":"run","missed":"run_once"}"#;
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
