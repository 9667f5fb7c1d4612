//! Who may ask for what, and who is kept out.

use crate::Permission;
use crate::serve::routes;
use crate::testing::{Scene, TOKEN};
use crate::tests::{empty, request};
use axum::body::Body;
use axum::http::{Method, StatusCode};
use insta::assert_snapshot;

#[tokio::test]
async fn the_table_of_routes_says_what_each_needs() {
    let scene = Scene::new().await;
    let (_, table) = routes(&scene.state).finish();
    let lines: Vec<String> = table
        .iter()
        .map(|entry| format!("{:<8} {:<5} {}", entry.scope.to_string(), entry.method.as_str(), entry.path))
        .collect();
    assert_snapshot!(lines.join("\n"));
    // Whatever changes something needs more than looking, but for logging in and out, and for what a link is there for.
    for entry in table.iter().filter(|entry| entry.method != Method::GET) {
        assert!(
            entry.scope > Permission::Read
                || entry.scope == Permission::Link
                || entry.path.starts_with("/log"),
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
        if entry.scope <= Permission::Link {
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
async fn a_person_whose_login_is_over_is_told_so_and_not_of_headers() {
    let scene = Scene::new().await;
    let sent = request("POST", "/limits").header("sec-fetch-site", "same-origin");
    let answer = scene.send(empty(sent.header("content-type", "application/x-www-form-urlencoded"))).await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
    assert!(answer.text.contains("Log in at /login in another tab"), "{}", answer.text);
    assert!(!answer.text.contains("Bearer"), "{}", answer.text);
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
