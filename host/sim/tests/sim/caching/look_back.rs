//! "Looking back from a mark, earlier entries are found within 20 blocks only; beyond that it is a fresh write."

use serde_json::{Value, json};

use super::{block, five, said, small, used, words};

/// A message of so many blocks of 10 tokens, with marks on those of these numbers (from 1).
fn talk(blocks: usize, marks: &[usize]) -> Value {
    let none = Value::Null;
    let of = |i: usize| if marks.contains(&i) { five() } else { none.clone() };
    said((1..=blocks).map(|i| block(words(&format!("{i}"), 10), &of(i))).collect())
}

#[tokio::test]
async fn an_entry_is_found_within_20_blocks_the_marked_one_included() {
    let (sim, _) = small().await;
    // The published example: marks on the last block of 10, of 15, and of 35.
    assert_eq!(used(&sim, &talk(10, &[10])).await, [0, 103, 0, 0]);
    assert_eq!(used(&sim, &talk(15, &[15])).await, [0, 50, 0, 103], "5 blocks back");
    assert_eq!(used(&sim, &talk(35, &[35])).await, [0, 353, 0, 0], "20 blocks back");
    assert_eq!(used(&sim, &talk(54, &[54])).await, [0, 190, 0, 353], "19 blocks back");
}

#[tokio::test]
async fn a_second_mark_looks_back_from_where_it_stands() {
    let (sim, _) = small().await;
    used(&sim, &talk(15, &[15])).await;
    assert_eq!(used(&sim, &talk(35, &[15, 35])).await, [0, 200, 0, 153]);
    assert_eq!(used(&sim, &talk(60, &[30, 60])).await, [0, 450, 0, 153], "15 blocks back from the first");
    assert_eq!(used(&sim, &talk(60, &[30, 60])).await, [0, 0, 0, 603]);
}

#[tokio::test]
async fn the_longest_equal_prefix_is_read() {
    let (sim, _) = small().await;
    for blocks in [10, 12, 14] {
        used(&sim, &talk(blocks, &[blocks])).await;
    }
    assert_eq!(used(&sim, &talk(16, &[16])).await, [0, 20, 0, 143]);
    let mut other = talk(16, &[16]);
    other["messages"][0]["content"][12]["text"] = json!(words("new", 10));
    assert_eq!(used(&sim, &other).await, [0, 40, 0, 123], "what is equal ends with the 12th block");
}

#[tokio::test]
async fn it_finds_earlier_writes_not_earlier_text() {
    let (sim, _) = small().await;
    let body = |time: &str| {
        let mut blocks: Vec<_> = (1..=5).map(|i| block(words(&format!("{i}"), 50), &Value::Null)).collect();
        blocks.push(block(words(time, 10), &five()));
        said(blocks)
    };
    for time in ["noon", "one", "two"] {
        assert_eq!(
            used(&sim, &body(time)).await,
            [0, 263, 0, 0],
            "nothing was ever written before the sixth"
        );
    }
}

#[tokio::test]
async fn a_run_of_tool_calls_and_one_of_their_results_are_one_place_each() {
    let (sim, _) = small().await;
    let mut talk = vec![json!({"role": "user", "content": [block(words("q", 120), &five())]})];
    let body =
        |messages: &Vec<Value>| json!({"model": "claude-opus-4-8", "max_tokens": 20, "messages": messages});
    assert_eq!(used(&sim, &body(&talk)).await, [0, 123, 0, 0]);
    talk[0]["content"][0] = block(words("q", 120), &Value::Null);
    let ids: Vec<_> = (0..25).map(|i| format!("toolu_{i}")).collect();
    let calls: Vec<_> =
        ids.iter().map(|id| json!({"type": "tool_use", "id": id, "name": "t", "input": {}})).collect();
    let mut results: Vec<_> =
        ids.iter().map(|id| json!({"type": "tool_result", "tool_use_id": id, "content": "ok"})).collect();
    results[24]["cache_control"] = five();
    talk.push(json!({"role": "assistant", "content": calls}));
    talk.push(json!({"role": "user", "content": results}));
    let after = used(&sim, &body(&talk)).await;
    assert_eq!(after[3], 123, "50 blocks back, but 2 places");
    // As many blocks that are no run are too many.
    for (i, message) in talk.iter_mut().skip(1).enumerate() {
        let texts = (0..25).map(|n| block(words(&format!("{i}{n}"), 10), &Value::Null));
        message["content"] = texts.collect();
    }
    talk[2]["content"][24]["cache_control"] = five();
    assert_eq!(used(&sim, &body(&talk)).await[3], 0);
}
