//! "The key is a cumulative hash of everything from the start of the request to the marked block, in the order tools →
//! system → messages, per model and workspace." "Broken by: another model, tools added, removed or reordered, … other key
//! order in a tool's JSON, anything that varies before the mark."

use serde_json::{Value, json};

use super::{block, five, hour, request, said, small, used, used_raw, words};

fn tool(name: &str, mark: &Value) -> Value {
    let mut tool = json!({"name": name, "description": words("d", 200), "input_schema": {"type": "object"}});
    if !mark.is_null() {
        tool["cache_control"] = mark.clone();
    }
    tool
}

/// Tools, system prompt and a message, each marked and with a text of its own.
fn three(tools: &str, system: &str, message: &str) -> Value {
    let mut body = said(vec![block(words(message, 300), &five())]);
    body["tools"] = json!([tool(tools, &five())]);
    body["system"] = json!([block(words(system, 200), &five())]);
    body
}

#[tokio::test]
async fn a_change_breaks_its_own_part_and_all_behind_it_in_the_order_tools_system_messages() {
    let (sim, _) = small().await;
    let [_, all, _, _] = used(&sim, &three("t", "s", "m")).await;
    let (tools, system, message) = (all - 503, 200, 303);
    for (changed, read) in [
        (three("t", "s", "m"), all),
        (three("t", "s", "n"), tools + system),
        (three("t", "r", "m"), tools),
        (three("u", "s", "m"), 0),
    ] {
        assert_eq!(used(&sim, &changed).await, [0, all - read, 0, read], "{changed}");
    }
    assert_eq!(tools + system + message, all);
}

#[tokio::test]
async fn the_order_of_the_bodys_own_keys_is_none_of_the_prompts() {
    let (sim, _) = small().await;
    let text = words("s", 200);
    let system =
        format!(r#""system":[{{"type":"text","text":"{text}","cache_control":{{"type":"ephemeral"}}}}]"#);
    let turned =
        format!(r#""system" : [ {{"cache_control":{{"type":"ephemeral"}},"text":"{text}","type":"text"}} ]"#);
    let tools = r#""tools":[{"name":"t","input_schema":{"type":"object"}}]"#;
    let messages = r#""messages":[{"role":"user","content":"Go"}]"#;
    let rest = r#""model":"claude-opus-4-8","max_tokens":20"#;
    let first = used_raw(&sim, &format!("{{{rest},{tools},{system},{messages}}}")).await;
    assert!(first[1] > 200 && first[3] == 0, "{first:?}");
    for body in [
        format!("{{{messages},{system},{tools},{rest}}}"),
        format!("{{{system},{rest},{messages},{tools}}}"),
        format!("{{ {messages}, {turned},\n {tools},{rest}}}"),
    ] {
        assert_eq!(used_raw(&sim, &body).await, [first[0], 0, 0, first[1]], "{body}");
    }
}

#[tokio::test]
async fn another_order_of_keys_in_a_tools_json_breaks_the_key() {
    let (sim, _) = small().await;
    let body = |schema: &str, input: &str| {
        format!(
            r#"{{"model":"claude-opus-4-8","max_tokens":20,
            "tools":[{{"name":"t","description":"{}","input_schema":{schema}, "cache_control":{{"type":"ephemeral"}}}}],
            "messages":[{{"role":"user","content":"Go"}},
              {{"role":"assistant","content":[{{"type":"tool_use","id":"toolu_1","name":"t","input":{input}}}]}},
              {{"role":"user","content":[{{"type":"tool_result","tool_use_id":"toolu_1","content":"ok",
                "cache_control":{{"type":"ephemeral"}}}}]}}]}}"#,
            words("d", 200)
        )
    };
    let (schema, turned) = (r#"{"type":"object","properties":{}}"#, r#"{"properties":{},"type":"object"}"#);
    let (input, swapped) = (r#"{"a":1,"b":2}"#, r#"{"b":2,"a":1}"#);
    let [rest, all, _, _] = used_raw(&sim, &body(schema, input)).await;
    assert_eq!(used_raw(&sim, &body(schema, &input.replace(',', " ,\n "))).await, [rest, 0, 0, all]);
    let call = r#""type":"tool_use","id":"toolu_1","name":"t","input":{"a":1,"b":2}"#;
    let turned_call = r#""input":{"a":1,"b":2},"name":"t","id":"toolu_1","type":"tool_use""#;
    let same = body(schema, input).replace(call, turned_call);
    assert!(same.contains(turned_call));
    assert_eq!(used_raw(&sim, &same).await, [rest, 0, 0, all], "a block's own fields have their places");
    let [_, written, _, tools] = used_raw(&sim, &body(schema, swapped)).await;
    assert!(tools > 200 && written > 0 && tools + written == all, "the call of the tool is another: {tools}");
    assert_eq!(used_raw(&sim, &body(turned, input)).await, [rest, all, 0, 0], "the tool is another");
}

#[tokio::test]
async fn tools_added_removed_or_reordered_break_everything() {
    let (sim, _) = small().await;
    let body = |names: &[&str]| {
        let mut body = request(json!([block(words("s", 200), &five())]));
        body["tools"] = names.iter().map(|name| tool(name, &Value::Null)).collect();
        body
    };
    let [rest, all, _, _] = used(&sim, &body(&["a", "b"])).await;
    assert_eq!(used(&sim, &body(&["a", "b"])).await, [rest, 0, 0, all]);
    for names in [&["b", "a"][..], &["a"], &["a", "b", "c"]] {
        assert_eq!(used(&sim, &body(names)).await[3], 0, "{names:?}");
    }
}

#[tokio::test]
async fn another_model_has_entries_of_its_own() {
    let (sim, _) = small().await;
    let body = |model: &str| {
        let mut body = request(json!([block(words("s", 200), &five())]));
        body["model"] = json!(model);
        body
    };
    assert_eq!(used(&sim, &body("claude-opus-4-8")).await, [4, 200, 0, 0]);
    assert_eq!(used(&sim, &body("claude-opus-4-7")).await, [4, 200, 0, 0]);
    assert_eq!(used(&sim, &body("claude-opus-4-8")).await, [4, 0, 0, 200]);
}

#[tokio::test]
async fn anything_that_varies_before_the_mark_is_a_miss_and_what_varies_behind_it_is_none() {
    let (sim, _) = small().await;
    let body = |before: &str, behind: &str| {
        said(vec![block(before, &Value::Null), block(words("s", 200), &five()), block(behind, &Value::Null)])
    };
    let [_, all, _, _] = used(&sim, &body("at noon", "one")).await;
    assert_eq!(used(&sim, &body("at noon", "two")).await[3], all);
    assert_eq!(used(&sim, &body("at one", "two")).await[3], 0);
    assert_eq!(used(&sim, &body("at noon ", "two")).await[3], 0, "one space");
}

#[tokio::test]
async fn the_mark_itself_is_no_part_of_the_key_nor_is_whether_a_text_is_given_as_a_block() {
    let (sim, _) = small().await;
    let all = |mark: &Value, tail: &str| {
        said(vec![block(words("s", 200), mark), block(tail, &Value::Null), block("b", &five())])
    };
    assert_eq!(used(&sim, &all(&five(), "a")).await, [0, 205, 0, 0]);
    assert_eq!(used(&sim, &all(&Value::Null, "a")).await, [0, 0, 0, 205]);
    assert_eq!(used(&sim, &all(&hour(), "a")).await, [0, 0, 0, 205]);

    let mut as_text = request(json!(words("t", 150)));
    as_text["cache_control"] = five();
    let mut as_blocks = request(json!([block(words("t", 150), &Value::Null)]));
    as_blocks["messages"] =
        json!([{"role": "user", "content": [{"type": "text", "text": "Go", "cache_control": five()}]}]);
    assert_eq!(used(&sim, &as_text).await, [0, 154, 0, 0]);
    assert_eq!(used(&sim, &as_blocks).await, [0, 0, 0, 154]);
}

#[tokio::test]
async fn a_block_is_not_confused_with_its_neighbour_or_with_its_writer() {
    let (sim, _) = small().await;
    let two = |a: &str, b: &str| {
        said(vec![block(words("s", 200), &Value::Null), block(a, &Value::Null), block(b, &five())])
    };
    used(&sim, &two("ab", "c")).await;
    assert_eq!(used(&sim, &two("a", "bc")).await[3], 0);
    for one in ["abc", "ab c", "ab\nc", "ab\0c", "abusertextc"] {
        let body = said(vec![block(words("s", 200), &Value::Null), block(one, &five())]);
        assert_eq!(used(&sim, &body).await[3], 0, "{one:?}");
    }
    let mut other = two("ab", "c");
    other["messages"].as_array_mut().unwrap().insert(0, json!({"role": "user", "content": "x"}));
    let mut spoken = other.clone();
    spoken["messages"][1]["role"] = json!("assistant");
    spoken["messages"].as_array_mut().unwrap().push(json!({"role": "user", "content": "y"}));
    used(&sim, &other).await;
    assert_eq!(used(&sim, &spoken).await[3], 0);
}
