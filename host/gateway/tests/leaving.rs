//! Those who leave while their call is on its way in, and those who wait for the last hold to settle.

mod scene;

use anvil_gateway::CallEnd;
use anvil_types::{Limits, Nanodollars, UpstreamKind};
use futures_util::future::join_all;
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use scene::{Scene, Setting, ask, limits};
use std::time::Duration;

const ANSWERS: &str =
    r#"{"items": [{"text": "ok", "usage": {"input_tokens": 1, "output_tokens": 1}}], "repeat": true}"#;

async fn held(scene: &Scene) -> Nanodollars {
    scene.store.spend(UpstreamKind::Simulated).await.expect("a read").windows[0].amounts.held
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_stays_held_for_askers_who_leave_at_any_moment() {
    let scene = Setting::script(ANSWERS).scene().await;
    let mut rng = StdRng::seed_from_u64(7);
    let mut leaving = Vec::new();
    for position in 0..600 {
        let handle = scene.gateway.call(ask(&scene.job, position, "Say something."));
        let patience = Duration::from_micros(rng.random_range(0..4_000));
        leaving.push(tokio::spawn(async move {
            // Dropped when its time is over, wherever the call is by then.
            let _ = tokio::time::timeout(patience, handle.wait()).await;
        }));
        tokio::time::sleep(Duration::from_micros(rng.random_range(0..400))).await;
    }
    join_all(leaving).await;
    for _ in 0..2_000 {
        if held(&scene).await == Nanodollars::ZERO && scene.gateway.report().in_flight == 0 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert_eq!(held(&scene).await, Nanodollars::ZERO);
    assert!(scene.store.open_holds().await.expect("a read").is_empty());
    // Nothing that was taken of the pace is missing either: the next call goes out at once.
    let end = scene.gateway.call(ask(&scene.job, 10_000, "Say something.")).wait().await;
    assert!(matches!(end, CallEnd::Answered { answer: Ok(_), .. }), "{end:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_waits_for_the_last_hold_to_settle_is_woken() {
    // Room for one hold and a half: each has to wait for the one before.
    let probe = Setting::script(ANSWERS).scene().await;
    let _ = probe.gateway.call(ask(&probe.job, 0, "Say something.")).wait().await;
    let call = probe.store.calls(probe.job.job.id).await.expect("calls").pop().expect("a call");
    let room = call.hold.get() * 3 / 2 + call.cost.get() * 400;
    let setting = Setting {
        limits: Limits { hour_usd: Nanodollars::new(room), ..limits(1_000_000_000_000) },
        ..Setting::script(ANSWERS)
    };
    let scene = setting.scene().await;
    let calls =
        (0..300).map(|position| scene.gateway.call(ask(&scene.job, position, "Say something.")).wait());
    let ends = tokio::time::timeout(Duration::from_mins(1), join_all(calls)).await.expect("nobody hangs");
    for end in ends {
        assert!(matches!(end, CallEnd::Answered { answer: Ok(_), .. }), "{end:?}");
    }
    assert_eq!(held(&scene).await, Nanodollars::ZERO);
}
