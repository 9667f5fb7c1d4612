//! "At most 4 marks (`cache_control: {"type":"ephemeral","ttl":"5m"|"1h"}`) in a request, or one at the top level of the
//! body, which marks the last block that can be cached and moves on with the conversation."

use serde_json::{Value, json};

use super::{block, five, hour, refused, request, said, small, used, words};

fn marked(marks: &[Value]) -> Value {
    said(
        marks
            .iter()
            .enumerate()
            .map(|(i, mark)| block(words(["a", "b", "c", "d", "e"][i], 100), mark))
            .collect(),
    )
}

#[tokio::test]
async fn the_fifth_mark_is_refused_wherever_it_stands() {
    let (sim, _) = small().await;
    let none = Value::Null;
    assert_eq!(used(&sim, &marked(&[five(), five(), five(), five(), none])).await[..2], [100, 403]);
    let five_found = "A maximum of 4 blocks with cache_control may be provided. Found 5.";
    assert_eq!(refused(&sim, &marked(&[five(), five(), five(), five(), five()])).await, five_found);

    let mut spread = marked(&[five(), five(), five()]);
    spread["tools"] = json!([{"name": "t", "input_schema": {}, "cache_control": five()}]);
    assert_eq!(used(&sim, &spread).await[3], 0);
    spread["system"] = json!([block("s", &five())]);
    assert_eq!(refused(&sim, &spread).await, five_found);

    let mut top = marked(&[five(), five(), five(), Value::Null]);
    top["cache_control"] = five();
    assert_eq!(used(&sim, &top).await, [0, 0, 0, 403], "the fourth stands on the last block");
    let mut full = marked(&[five(), five(), five(), five(), Value::Null]);
    full["cache_control"] = five();
    assert_eq!(refused(&sim, &full).await, five_found, "no place is left for it");
    assert_eq!(sim.bill().billed_calls, 3, "what is refused costs nothing");
}

#[tokio::test]
async fn a_mark_on_the_request_marks_the_last_block_and_moves_on_with_the_conversation() {
    let (sim, _) = small().await;
    let mut turns = vec![json!({"role": "user", "content": words("q", 120)})];
    let mut known = 0;
    for turn in 0..4 {
        let body =
            json!({"model": "claude-opus-4-8", "max_tokens": 20, "cache_control": five(), "messages": turns});
        let written = if turn == 0 { 123 } else { 53 + 33 };
        assert_eq!(used(&sim, &body).await, [0, written, 0, known], "turn {turn}");
        known += written;
        turns.push(json!({"role": "assistant", "content": words("a", 50)}));
        turns.push(json!({"role": "user", "content": [{"type": "text", "text": words("q", 30)}]}));
    }
}

#[tokio::test]
async fn it_marks_the_last_block_that_can_be_cached() {
    let (sim, _) = small().await;
    // A model that takes a beginning of its own answer.
    let mut body = json!({"model": "claude-opus-4-5-20251101", "max_tokens": 20, "cache_control": five(),
        "messages": [{"role": "user", "content": words("q", 120)},
            {"role": "assistant", "content": [{"type": "thinking", "thinking": words("h", 40), "signature": "s"}]}]});
    assert_eq!(used(&sim, &body).await, [43, 123, 0, 0], "thinking can't be marked");
    body["messages"][1]["content"] = json!("");
    assert_eq!(used(&sim, &body).await, [3, 0, 0, 123], "nor can empty text");
}

#[tokio::test]
async fn on_a_block_with_the_same_mark_it_changes_nothing_and_with_another_time_it_is_refused() {
    let (sim, _) = small().await;
    let body = |own: Value, top: Value| {
        let mut body = said(vec![block(words("b", 120), &own)]);
        body["cache_control"] = top;
        body
    };
    assert_eq!(used(&sim, &body(hour(), hour())).await, [0, 0, 123, 0]);
    assert_eq!(used(&sim, &body(five(), json!({"type": "ephemeral", "ttl": "5m"}))).await, [0, 0, 0, 123]);
    for (own, top) in [(hour(), five()), (five(), hour())] {
        let message = refused(&sim, &body(own, top)).await;
        assert_eq!(
            message,
            "cache_control.ttl: the last block has a cache_control of its own with a different ttl"
        );
    }
}

#[tokio::test]
async fn an_entry_of_an_hour_comes_before_those_of_five_minutes() {
    let (sim, _) = small().await;
    let order = "cache_control.ttl: a ttl='1h' cache_control block must not come after a ttl='5m' cache_control block. \
                 Note that blocks are processed in the following order: `tools`, `system`, `messages`.";
    let second = refused(&sim, &marked(&[five(), hour()])).await;
    assert_eq!(second, format!("messages.0.content.1.{order}"));

    let mut across = said(vec![block(words("m", 100), &Value::Null)]);
    across["tools"] = json!([{"name": "t", "input_schema": {}, "cache_control": five()}]);
    across["system"] = json!([block(words("s", 100), &hour())]);
    assert_eq!(refused(&sim, &across).await, format!("system.0.{order}"));

    let mut top = request(json!([block(words("s", 100), &five())]));
    top["cache_control"] = hour();
    assert_eq!(refused(&sim, &top).await, order);
    assert_eq!(used(&sim, &marked(&[hour(), five()])).await, [0, 100, 103, 0]);
}

#[tokio::test]
async fn each_mark_writes_what_lies_before_it_for_its_own_time() {
    let (sim, _) = small().await;
    // The published figures: A is the highest hit, B the highest mark of an hour, C the last mark.
    assert_eq!(used(&sim, &marked(&[hour(), hour(), five(), five(), Value::Null])).await, [100, 200, 203, 0]);
    let mut grown = marked(&[Value::Null, hour(), five(), Value::Null]);
    grown["messages"][0]["content"][2]["text"] = json!(words("new", 100));
    assert_eq!(used(&sim, &grown).await, [100, 100, 0, 203]);
    let mut longer = marked(&[Value::Null, Value::Null, Value::Null, Value::Null, hour()]);
    longer["messages"][0]["content"][4]["text"] = json!(words("end", 70));
    assert_eq!(used(&sim, &longer).await, [0, 0, 70, 403]);
}

#[tokio::test]
async fn a_mark_says_ephemeral_and_one_of_two_times() {
    let (sim, _) = small().await;
    let of = |mark: Value| said(vec![block("before", &Value::Null), block(words("b", 120), &mark)]);
    let at = "messages.0.content.1.cache_control";
    for (mark, message) in [
        (json!({"type": "ephemeral", "ttl": "2h"}), ".ephemeral.ttl: Input should be '5m' or '1h'"),
        (json!({"type": "ephemeral", "ttl": 300}), ".ephemeral.ttl: Input should be '5m' or '1h'"),
        (json!({"type": "persistent"}), ".type: Input should be 'ephemeral'"),
        (json!({}), ".type: Input should be 'ephemeral'"),
        (json!("ephemeral"), ": Input should be a valid dictionary"),
        (json!({"type": "ephemeral", "scope": "global"}), ".ephemeral.scope: Extra inputs are not permitted"),
    ] {
        assert_eq!(refused(&sim, &of(mark.clone())).await, format!("{at}{message}"));
        let mut top = request(json!("s"));
        top["cache_control"] = mark;
        assert_eq!(refused(&sim, &top).await, format!("cache_control{message}"));
    }
    let minutes = used(&sim, &of(json!({"type": "ephemeral", "ttl": "5m"}))).await;
    assert!(minutes[1] > 120, "{minutes:?}");
    assert_eq!(
        used(&sim, &of(json!({"type": "ephemeral", "ttl": null}))).await[3],
        minutes[1],
        "5 minutes too"
    );
    assert_eq!(sim.bill().billed_calls, 2);
}

#[tokio::test]
async fn empty_text_and_thinking_cannot_be_marked() {
    let (sim, _) = small().await;
    let empty = said(vec![block(words("b", 120), &Value::Null), block("", &five())]);
    assert_eq!(
        refused(&sim, &empty).await,
        "messages.0.content.1.text: cache_control cannot be set for empty text blocks"
    );
    assert_eq!(
        refused(&sim, &request(json!([block("", &five())]))).await,
        "system.0.text: cache_control cannot be set for empty text blocks"
    );
    for kind in ["thinking", "redacted_thinking"] {
        let mut body = said(vec![block("b", &Value::Null)]);
        let thought =
            json!({"type": kind, "thinking": "hm", "data": "x", "signature": "s", "cache_control": five()});
        body["messages"].as_array_mut().unwrap().extend([
            json!({"role": "assistant", "content": [thought, {"type": "text", "text": "a"}]}),
            json!({"role": "user", "content": "b"}),
        ]);
        let message = format!("messages.1.content.0.{kind}.cache_control: Extra inputs are not permitted");
        assert_eq!(refused(&sim, &body).await, message);
    }
}
