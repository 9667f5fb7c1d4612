//! The simulator's own answers: they depend on the question, have the form that it asks for, and are the same each time.

mod files;
mod form;
mod json;
mod page;
mod plan;
mod program;
mod prose;
mod script_js;
mod topic;

use crate::question::Question;
use crate::reply::Block;
use crate::rng::Rng;

use form::Form;
use topic::Topic;

/// How much of a text is looked at, in bytes: a guest that sends megabytes must not keep the host busy with them.
const OPENING: usize = 32 * 1024;

fn opening(text: &str) -> &str {
    &text[..text.floor_char_boundary(OPENING)]
}

/// Content for a question.
pub(crate) fn answer(question: &Question) -> Vec<Block> {
    let mut rng = Rng::new(question.hash);
    let (system, user) = (opening(&question.system), opening(&question.last_user));
    let topic = Topic::of(user);
    let mut blocks = Vec::new();
    if question.thinking {
        blocks.push(Block::Thinking {
            text: format!(
                "The question is about {}. I'll keep to what was asked and say it briefly.",
                topic.name
            ),
            signature: format!("sim{:016x}", question.hash),
        });
    }
    if let Some(tool) = question.forced_tool.and_then(|i| question.tools.get(i)) {
        blocks.push(Block::ToolUse {
            id: format!("toolu_sim{:016x}", rng.next_u64()),
            name: tool.name.clone(),
            input: json::by_schema(&tool.schema, &topic, "input").to_string(),
        });
        return blocks;
    }
    let text = match &question.schema {
        Some(schema) => json::by_schema(schema, &topic, "value").to_string(),
        None if question.after_tool => prose::after_tool(&topic),
        None => match Form::of(system, user) {
            Form::Json => json::from_prompt(system, user, &topic),
            Form::Plan => plan::plan(&topic, &mut rng),
            Form::Files(kind) => files::files(kind, user, &topic),
            Form::Prose => prose::prose(&topic, &mut rng),
        },
    };
    blocks.push(Block::Text(text));
    blocks
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;
    use crate::tokens::count_tokens;
    use crate::validate::{Fields, Purpose, Sampling, Strictness};

    fn ask(extra: &Value) -> String {
        let mut body = json!({"model": "claude-haiku-4-5-20251001", "max_tokens": 4000});
        for (key, value) in extra.as_object().expect("an object") {
            body[key] = value.clone();
        }
        let strict = Strictness {
            task_budgets: false,
            purpose: Purpose::Message,
            fields: Fields::Known,
            sampling: Sampling::Allowed,
        };
        let question = Question::parse(body.to_string().as_bytes(), strict).expect("a valid request");
        assert_eq!(answer(&question), answer(&question), "the same each time");
        answer(&question).iter().map(Block::streamed).collect()
    }

    fn user(text: &str) -> String {
        ask(&json!({"messages": [{"role": "user", "content": text}]}))
    }

    #[test]
    fn a_login_form_comes_as_three_files_that_belong_together() {
        let text =
            user("Build a login form. Answer with fenced code blocks, a file name in each info string.");
        for part in
            ["```html index.html\n", "```css styles.css\n", "```js app.js\n", "type=\"password\"", "Sign in"]
        {
            assert!(text.contains(part), "{part} is missing in {text}");
        }
        assert!(
            count_tokens(&text) < 1_900,
            "fits the default of 2,000 output tokens: {}",
            count_tokens(&text)
        );
        assert_eq!(text.matches("\n```\n").count(), 3, "every block is closed: {text}");
    }

    #[test]
    fn the_files_that_are_named_are_the_files_that_come() {
        let text = user("Write these files for a todo list: `web/todo.html`, `web/todo.js` and `notes.md`.");
        assert!(text.contains("```html web/todo.html\n") && text.contains("```js web/todo.js\n"), "{text}");
        assert!(text.contains("markdown notes.md\n") && !text.contains("styles.css"), "{text}");
        assert!(text.contains("src=\"todo.js\""), "{text}");
    }

    #[test]
    fn a_language_that_is_asked_for_is_used() {
        assert!(user("Write code in Python for a rate limiter").contains("```python rate_limiter.py\n"));
        assert!(user("Implement a csv parser in Rust, full files").contains("```rust src/lib.rs\n"));
        assert!(user("Write unit tests for the login form").contains("```js login_form.test.js\n"));
        assert!(user("Write the documentation of the login form").contains("markdown README.md\n"));
    }

    #[test]
    fn json_has_the_fields_that_are_asked_for() {
        let text = user(
            r#"Respond only with JSON of the form {"title": "…", "steps": ["…"], "risk": 1, "done": false}. Build a login form."#,
        );
        let value: Value = serde_json::from_str(&text).expect("valid JSON");
        assert!(value["title"].is_string() && value["steps"][0].is_string(), "{value}");
        assert!(value["risk"].is_number() && value["done"].is_boolean(), "{value}");
        let text = user("Reply as a JSON object with the fields `summary`, `tasks` and `estimate_hours`.");
        let value: Value = serde_json::from_str(&text).expect("valid JSON");
        assert!(
            value["summary"].is_string() && value["tasks"].is_array() && value["estimate_hours"].is_number()
        );
    }

    #[test]
    fn a_schema_is_kept_to() {
        let schema = json!({"type": "object", "required": ["kind", "items"], "properties": {
            "kind": {"enum": ["web", "cli"]}, "count": {"type": "integer", "minimum": 3},
            "items": {"type": "array", "items": {"type": "object", "properties": {"name": {"type": "string"}}}}}});
        let text = ask(&json!({"messages": [{"role": "user", "content": "Sort this"}],
            "output_config": {"format": {"type": "json_schema", "schema": schema}}}));
        let value: Value = serde_json::from_str(&text).expect("valid JSON");
        assert_eq!(value["kind"], "web");
        assert!(value["count"].as_i64() >= Some(3) && value["items"][0]["name"].is_string(), "{value}");
    }

    #[test]
    fn a_plan_is_numbered_and_speaks_of_the_question() {
        let text = user("Make a short numbered plan, without code: Build a login form");
        assert!(text.contains("1. ") && text.contains("4. ") && text.contains("login form"), "{text}");
        assert!(!text.contains("```"), "{text}");
    }

    #[test]
    fn a_forced_tool_is_used_with_input_of_its_schema() {
        let text = ask(&json!({"messages": [{"role": "user", "content": "Weather in Oslo?"}],
            "tools": [{"name": "get_weather", "input_schema": {"type": "object", "required": ["city"],
                "properties": {"city": {"type": "string"}}}}],
            "tool_choice": {"type": "tool", "name": "get_weather"}}));
        let value: Value = serde_json::from_str(&text).expect("valid JSON");
        assert!(value["city"].is_string(), "{value}");
    }

    #[test]
    fn anything_else_is_answered_in_prose() {
        let text = user("Why do token buckets go into debt?");
        assert!(text.contains("token buckets") && text.len() > 200, "{text}");
    }

    proptest! {
        #[test]
        fn any_text_gets_an_answer(text in "(\\PC|\n|json|plan|files?|task:|[{}\"`.:]){1,200}") {
            prop_assert!(!user(&text).is_empty());
        }
    }

    #[test]
    fn a_hostile_schema_does_not_blow_up() {
        let deep = (0..40).fold(
            json!({"type": "string"}),
            |inner, _| json!({"type": "array", "minItems": 20, "items": inner}),
        );
        assert!(json::by_schema(&deep, &Topic::of("x"), "x").to_string().len() < 100_000);
    }
}
