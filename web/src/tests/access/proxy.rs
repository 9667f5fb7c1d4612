//! With a proxy before it: whose header counts, and how the cookie travels.

use crate::testing::{Scene, TOKEN};
use crate::tests::{empty, request};
use axum::body::Body;
use axum::http::StatusCode;

const BASIC: &str = "Basic bWU6c2VjcmV0";

#[tokio::test]
async fn a_proxys_own_password_does_not_stand_in_the_way_of_the_cookie() {
    let scene = Scene::new().await;
    let form = request("POST", "/login")
        .header("authorization", BASIC)
        .header("sec-fetch-site", "same-origin")
        .header("content-type", "application/x-www-form-urlencoded")
        .body(Body::from(format!("token={TOKEN}")))
        .expect("a request");
    let login = scene.send(form).await;
    assert_eq!(login.status, StatusCode::SEE_OTHER);
    let cookie = login.header("set-cookie").split(';').next().expect("a cookie").to_owned();
    for path in ["/jobs", "/ui/overview", "/api/v1/status"] {
        let sent = request("GET", path).header("authorization", BASIC).header("cookie", &cookie);
        assert_eq!(scene.send(empty(sent)).await.status, StatusCode::OK, "{path}");
    }
    // Both a proxy's and our own: ours counts.
    let sent = request("GET", "/api/v1/status").header("authorization", BASIC);
    let sent = sent.header("authorization", format!("Bearer {TOKEN}"));
    assert_eq!(scene.send(empty(sent)).await.status, StatusCode::OK);
    let alone = scene.send(empty(request("GET", "/api/v1/status").header("authorization", BASIC))).await;
    assert_eq!(alone.status, StatusCode::UNAUTHORIZED);
    assert!(alone.text.contains("of another kind (a proxy's, perhaps)"), "{}", alone.text);
}

#[tokio::test]
async fn behind_tls_the_cookie_is_sent_over_tls_alone() {
    let scene = Scene::new().await;
    let link = format!("/login?token={TOKEN}");
    for (name, value, secure) in [
        ("x-forwarded-proto", "https", true),
        ("x-forwarded-proto", "HTTPS, http", true),
        ("x-forwarded-proto", "http", false),
        ("x-forwarded-proto", "http, https", false),
        ("forwarded", "for=10.0.0.1;proto=https;by=10.0.0.2", true),
        ("forwarded", "proto=http, proto=https", false),
        ("x-other", "https", false),
    ] {
        let answer = scene.send(empty(request("GET", &link).header(name, value))).await;
        let cookie = answer.header("set-cookie");
        assert_eq!(cookie.ends_with("; Secure"), secure, "{name}: {value}: {cookie}");
        let cookie = cookie.split(';').next().expect("a cookie").to_owned();
        let out = request("POST", "/logout")
            .header(name, value)
            .header("cookie", cookie)
            .header("sec-fetch-site", "same-origin")
            .body(Body::empty())
            .expect("a request");
        assert_eq!(
            scene.send(out).await.header("set-cookie").ends_with("; Secure"),
            secure,
            "{name}: {value}"
        );
    }
}
