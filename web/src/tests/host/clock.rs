//! The host's time: driven, and set back.

use crate::testing::{Making, Scene};
use anvil_types::clock::Sleep;
use anvil_types::{Clock, SystemClock, Timestamp};
use axum::http::{Method, StatusCode};
use std::sync::Arc;
use std::time::Duration;

/// A ledger that is ahead of the machine's clock.
#[derive(Debug)]
struct Ahead {
    clock: SystemClock,
    by: Duration,
}

impl Clock for Ahead {
    fn now(&self) -> Timestamp {
        self.clock.now() + self.by
    }

    fn wall(&self) -> Option<Timestamp> {
        Some(self.clock.now())
    }

    fn sleep_until(&self, time: Timestamp) -> Sleep<'_> {
        self.clock.sleep_until(time - self.by)
    }
}

async fn ahead_by(by: Duration) -> Scene {
    let clock = Arc::new(Ahead { clock: SystemClock::new(), by });
    Scene::made(Making { clock, driven: None, ..Making::default() }).await
}

async fn braked(scene: &Scene) -> bool {
    scene.get("/api/v1/brake").await.json()["engaged"] == true
}

#[tokio::test]
async fn a_ledger_that_is_ahead_is_set_back_after_a_word_of_why_and_a_confirmation() {
    let scene = ahead_by(Duration::from_hours(73)).await;
    let page = scene.get("/clock").await.text;
    assert!(page.contains("the ledger is 3 d ahead") && page.contains("Set it back and engage"), "{page}");
    for form in ["reason=&confirm=yes", "reason=a+flat+battery"] {
        let refused = scene.form("/clock/set-back", form).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{form}");
        assert!(refused.text.contains("role=\"alert\""), "{}", refused.text);
        assert!(!braked(&scene).await, "nothing was done");
    }
    let refused = scene.form("/clock/set-back", "reason=a+flat+battery").await;
    assert!(refused.text.contains("value=\"a flat battery\""), "what was typed stays: {}", refused.text);
    let done = scene.form("/clock/set-back", "reason=a+flat+battery&confirm=yes").await;
    assert_eq!((done.status, done.header("location")), (StatusCode::SEE_OTHER, "/brake"));
    assert!(braked(&scene).await);
    let brake = scene.get("/brake").await.text;
    assert!(brake.contains("sets the ledger&#39;s time back") && brake.contains("a flat battery"), "{brake}");
    let audit = scene.store.audit(10).await.expect("the audit log");
    let entry = audit.iter().find(|entry| entry.action == "clock.set_back").expect("it is audited");
    assert_eq!(entry.by, "a person at the panel");
    let shown = scene.get("/audit").await.text;
    assert!(shown.contains("clock.set_back") && shown.contains("a flat battery"), "{shown}");
    let told = scene.get("/api/v1/audit?limit=5").await.json();
    assert_eq!(told["items"][0]["by"], "a person at the panel", "{told}");
    assert!(entry.detail.contains("a flat battery"), "{entry:?}");
}

#[tokio::test]
async fn where_there_is_nothing_to_set_back_there_is_no_button_and_a_form_does_nothing() {
    let beside = ahead_by(Duration::ZERO).await;
    let driven = Scene::new().await;
    for (scene, says) in [(&beside, "There is nothing to set back"), (&driven, "anvil wipe simulated")] {
        let page = scene.get("/clock").await.text;
        assert!(page.contains(says) && !page.contains("set-back\""), "{page}");
        let refused = scene.form("/clock/set-back", "reason=why+not&confirm=yes").await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(!braked(scene).await);
    }
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
