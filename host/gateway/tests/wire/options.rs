//! What agents say beside what a request is made of: what goes out of it, and what it is held by.

use crate::scene::{self, Scene, Setting, ask};
use crate::{PLENTY, Wire, plain};
use anvil_types::{CallError, CallErrorKind, Nanodollars, Reply, Tool};
use serde_json::{Value, json};

/// A model that is named as honouring task budgets.
const TAKES_A_BUDGET: &str = "claude-opus-4-7";
const BETA: &str = "anthropic-beta: task-budgets-2026-03-13";

fn options(options: &[(&str, &str)]) -> Vec<(String, String)> {
    options.iter().map(|(name, json)| ((*name).to_owned(), (*json).to_owned())).collect()
}

fn tool() -> Tool {
    Tool { name: "t".into(), description: "d".into(), input_schema: r#"{"type":"object"}"#.into() }
}

fn body(request: &str) -> Value {
    let (_, body) = request.split_once("\r\n\r\n").expect("a head and a body");
    serde_json::from_str(body).expect("JSON")
}

#[tokio::test]
async fn every_option_that_has_a_bound_goes_out_as_it_was_given() {
    let mut wire = Wire::streams(&[plain()]).await;
    let given = [
        ("temperature", "0.50"),
        ("top_p", "0.9"),
        ("top_k", "7"),
        ("metadata", r#"{"user_id":"u-1"}"#),
        ("service_tier", r#""standard_only""#),
        ("inference_geo", r#""us""#),
        ("speed", r#""standard""#),
        ("output_config", r#"{"effort":"low"}"#),
    ];
    let mut question = wire.question("Say something.");
    question.request.options = options(&given);
    let (reply, call) = wire.ask(question).await;
    reply.expect("an answer");
    let request = wire.upstream.requests()[0].clone();
    for (name, json) in given {
        assert!(request.contains(&format!("\"{name}\":{json}")), "{name}: {request}");
    }
    assert!(!request.to_lowercase().contains("anthropic-beta"), "nothing needs one");
    let (_, plain_call) = wire.call().await;
    assert!(call.hold > plain_call.hold, "what it says is bounded too");
}

#[tokio::test]
async fn what_has_no_bound_or_no_model_that_takes_it_is_refused_unsent() {
    let mut wire = Wire::streams(&[plain()]).await;
    let budget = r#"{"type":"tokens","total":20000}"#;
    let within = format!(r#"{{"task_budget":{budget}}}"#);
    for (given, says) in [
        (&[("service_tier", "\"auto\"")][..], "`service_tier` is \"auto\""),
        (&[("inference_geo", "\"mars\"")], "\"global\" or \"us\""),
        (&[("speed", "\"warp\"")], "\"standard\" or \"fast\""),
        (&[("speed", "\"fast\"")], "claude-sonnet-5-5"),
        (&[("task_budget", budget)], "claude-sonnet-5-5 is not known to take a task budget"),
        (&[("output_config", &within)], "claude-sonnet-5-5 is not known to take a task budget"),
        (&[("task_budget", r#"{"type":"tokens","total":19999}"#)], "at least 20000"),
        (&[("task_budget", budget), ("output_config", &within)], "`task_budget` is given twice"),
        (&[("mcp_servers", "[]")], "`mcp_servers` is not known"),
    ] {
        let mut question = wire.question("Say something.");
        question.request.options = options(given);
        let end = wire.gateway.call(question).wait().await;
        let error = scene::told(wire.scene.store.as_ref(), end).await.expect_err(says);
        assert_eq!((error.kind, error.request_sent), (CallErrorKind::InvalidRequest, false), "{error}");
        assert!(error.message.contains(says), "{error}");
    }
    assert_eq!(wire.upstream.requests(), Vec::<String>::new());
}

#[tokio::test]
async fn a_fast_answer_is_held_at_the_price_of_fast_ones() {
    let mut wire = Wire::streams(&[plain()]).await;
    let mut hold_of = async |given: &[(&str, &str)]| {
        let mut question = wire.question("Say something.");
        question.request.options = options(given);
        let (reply, call) = wire.ask(question).await;
        reply.expect("an answer");
        (call.hold, call.price_row)
    };
    let (ordinary, row) = hold_of(&[("tier", "\"opus\""), ("speed", "\"standard\"")]).await;
    assert!(row.starts_with("claude-opus-5-5@"), "{row}");
    let (fast, row) = hold_of(&[("tier", "\"opus\""), ("speed", "\"fast\"")]).await;
    assert!(row.contains("fast"), "{row}");
    assert!(fast.get() > ordinary.get() * 19 / 10, "{fast} and {ordinary}");
}

/// A simulator behind which every tier is a model that takes task budgets.
async fn scene_with_budgets() -> Scene {
    let mut setting = Setting { limits: scene::limits(PLENTY), ..Setting::script("[]") };
    TAKES_A_BUDGET.clone_into(&mut setting.models.sonnet);
    setting.scene().await
}

async fn answered(scene: &Scene, question: anvil_gateway::Ask) -> Result<Reply, CallError> {
    let end = scene.gateway.call(question).wait().await;
    scene::told(scene.store.as_ref(), end).await
}

#[tokio::test]
async fn a_model_that_takes_a_task_budget_gets_it_with_what_lets_it_in() {
    let scene = scene_with_budgets().await;
    let budget = ("task_budget", r#"{"type":"tokens","total":20000}"#);
    let config = ("output_config", r#"{"effort":"low"}"#);
    for (position, given) in (0..).zip([&[budget][..], &[budget, config]]) {
        let mut question = ask(&scene.job, position, "Say something.");
        question.request.options = options(given);
        answered(&scene, question).await.expect("the simulator lets nothing in without its header");
    }
}

#[tokio::test]
async fn a_tool_loop_is_told_what_its_jobs_money_reaches_for() {
    let mut wire = Wire::streams(&[plain()]).await;
    let mut config = wire.scene.setting.config(wire.upstream.url.clone());
    config.models.sonnet = TAKES_A_BUDGET.to_owned();
    let gateway =
        anvil_gateway::Gateway::start(config, wire.scene.store.clone(), wire.scene.setting.clock.clone());
    wire.gateway = gateway.await.expect("a gateway");
    let own = r#"{"type":"tokens","total":50000}"#;
    for (declared, tools, given, told) in [
        (true, vec![tool()], &[][..], true),
        (true, Vec::new(), &[], false),
        (false, vec![tool()], &[], false),
        (true, vec![tool()], &[("task_budget", own)], true),
    ] {
        let mut question = wire.question("Say something.");
        question.terms.task_budget = declared;
        question.request.tools = tools;
        question.request.options = options(given);
        let before = wire.upstream.requests().len();
        let (_, call) = wire.ask(question).await;
        let request = wire.upstream.requests()[before].clone();
        let budget = body(&request)["output_config"]["task_budget"].clone();
        assert_eq!(request.contains(BETA), told, "{request}");
        if !told {
            assert_eq!(budget, Value::Null);
            continue;
        }
        if !given.is_empty() {
            assert_eq!(budget, json!({"type": "tokens", "total": 50_000}), "its own word goes before");
            continue;
        }
        let total = budget["total"].as_u64().expect("a number");
        // A million dollars, at 31.25 for a million tokens that are written and read once more.
        assert!((31_000_000_000..=32_000_000_000).contains(&total), "{total}");
        assert!(call.hold > Nanodollars::ZERO);
    }
}
