//! Alerts and webhooks, as a person sees them.

use crate::host::{Answer, Host};
use crate::samples::{ID, settled, timeless};
use serde_json::{Value, json};

#[test]
fn alerts_are_listed_shown_and_acknowledged() {
    let alert = json!({
        "id": ID, "upstream": "simulated", "kind": "threshold", "state": "firing", "scope": "all", "window": "day",
        "start": "2026-11-23T00:00:00Z", "percent": 80, "title": "80 % of the day's $160.00 are spent",
        "detail": "$128.04 are spent.\nLook at \u{1b}[31mit", "raised_at": "2026-11-23T12:00:00Z",
        "acknowledged": { "by": "ann", "at": "2026-11-23T12:00:00Z", "note": "on it" }, "resolved_at": null,
    });
    let sent = json!({ "items": [{
        "id": "01JD9Z6W3NQ8Y5R2K7M4T1X0VE", "alert": ID, "news": "fired", "webhook": "ops", "state": "failed",
        "tries": 10, "next_at": null, "last_status": 503, "last_error": "HTTP 503: busy", "created_at": "2026-11-23T12:00:00Z", "message_id": "msg_1_fired", "ended_at": null,
    }], "next": null });
    let host = Host::start()
        .on("GET /api/v1/alerts", &json!({ "items": [alert], "next": ID }))
        .on(&format!("GET /api/v1/alerts/{ID}"), &alert)
        .on("GET /api/v1/deliveries", &sent)
        .on(&format!("POST /api/v1/alerts/{ID}/acknowledge"), &alert);
    let listed = host.anvil(&["alerts", "--state", "firing", "--state", "acknowledged", "--limit", "1"]);
    assert!(listed.out.contains("SIMULATED: 80 % of the day's $160.00 are spent"), "{listed:?}");
    assert_eq!(listed.err, format!("next: --after {ID}\n"));
    assert_eq!(host.anvil(&["alerts", "list"]).out.lines().count(), 2);
    insta::assert_snapshot!(timeless(&settled(&host.anvil(&["alerts", "show", ID]).out)), @r###"
    01JD9Z6W3NQ8Y5R2K7M4T1X0VB firing
    SIMULATED: 80 % of the day's $160.00 are spent
    $128.04 are spent.
    Look at �[31mit
    limit 80 % of the day, all
    fired 2026-11-23 12:00:00 (… ago)
    known to ann: on it

    DELIVERY STATE WEBHOOK ALERT NEWS TRIES WHEN NEXT TRY LAST ANSWER
    01JD9Z6W3NQ8Y5R2K7M4T1X0VE failed ops 01JD9Z6W3NQ8Y5R2K7M4T1X0VB fired 10 … ago HTTP 503: busy
    "###);
    host.anvil(&["alerts", "ack", ID, "--note", "on it"]);
    let asked = host.asked();
    assert_eq!(asked[0].target, "/api/v1/alerts?limit=1&state=firing&state=acknowledged");
    assert_eq!(asked[3].target, format!("/api/v1/deliveries?alert={ID}"));
    assert_eq!(asked[4].body, json!({ "note": "on it" }));
    assert_eq!(host.anvil(&["alerts", "--state", "loud"]).code, 2);
}

#[test]
fn webhooks_are_added_tested_and_removed() {
    let webhook = |secret: Value, disabled: Value| {
        json!({
            "name": "ops", "address": "https://ops.example/…", "format": "standard", "allow_private": false,
            "enabled": disabled.is_null(), "disabled": disabled, "created_at": "2026-11-23T12:00:00Z", "secret": secret,
        })
    };
    let delivery = json!({ "id": ID, "alert": ID, "news": "fired", "webhook": "ops", "message_id": "msg_1_fired", "state": "pending", "tries": 0,
        "created_at": "2026-11-23T12:00:00Z" });
    let host = Host::start()
        .on("GET /api/v1/webhooks", &json!({ "items": [webhook(Value::Null, json!("lunch"))], "next": null }))
        .on("PUT /api/v1/webhooks/ops", &webhook(json!("whsec_abc"), Value::Null))
        .on("PUT /api/v1/webhooks/ops", &webhook(Value::Null, json!("switched off by ann")))
        .answers("DELETE /api/v1/webhooks/ops", Answer(204, "text/plain", String::new()))
        .on("POST /api/v1/webhooks/ops/test", &delivery)
        .on(&format!("POST /api/v1/deliveries/{ID}/resend"), &delivery)
        .on("GET /api/v1/deliveries", &json!({ "items": [], "next": null }));
    insta::assert_snapshot!(host.anvil(&["webhooks", "list"]).out, @r###"
    WEBHOOK  ADDRESS                FORMAT    PRIVATE  STATE
    ops      https://ops.example/…  standard  refused  off: lunch
    "###);
    insta::assert_snapshot!(
        host.anvil(&["webhooks", "add", "ops", "https://ops.example/hook", "--format", "standard"]).out,
        @r###"
    ops at https://ops.example/…
      secret    whsec_abc
      It signs the messages, and is shown this once.
    Try it: anvil webhooks test ops
    "###
    );
    assert_eq!(host.anvil(&["webhooks", "disable", "ops"]).out, "ops is off: switched off by ann\n");
    assert_eq!(host.anvil(&["webhooks", "remove", "ops"]).out, "ops is deleted\n");
    let tested = host.anvil(&["webhooks", "test", "ops"]).out;
    assert_eq!(tested, "A test is on its way: anvil webhooks log --webhook ops\n");
    assert_eq!(host.anvil(&["webhooks", "resend", ID]).out, "msg_1_fired goes to ops once more\n");
    assert_eq!(
        host.anvil(&["webhooks", "log", "--webhook", "ops", "--state", "failed"]).out,
        "Nothing was sent.\n"
    );
    let asked = host.asked();
    let made = json!({ "url": "https://ops.example/hook", "format": "standard", "rotate_secret": false });
    assert_eq!(asked[1].body, made);
    assert_eq!(asked[2].body, json!({ "enabled": false }));
    assert_eq!(asked[6].target, "/api/v1/deliveries?limit=20&webhook=ops&state=failed");
}
