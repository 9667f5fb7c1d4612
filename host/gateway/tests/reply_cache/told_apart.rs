//! What tells one question from another, and what does not.

use crate::scene::Setting;
use crate::{COUNTED, asked, of_agent, question, said, scene, setting};
use anvil_budget::PressureSteps;
use anvil_gateway::Ask;
use anvil_types::{
    ContentBlock, Effort, Limits, Message, Nanodollars, Origin, Priority, Request, RequestOption, Role, Tool,
};

/// What is changed of a question, and how.
type Change = (&'static str, fn(&mut Ask));

fn text(text: &str) -> ContentBlock {
    ContentBlock::Text { text: text.to_owned() }
}

fn tool(name: &str, schema: &str) -> Tool {
    Tool { name: name.into(), description: "Finds.".into(), input_schema: schema.into() }
}

fn option(request: &mut Request, option: RequestOption, json: &str) {
    request.options.push((option.name().to_owned(), json.to_owned()));
}

/// A question with something of everything.
fn whole(ask: &mut Ask) {
    let request = &mut ask.request;
    request.system = Some("Be short.".into());
    request.messages.push(Message { role: Role::Assistant, content: vec![text("What?")] });
    request.messages.push(Message { role: Role::User, content: vec![text("This."), text("And that.")] });
    request.tools = vec![tool("find", r#"{"type":"object"}"#)];
    request.stop_sequences = vec!["END".into()];
    option(request, RequestOption::Metadata, r#"{"user_id":"a"}"#);
    option(request, RequestOption::ServiceTier, "\"standard_only\"");
}

#[tokio::test]
async fn whatever_can_change_the_answer_is_another_question() {
    let changes: [Change; 17] = [
        ("the system", |ask| ask.request.system = Some("Be long.".into())),
        ("no system", |ask| ask.request.system = None),
        ("a text", |ask| ask.request.messages[0].content = vec![text("Say nothing.")]),
        ("a block more", |ask| ask.request.messages[2].content.push(text("More."))),
        ("two blocks as one", |ask| ask.request.messages[2].content = vec![text("This.And that.")]),
        ("a turn less", |ask| ask.request.messages.truncate(1)),
        ("a tool's name", |ask| ask.request.tools = vec![tool("look", r#"{"type":"object"}"#)]),
        ("a tool's schema", |ask| ask.request.tools = vec![tool("find", r#"{"type": "object"}"#)]),
        ("no tool", |ask| ask.request.tools.clear()),
        ("the most output", |ask| ask.request.max_output_tokens = Some(201)),
        ("what the agent's own limit makes of it", |ask| ask.terms.max_output_tokens = Some(100)),
        ("what ends it", |ask| ask.request.stop_sequences = vec!["END.".into()]),
        ("an option", |ask| ask.request.options[0].1 = r#"{"user_id":"b"}"#.into()),
        ("an option less", |ask| ask.request.options.truncate(1)),
        ("the tier, by effort", |ask| ask.request.effort = Some(Effort::Complex)),
        ("the tier, by name", |ask| option(&mut ask.request, RequestOption::Tier, "\"haiku\"")),
        ("the agent", |ask| *ask = of_agent(ask.clone(), "another", &[])),
    ];
    let scene = scene(r#"{"items": ["yes"], "repeat": true}"#).await;
    let ask = |position: u32| {
        let mut ask = question(&scene, position, "Say something.");
        whole(&mut ask);
        ask
    };
    assert_eq!(asked(&scene.gateway, ask(0)).await.origin, Origin::Live);
    for (position, (what, change)) in (1..).zip(changes) {
        let mut other = ask(position * 2);
        change(&mut other);
        assert_eq!(asked(&scene.gateway, other.clone()).await.origin, Origin::Live, "{what}");
        assert_eq!(asked(&scene.gateway, other).await.origin, Origin::Cache, "{what}, for the second time");
        assert_eq!(
            asked(&scene.gateway, ask(position * 2 + 1)).await.origin,
            Origin::Cache,
            "the first one still"
        );
    }
    assert_eq!(scene.sent(), changes.len() + 1);
}

#[tokio::test]
async fn what_changes_no_answer_is_the_same_question() {
    let changes: [Change; 6] = [
        ("tags", |ask| ask.terms.tags = vec!["day".into()]),
        ("the priority", |ask| ask.terms.priority = Priority::Critical),
        ("the order of options", |ask| ask.request.options.reverse()),
        ("a tier that is chosen anyway", |ask| option(&mut ask.request, RequestOption::Tier, "\"sonnet\"")),
        ("the agent's limit where it is wider", |ask| ask.terms.max_output_tokens = Some(900)),
        ("the question's place and its digest", |ask| ask.request_hash = [9; 32]),
    ];
    let scene = scene(COUNTED).await;
    let ask = |position: u32| {
        let mut ask = question(&scene, position, "Say something.");
        whole(&mut ask);
        ask
    };
    asked(&scene.gateway, ask(0)).await;
    for (position, (what, change)) in (1..).zip(changes) {
        let mut other = ask(position);
        change(&mut other);
        assert_eq!(said(&asked(&scene.gateway, other).await), ("one", Origin::Cache), "{what}");
    }
    assert_eq!(scene.sent(), 1);
}

#[tokio::test]
async fn agents_share_replies_where_both_say_so_and_only_then() {
    let scene = scene(COUNTED).await;
    let mut position = 0;
    let mut ask = |agent: &str, sharers: &[&str]| {
        position += 1;
        of_agent(question(&scene, position, "Say something."), agent, sharers)
    };
    let steps: [(&str, &[&str], (&str, Origin)); 14] = [
        ("a", &["c", "d"], ("one", Origin::Live)),
        ("b", &["c", "d"], ("two", Origin::Live)),
        ("c", &["c", "d"], ("three", Origin::Live)),
        ("d", &["c", "d"], ("three", Origin::Cache)),
        ("a", &["c", "d"], ("one", Origin::Cache)),
        ("b", &["c", "d"], ("two", Origin::Cache)),
        // Since then it shares: what it was answered before stays its own, and what others shared is its too.
        ("a", &["a", "c", "d"], ("three", Origin::Cache)),
        ("e", &["a", "c", "d"], ("four", Origin::Live)),
        ("e", &["a", "c", "d", "e"], ("three", Origin::Cache)),
        // The one that paid shares no more: neither does what it shared, and it has nothing of theirs.
        ("c", &["a", "d", "e"], ("five", Origin::Live)),
        ("d", &["a", "d", "e"], ("six", Origin::Live)),
        ("e", &["a", "d", "e"], ("six", Origin::Cache)),
        ("c", &["c", "d"], ("six", Origin::Cache)),
        // What it paid for answers itself, whoever else is left.
        ("d", &["d"], ("six", Origin::Cache)),
    ];
    for (at, (agent, sharers, expected)) in steps.into_iter().enumerate() {
        let asked = asked(&scene.gateway, ask(agent, sharers)).await;
        assert_eq!(said(&asked), expected, "step {at}: {agent} of {sharers:?}");
    }
}

#[tokio::test]
async fn another_upstream_answers_for_itself() {
    let scene = scene(COUNTED).await;
    asked(&scene.gateway, question(&scene, 0, "Say something.")).await;
    let other = anvil_sim::Sim::start(scene.setting.sim.clone()).await.expect("a simulator");
    let elsewhere = scene.another(other.base_url()).await;
    let first = asked(&elsewhere, question(&scene, 1, "Say something.")).await;
    assert_eq!(said(&first), ("one", Origin::Live));
    assert_eq!(asked(&elsewhere, question(&scene, 2, "Say something.")).await.origin, Origin::Cache);
    // Who stands before the `@` may be another account of a gateway between.
    let named = scene.another(scene.sim.base_url().replace("//", "//ann:secret@")).await;
    let third = asked(&named, question(&scene, 3, "Say something.")).await;
    assert_eq!(said(&third), ("two", Origin::Live));
    assert_eq!((scene.sent(), other.log(0, 9).len()), (2, 1));
}

#[tokio::test]
async fn a_cheaper_model_that_is_chosen_since_answers_for_itself() {
    let steps = PressureSteps { throttle: None, one_down: Some(1), cheapest: Some(2) };
    let limits = Limits { hour_usd: Nanodollars::new(50_000_000), ..crate::scene::limits(1_000_000_000_000) };
    let items = r#"{"items": [{"text": "yes", "usage": {"output_tokens": 120}}], "repeat": true}"#;
    let scene = Setting { limits, pressure: steps, ..setting(items) }.scene().await;
    let first = asked(&scene.gateway, question(&scene, 0, "Say something.")).await;
    let second = asked(&scene.gateway, question(&scene, 1, "Say something.")).await;
    assert_ne!(first.model, second.model, "more than 2 % of the hour are spent");
    assert_eq!(second.origin, Origin::Live);
}
