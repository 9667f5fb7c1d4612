//! The faces from outside, over a real host: who may ask, what they are told, and what it does.

mod alerts;
mod clock;
pub(crate) mod described;
mod edit;
mod empty;
mod exchange;
mod fallen;
mod money;
mod plugins;
mod probe;
mod proxy;
mod queue;
mod schedules;
mod sent;
mod submission;
mod waits;

use crate::Permission;
use crate::serve::routes;
use crate::testing::{MAX_BODY, Scene, TOKEN};
use axum::body::Body;
use axum::http::{Method, Request, StatusCode};
use insta::assert_snapshot;

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
            entry.scope > Permission::Read || entry.path.starts_with("/log"),
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
        if entry.scope == Permission::Open {
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
    for header in ["Bearer wrong", "Bearer ", "open-sesame"] {
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
    let tab = scene.send(empty(request("GET", "/login?token=open-sesame&next=/%09/evil.example"))).await;
    assert_eq!(tab.header("location"), "/", "browsers drop the tab");
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
async fn what_a_browser_gets_compressed_it_gets_whole() {
    let scene = Scene::new().await;
    let (_, table) = routes(&scene.state).finish();
    let mut paths: Vec<&str> =
        table.iter().filter(|entry| entry.method == Method::GET).map(|entry| entry.path).collect();
    paths.extend(["/api/v1/ledger?format=csv", "/api/v1/spend?format=csv", "/api/openapi.json"]);
    let mut compressed = 0;
    // Event streams have no end.
    for path in paths.into_iter().filter(|path| !path.ends_with("/events") && !path.ends_with("/stream")) {
        let path = path.replace(['{', '}', '*'], "");
        let asked = request("GET", &path)
            .header("authorization", format!("Bearer {TOKEN}"))
            .header("accept-encoding", "gzip");
        // An answer that breaks off fails here.
        let answer = scene.send(empty(asked)).await;
        compressed += u32::from(answer.header("content-encoding") == "gzip");
    }
    assert!(compressed > 30, "{compressed} were compressed");
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
async fn an_idempotency_key_that_cannot_be_read_is_refused() {
    let scene = Scene::new().await;
    let body = r#"{"agent":"quiet","action":"run","payload":{"a":1,"b":[]}}"#;
    let send = async |key: &[u8], body: &str| {
        let request = Request::post("/api/v1/jobs")
            .header("authorization", format!("Bearer {TOKEN}"))
            .header("content-type", "application/json")
            .header("idempotency-key", axum::http::HeaderValue::from_bytes(key).expect("a value"))
            .body(axum::body::Body::from(body.to_owned()))
            .expect("a request");
        scene.send(request).await
    };
    for key in ["bestellung-f\u{fc}r-4711".as_bytes(), b"f\xfcr"] {
        let refused = send(key, body).await;
        assert_eq!(refused.status, StatusCode::BAD_REQUEST, "{}", refused.text);
        assert!(refused.text.contains("bad-idempotency-key"), "{}", refused.text);
    }
    let first = send(b"order-1", body).await;
    assert_eq!(first.status, StatusCode::CREATED, "{}", first.text);
    let again = send(b"order-1", r#"{"agent":"quiet","action":"run","payload":{"b": [], "a": 1.0}}"#).await;
    assert_eq!((again.status, &again.json()["id"]), (StatusCode::OK, &first.json()["id"]));
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
async fn a_job_submitted_in_the_panel_can_be_looked_at_and_cancelled() {
    let scene = Scene::new().await;
    assert_eq!(scene.form("/agents/quiet/disable", "").await.status, StatusCode::SEE_OTHER);
    let refused =
        scene.form("/submit", "agent=quiet&action=run&mode=raw&raw=%7Boops&tags=a&priority=high").await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.text.contains("it is no JSON") && refused.text.contains("{oops"), "{}", refused.text);
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
async fn metrics_are_readable_by_prometheus() {
    let scene = Scene::new().await;
    let text = scene.get("/metrics").await.text;
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let (name, value) = line.rsplit_once(' ').expect("a name and a value");
        assert!(name.starts_with("anvil_") && value.parse::<f64>().is_ok(), "{line}");
    }
    assert!(text.contains("anvil_limit_usd{window=\"day\"} 160\n"));
}
