//! Lines of results that contradict each other, or that are written oddly.

use crate::batches;
use anvil_types::{CallErrorKind, Nanodollars};
use serde_json::json;
use std::time::Duration;

const HOUR: Duration = Duration::from_hours(1);
const WORDS: &str = r#"{"items": ["a few words"], "repeat": true}"#;

#[tokio::test]
async fn where_lines_contradict_each_other_the_answer_counts() {
    for kind in ["expired", "canceled", "invalid", "cut"] {
        let scene = batches(WORDS).await;
        scene.fails(json!([{"fault": format!("batch-results:first-{kind}")}]));
        for position in 0..70 {
            scene.gather(position, "Say something.").await;
        }
        scene.until_ended(70, HOUR).await;
        let totals = scene.totals().await;
        assert_eq!((totals.settled, totals.unknown), (scene.billed(), Nanodollars::ZERO), "{kind}");
        for position in 0..70 {
            assert!(matches!(scene.answer(position).await, Some(Ok(_))), "{kind}");
        }
        scene.check().await;
    }
}

#[tokio::test]
async fn what_is_written_oddly_is_read_as_any_other_answer() {
    for how in ["bom", "bytes"] {
        let scene = batches(WORDS).await;
        scene.fails(json!([{"fault": format!("batch-results:{how}")}]));
        for position in 0..3 {
            scene.gather(position, "Say something.").await;
        }
        scene.until_ended(3, HOUR).await;
        let totals = scene.totals().await;
        assert_eq!((totals.settled, totals.unknown), (scene.billed(), Nanodollars::ZERO), "{how}");
        for position in 0..3 {
            assert!(matches!(scene.answer(position).await, Some(Ok(_))), "{how}");
        }
    }
}

#[tokio::test]
async fn what_is_told_to_have_no_answer_is_believed_where_the_rest_never_comes() {
    let scene = batches(WORDS).await;
    scene.fails(json!([
        {"fault": "batch-item:expired", "times": 1},
        {"fault": "batch-item:400", "times": 1},
        {"fault": "batch-results:cut:2"}
    ]));
    for position in 0..3 {
        scene.gather(position, "Say something.").await;
    }
    let ended = async || scene.calls().await.iter().filter(|call| call.settled_at.is_some()).count() >= 2;
    scene.until("two of three have their ends", HOUR, ended).await;
    let mut wrong = Vec::new();
    for position in 0..3 {
        wrong.extend(scene.answer(position).await.and_then(Result::err));
    }
    assert!(wrong.iter().all(|error| error.kind == CallErrorKind::InvalidRequest), "{wrong:?}");
}
