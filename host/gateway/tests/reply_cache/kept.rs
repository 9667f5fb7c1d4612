//! Which replies are kept, for how long, and when a job asks for another.

use crate::scene::Setting;
use crate::{COUNTED, asked, question, said, scene, setting};
use anvil_types::{CallError, DrivenClock, Origin, Reply, SystemClock};
use std::sync::Arc;
use std::time::Duration;

#[tokio::test]
async fn what_is_not_whole_and_certain_is_asked_anew() {
    for item in [
        r#"{"fault": "400"}"#,
        r#"{"fault": "cut:3", "text": "some words that are cut"}"#,
        r#"{"fault": "cut:delta", "text": "some words"}"#,
        r#"{"fault": "error:3", "text": "some words that are cut"}"#,
        r#"{"fault": "no-usage", "text": "some words"}"#,
        r#"{"text": "some words", "stop_reason": "refusal"}"#,
        r#"{"text": "some words", "stop_reason": "max_tokens"}"#,
        r#"{"text": "some words", "stop_reason": "pause_turn"}"#,
        r#"{"text": "some words", "stop_reason": "something new"}"#,
    ] {
        let scene = scene(&format!("[{item}, \"whole\"]")).await;
        let first = scene.gateway.call(question(&scene, 0, "Say something.")).wait().await;
        let second = asked(&scene.gateway, question(&scene, 1, "Say something.")).await;
        assert_eq!(said(&second), ("whole", Origin::Live), "{item}: {first:?}");
        assert_eq!(asked(&scene.gateway, question(&scene, 2, "Say something.")).await.origin, Origin::Cache);
        assert_eq!(scene.sent(), 2, "{item}");
    }
}

#[tokio::test]
async fn answers_that_ask_for_a_tool_are_kept_as_they_came() {
    let item = r#"[{"content": [{"type": "text", "text": "I look."},
        {"type": "tool_use", "id": "toolu_1", "name": "find", "input": {"b": 1, "a": "é"}}], "stop_reason": "tool_use"}]"#;
    let scene = scene(item).await;
    let ask = |position| {
        let mut ask = question(&scene, position, "Find it.");
        ask.request.tools = vec![anvil_types::Tool {
            name: "find".into(),
            description: "Finds.".into(),
            input_schema: r#"{"type":"object"}"#.into(),
        }];
        ask
    };
    let first = asked(&scene.gateway, ask(0)).await;
    let again = asked(&scene.gateway, ask(1)).await;
    assert_eq!((first.origin, again.origin), (Origin::Live, Origin::Cache));
    assert_eq!(first.content, again.content);
    assert_eq!(first.content.len(), 2);
}

#[tokio::test]
async fn a_reply_answers_for_its_time_by_the_hosts_clock() {
    let clock = Arc::new(DrivenClock::new(SystemClock::new()));
    let scene = Setting { clock: clock.clone(), ..setting(COUNTED) }.scene().await;
    asked(&scene.gateway, question(&scene, 0, "Say something.")).await;
    clock.advance(Duration::from_mins(24 * 60 - 1));
    assert_eq!(
        said(&asked(&scene.gateway, question(&scene, 1, "Say something.")).await),
        ("one", Origin::Cache)
    );
    clock.advance(Duration::from_mins(2));
    assert_eq!(
        said(&asked(&scene.gateway, question(&scene, 2, "Say something.")).await),
        ("two", Origin::Live)
    );
    clock.advance(Duration::from_hours(23));
    assert_eq!(
        said(&asked(&scene.gateway, question(&scene, 3, "Say something.")).await),
        ("two", Origin::Cache)
    );
}

#[tokio::test]
async fn a_guest_that_failed_on_a_reply_gets_another_one_and_so_does_everyone_then() {
    let scene = scene(COUNTED).await;
    let ask = |position, fresh| {
        let mut ask = question(&scene, position, "Say something.");
        ask.fresh = fresh;
        ask
    };
    assert_eq!(said(&asked(&scene.gateway, ask(0, false)).await), ("one", Origin::Live));
    assert_eq!(said(&asked(&scene.gateway, ask(1, false)).await), ("one", Origin::Cache));
    // Its attempt failed on that one.
    assert_eq!(said(&asked(&scene.gateway, ask(1, true)).await), ("two", Origin::Live));
    assert_eq!(said(&asked(&scene.gateway, ask(2, true)).await), ("three", Origin::Live));
    assert_eq!(said(&asked(&scene.gateway, ask(3, false)).await), ("three", Origin::Cache));
}

#[tokio::test]
async fn a_purge_is_over_for_whoever_asks_after_it() {
    let scene = scene(COUNTED).await;
    asked(&scene.gateway, question(&scene, 0, "Say something.")).await;
    let gone = scene.store.purge_replies(Some("tester"), "ann").await.expect("purged");
    assert_eq!(gone.entries, 1);
    assert_eq!(
        said(&asked(&scene.gateway, question(&scene, 1, "Say something.")).await),
        ("two", Origin::Live)
    );
}

#[tokio::test]
async fn replies_of_many_questions_stay_within_their_bounds() {
    let bounds = anvil_store::ReplyBounds { entries: 5, ..crate::BOUNDS };
    let items = r#"{"items": ["yes"], "repeat": true}"#;
    let scene = Setting { reply_cache: Some(bounds), ..Setting::script(items) }.scene().await;
    for number in 0..12 {
        asked(&scene.gateway, question(&scene, number, &format!("Say {number}."))).await;
        assert!(scene.store.replies_size().await.expect("a read works").entries <= 5);
    }
    let again = asked(&scene.gateway, question(&scene, 20, "Say 11.")).await;
    let gone = asked(&scene.gateway, question(&scene, 21, "Say 3.")).await;
    assert_eq!((again.origin, gone.origin), (Origin::Cache, Origin::Live));
}

#[tokio::test]
async fn a_host_that_dies_right_after_a_hit_has_answered_once() {
    let scene = scene(COUNTED).await;
    asked(&scene.gateway, question(&scene, 0, "Say something.")).await;
    // Nobody watches any more when it is answered: the entry stands all the same.
    drop(scene.gateway.call(question(&scene, 1, "Say something.")));
    for _ in 0..1_000 {
        if scene.calls().await.len() == 2 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let journal = scene.store.journal_of(scene.job.job.id).await.expect("a read works");
    let answers: Vec<Result<Reply, CallError>> =
        journal.iter().map(|entry| serde_json::from_str(entry.answer.as_str()).expect("an answer")).collect();
    let origins: Vec<_> = answers.into_iter().map(|answer| answer.expect("a reply").origin).collect();
    assert_eq!((origins, scene.sent()), (vec![Origin::Live, Origin::Cache], 1));
}
