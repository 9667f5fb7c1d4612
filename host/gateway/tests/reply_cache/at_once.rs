//! The same question asked while it is being answered.

use crate::scene::Scene;
use crate::{asked, question, replied, said, scene};
use anvil_gateway::{CallEnd, CallHandle};
use anvil_types::{CallState, Origin};
use futures_util::future::join_all;
use std::time::Duration;

/// Slow enough for others to come meanwhile.
const SLOW: &str = r#""latency": {"first_byte_ms": 150, "duration_ms": 150}"#;

async fn until(what: &str, so: impl Fn() -> bool) {
    for _ in 0..2_000 {
        if so() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    panic!("never: {what}");
}

/// Asks the same so many times, the first of which is under way before the others come.
async fn at_once(scene: &Scene, others: u32) -> (CallHandle, Vec<CallHandle>) {
    let first = scene.gateway.call(question(scene, 0, "Say something."));
    until("the first is sent", || scene.sent() == 1).await;
    let others = (1..=others).map(|position| scene.gateway.call(question(scene, position, "Say something.")));
    (first, others.collect())
}

#[tokio::test]
async fn of_many_at_once_one_goes_out_and_all_are_answered() {
    let scene = scene(&format!(r#"[{{"text": "one", {SLOW}}}, "two"]"#)).await;
    let (first, others) = at_once(&scene, 8).await;
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert_eq!(scene.store.open_holds().await.expect("a read").len(), 1, "who waits holds nothing");
    assert_eq!(scene.gateway.report().requests_last_minute, 1, "and takes no pace");
    assert_eq!(said(&replied(first.wait().await)), ("one", Origin::Live));
    for end in join_all(others.into_iter().map(CallHandle::wait)).await {
        assert_eq!(said(&replied(end)), ("one", Origin::Cache));
    }
    let calls = scene.calls().await;
    let paid: Vec<_> = calls.iter().filter(|call| call.reply_of.is_none()).collect();
    assert_eq!((calls.len(), paid.len(), scene.sent()), (9, 1, 1));
    assert!(calls.iter().filter(|call| call.reply_of.is_some()).all(|call| {
        call.reply_of == Some(paid[0].id) && call.reply_saved == paid[0].cost && call.cost.get() == 0
    }));
    let places: std::collections::BTreeSet<_> = calls.iter().map(|call| call.position).collect();
    assert_eq!(places.len(), 9, "each asker's ledger has its own");
    assert_eq!(scene.billed(), paid[0].cost);
    assert_eq!(scene.store.verify_sums().await.expect("a read works"), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn those_that_come_before_the_first_is_sent_look_again_before_they_are() {
    let scene = scene(&format!(r#"[{{"text": "one", {SLOW}}}, "two"]"#)).await;
    let all = (0..12).map(|position| scene.gateway.call(question(&scene, position, "Say something.")).wait());
    let replies: Vec<_> = join_all(all).await.into_iter().map(replied).collect();
    assert!(replies.iter().all(|reply| said(reply).0 == "one"));
    assert_eq!(replies.iter().filter(|reply| reply.origin == Origin::Live).count(), 1);
    scene.idle().await;
    let calls = scene.calls().await;
    let of = |state, hit| {
        calls.iter().filter(|call| call.state == state && call.reply_of.is_some() == hit).count()
    };
    // Whoever had taken money and pace by then has given them back.
    assert_eq!((of(CallState::Settled, false), of(CallState::Settled, true), scene.sent()), (1, 11, 1));
    assert_eq!(of(CallState::Released, false), calls.len() - 12);
    assert_eq!(scene.store.open_holds().await.expect("a read").len(), 0);
    assert_eq!(scene.gateway.report().requests_last_minute, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn where_the_first_comes_to_nothing_those_who_waited_go_out_at_once_and_wait_for_nobody_more() {
    // The last one is of an upstream that hangs.
    let hangs = r#"{"fault": "hang:5"}"#.to_owned();
    let bad = [r#""fault": "400""#, r#""text": "no", "stop_reason": "refusal""#];
    for bad in bad.map(|bad| format!("{{{bad}, {SLOW}}}")).into_iter().chain([hangs]) {
        let scene = scene(&format!(r#"{{"items": [{bad}], "repeat": true}}"#)).await;
        let (first, others) = at_once(&scene, 5).await;
        let most = async {
            let mut most = 0;
            while scene.gateway.report().in_flight > 0 || scene.sent() < 6 {
                most = most.max(scene.gateway.report().in_flight);
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            most
        };
        let all = join_all(std::iter::once(first).chain(others).map(CallHandle::wait));
        let (ends, most) = tokio::join!(all, tokio::time::timeout(Duration::from_secs(30), most));
        assert_eq!((most.expect("it ends"), ends.len(), scene.sent()), (5, 6, 6), "{bad}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_comes_later_waits_once_for_one_of_those_that_went_out() {
    let script = format!(
        r#"[{{"fault": "400", {SLOW}}}, {{"text": "good", {SLOW}}}, {{"text": "good", {SLOW}}}, "never"]"#
    );
    let scene = scene(&script).await;
    let (first, others) = at_once(&scene, 2).await;
    assert!(matches!(first.wait().await, CallEnd::Answered { answer: Err(_), .. }));
    until("those who waited are sent", || scene.sent() == 3).await;
    let late = scene.gateway.call(question(&scene, 9, "Say something."));
    for end in join_all(others.into_iter().map(CallHandle::wait)).await {
        assert_eq!(said(&replied(end)), ("good", Origin::Live));
    }
    assert_eq!(said(&replied(late.wait().await)), ("good", Origin::Cache));
    assert_eq!(scene.sent(), 3);
}

#[tokio::test]
async fn who_goes_away_leaves_and_who_stays_is_answered() {
    let scene = scene(&format!(r#"[{{"text": "one", {SLOW}}}, "two"]"#)).await;
    let (first, mut others) = at_once(&scene, 3).await;
    let stays = others.pop().expect("three");
    drop((first, others));
    assert_eq!(said(&replied(stays.wait().await)), ("one", Origin::Cache), "the first is read to its end");
    scene.idle().await;
    let hits = scene.calls().await.iter().filter(|call| call.reply_of.is_some()).count();
    assert_eq!((hits, scene.sent()), (1, 1));
}

#[tokio::test]
async fn who_asks_anew_follows_nobody() {
    let scene = scene(&format!(r#"[{{"text": "one", {SLOW}}}, "two"]"#)).await;
    let (first, _) = at_once(&scene, 0).await;
    let mut fresh = question(&scene, 1, "Say something.");
    fresh.fresh = true;
    assert_eq!(said(&asked(&scene.gateway, fresh).await), ("two", Origin::Live));
    assert_eq!(said(&replied(first.wait().await)), ("one", Origin::Live));
}
