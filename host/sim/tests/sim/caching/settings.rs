//! "Broken by: … `tool_choice` or thinking settings changed (from the messages on), an image added or removed." The
//! published page names two more: `output_config.effort` (from the messages on) and `speed` (from the system prompt on); the
//! page on structured outputs names `output_config.format`, which adds to the system prompt.

use serde_json::{Value, json};

use super::{block, five, small, used, words};

/// Marked tools, system prompt and message, on a model that takes every setting.
fn body(change: impl FnOnce(&mut Value)) -> Value {
    let image = json!({"type": "text", "text": "see"});
    let mut body = json!({"model": "claude-opus-4-8", "max_tokens": 2_000,
        "tools": [{"name": "t", "description": words("d", 200), "input_schema": {"type": "object"},
            "cache_control": five()}],
        "system": [block(words("s", 200), &five())],
        "messages": [{"role": "user", "content": [block(words("m", 200), &five()), image]}]});
    change(&mut body);
    body
}

/// How many parts stay warm when a request changes so: 3 for all, 2 for tools and system, 1 for the tools.
async fn warm(change: impl FnOnce(&mut Value)) -> u64 {
    let (sim, _) = small().await;
    let first = used(&sim, &body(|_| {})).await;
    let all = first[1];
    let read = used(&sim, &body(change)).await[3];
    match all - read {
        0 => 3,
        203 => 2,
        403 => 1,
        lost => panic!("{read} of {all} tokens were read, {lost} were not"),
    }
}

#[tokio::test]
async fn tool_choice_breaks_from_the_messages_on() {
    assert_eq!(warm(|b| b["tool_choice"] = json!({"type": "any"})).await, 2);
    assert_eq!(warm(|b| b["tool_choice"] = json!({"type": "none"})).await, 2);
    let serial = json!({"type": "auto", "disable_parallel_tool_use": true});
    assert_eq!(warm(|b| b["tool_choice"] = serial).await, 2);
    assert_eq!(warm(|b| b["tool_choice"] = json!({"type": "auto"})).await, 3, "the default");
}

#[tokio::test]
async fn thinking_settings_break_from_the_messages_on() {
    assert_eq!(warm(|b| b["thinking"] = json!({"type": "enabled", "budget_tokens": 1_024})).await, 2);
    assert_eq!(warm(|b| b["thinking"] = json!({"type": "adaptive"})).await, 2);
    assert_eq!(warm(|b| b["thinking"] = json!({"type": "disabled"})).await, 3, "the default");
    assert_eq!(warm(|b| b["output_config"] = json!({"effort": "low"})).await, 2);
    assert_eq!(warm(|b| b["output_config"] = json!({"effort": "high"})).await, 3, "the default");
}

#[tokio::test]
async fn an_image_added_anywhere_breaks_from_the_messages_on() {
    let image =
        json!({"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "aGk="}});
    let after = image.clone();
    assert_eq!(warm(|b| b["messages"][0]["content"].as_array_mut().unwrap().push(after)).await, 2);
    let result = json!({"type": "tool_result", "tool_use_id": "t", "content": [image]});
    assert_eq!(warm(|b| b["messages"][0]["content"].as_array_mut().unwrap().push(result)).await, 2);
    let text = json!({"type": "text", "text": "no image"});
    assert_eq!(warm(|b| b["messages"][0]["content"].as_array_mut().unwrap().push(text)).await, 3);
}

#[tokio::test]
async fn an_image_among_images_breaks_nothing_before_it() {
    let (sim, _) = small().await;
    let image = |data: &str| json!({"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": data}});
    let with =
        |images: Vec<Value>| body(|b| b["messages"][0]["content"].as_array_mut().unwrap().extend(images));
    let first = used(&sim, &with(vec![image("aGk=")])).await;
    assert_eq!(used(&sim, &with(vec![image("aGk="), image("b24=")])).await[3], first[1]);
}

#[tokio::test]
async fn speed_and_the_format_of_the_answer_break_from_the_system_prompt_on() {
    let schema = json!({"format": {"type": "json_schema", "schema": {"type": "object"}}});
    assert_eq!(warm(|b| b["output_config"] = schema).await, 1);
    assert_eq!(warm(|b| b["speed"] = json!("standard")).await, 3, "the default");
    let (sim, _) = small().await;
    let fast = |speed: &str| {
        body(|b| {
            b["model"] = json!("claude-opus-5-5");
            b["speed"] = json!(speed);
        })
    };
    let all = used(&sim, &fast("standard")).await[1];
    assert_eq!(used(&sim, &fast("fast")).await[3], all - 403);
}

#[tokio::test]
async fn what_is_not_rendered_into_the_prompt_breaks_nothing() {
    assert_eq!(warm(|b| b["max_tokens"] = json!(7)).await, 3);
    assert_eq!(warm(|b| b["stop_sequences"] = json!(["END"])).await, 3);
    assert_eq!(warm(|b| b["metadata"] = json!({"user_id": "u"})).await, 3);
    assert_eq!(warm(|b| b["inference_geo"] = json!("us")).await, 3);
}
