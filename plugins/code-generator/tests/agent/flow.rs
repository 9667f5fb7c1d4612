//! The whole flow: what is asked, what is handed over, how it ends.

use crate::claude::{COST, Played, cut, fails, job, says, stops, text_of};
use code_generator::agent::{CONTINUATIONS, run};
use code_generator::description::describe;
use code_generator::wit::anvil::agent::claude::Effort;
use code_generator::wit::exports::anvil::agent::agent_api::Failure;
use serde_json::{Value, json};

const LOGIN: &str = r#"{"requirements":"Build a login form"}"#;
const PLAN: &str = "1. `login.html` – the form\n2. `app.js` – sends it";
const BOTH: &str = "```html login.html\n<form>\n```\n\n```js app.js\nsend()\n```\n";

fn result(host: &mut Played, payload: &str) -> Value {
    let outcome = run(host, &job(payload)).expect("the job succeeds");
    let value: Value = serde_json::from_str(&outcome.result).expect("JSON");
    let schema: Value = serde_json::from_str(&describe().actions[0].output_schema).expect("JSON");
    assert!(jsonschema::is_valid(&schema, &value), "{value:#}");
    value
}

fn failure(host: &mut Played) -> Failure {
    run(host, &job(LOGIN)).expect_err("the job fails")
}

#[test]
fn a_login_form_takes_two_calls_and_gives_its_files() {
    let mut host = Played::new([says(PLAN), says(BOTH)]);
    let result = result(&mut host, LOGIN);
    assert_eq!(
        result,
        json!({
            "summary": "Wrote 2 files: login.html, app.js.",
            "plan": ["`login.html` – the form", "`app.js` – sends it"],
            "files": [
                {"name": "login.html", "media_type": "text/html", "bytes": 7, "language": "html"},
                {"name": "app.js", "media_type": "text/javascript", "bytes": 7, "language": "js"},
            ],
            "skipped": [],
            "calls": 2,
            "cost_usd": 0.003,
        })
    );
    assert_eq!(host.artifacts[0], ("login.html".into(), "text/html".into(), "<form>\n".into()));
    assert_eq!(host.asked[0].effort, Some(Effort::Simple));
    assert_eq!(host.asked[1].effort, Some(Effort::Standard));
    assert!(text_of(&host.asked[1], 0).contains("1. `login.html`"), "the plan is part of the task");
    assert!(host.progress.is_sorted_by(|a, b| a.0 <= b.0), "{:?}", host.progress);
    assert_eq!(host.progress.last().map(|(fraction, _)| *fraction), Some(1.0));
}

#[test]
fn every_wish_reaches_claude() {
    let mut host = Played::new([says("No list."), says(BOTH)]);
    host.house_rules = Some("Indent with tabs.".to_owned());
    let payload = json!({"requirements": "A form", "language": "Elm", "style": "terse", "constraints": "no npm",
        "files_max": 7, "tests": true});
    result(&mut host, &payload.to_string());
    for request in &host.asked {
        let text = text_of(request, 0);
        for part in ["A form", "Elm", "terse", "no npm", "At most 7 files", "automated tests"] {
            assert!(text.contains(part), "{part} is missing in {text}");
        }
        assert!(request.system.as_deref().is_some_and(|s| s.ends_with("Indent with tabs.")));
    }
}

#[test]
fn a_call_never_asks_for_more_than_it_may() {
    let mut host = Played::new([says(PLAN), says(BOTH)]);
    host.left.max_output_tokens = 300;
    result(&mut host, LOGIN);
    assert!(host.asked.iter().all(|request| request.max_output_tokens == Some(300)));
}

#[test]
fn an_answer_that_was_cut_is_continued_and_joined() {
    let mut host = Played::new([
        says(PLAN),
        cut("```html login.html\n<form>\n  <inp"),
        cut("<form>\n  <input>\n</form>\n```\n\n```js app.js\nlet a"),
        says("let a = 1;\n```\n"),
    ]);
    let result = result(&mut host, LOGIN);
    assert_eq!(result["calls"], 4);
    assert_eq!(host.artifacts[0].2, "<form>\n  <input>\n</form>\n");
    assert_eq!(host.artifacts[1].2, "let a = 1;\n");
    assert!(text_of(&host.asked[2], 1).ends_with("<form>\n  <inp"), "what was said is handed back");
    assert!(text_of(&host.asked[2], 2).contains("  <inp\n</last_lines>"));
}

#[test]
fn each_reason_that_is_no_end_of_claudes_own_is_a_cut() {
    for reason in
        ["max_tokens", "model_context_window_exceeded", "pause_turn", "tool_use", "a_new_reason", "unknown"]
    {
        let half = stops(reason, "```html login.html\n<form>\n```\n");
        let mut host = Played::new([says(PLAN), half, says("```js app.js\nsend()\n```\n")]);
        let result = result(&mut host, LOGIN);
        assert_eq!((host.names(), &result["calls"]), (vec!["login.html", "app.js"], &json!(3)), "{reason}");
        let mut host = Played::new([stops(reason, PLAN), says(BOTH)]);
        run(&mut host, &job(LOGIN)).expect("the job succeeds");
        assert!(host.log.iter().any(|line| line.contains("the plan is cut off")), "{reason}");
    }
}

#[test]
fn an_answer_cut_behind_the_last_planned_file_is_whole() {
    let mut host = Played::new([says(PLAN), cut(&format!("{BOTH}\nOpen it in a brow"))]);
    assert_eq!(result(&mut host, LOGIN)["calls"], 2);
}

#[test]
fn a_continuation_fits_the_room_of_a_call() {
    let long = format!("```html login.html\n{}", "<p>a long page</p>\n".repeat(5_000));
    let mut host = Played::new([says(PLAN), cut(&long), says("</form>\n```")]);
    result(&mut host, LOGIN);
    let bytes: usize = (0..3).map(|turn| text_of(&host.asked[2], turn).len()).sum();
    assert!(bytes < 2 * 8_000, "{bytes}");
    assert_eq!(host.artifacts[0].2.lines().count(), 5_001, "nothing is lost of the file itself");
}

#[test]
fn continuing_ends_at_its_bound() {
    const CALLS: usize = 2 + CONTINUATIONS as usize;
    let script: [_; CALLS] = std::array::from_fn(|at| match at {
        0 => says(PLAN),
        1 => cut("```html login.html\n<form>\n```\n```js app.js\nlet x1"),
        _ => cut(&format!(" + x{at}")),
    });
    let mut host = Played::new(script);
    let result = result(&mut host, LOGIN);
    assert_eq!(result["calls"], CALLS);
    assert_eq!(host.names(), ["login.html"]);
    assert_eq!(result["skipped"][0]["name"], "app.js");
    assert!(host.log.iter().any(|line| line.contains("it was cut 7 times")), "{:?}", host.log);
}

#[test]
fn a_block_left_open_without_a_limit_is_asked_on_once() {
    let open = "```html login.html\n<form>\n";
    let mut host = Played::new([says(PLAN), says(open), says("</form>\n"), says(open), says("</form>\n")]);
    let failure = failure(&mut host);
    assert_eq!(failure.kind, "bad-reply");
    assert!(failure.message.contains("login.html: cut off"), "{}", failure.message);
    assert!(text_of(&host.asked[3], 2).contains("login.html: cut off"), "and then it is told so once");
}

#[test]
fn without_money_for_the_rest_it_finishes_with_what_is_complete() {
    let half = "```html login.html\n<form>\n```\n```js app.js\nlet";
    let spent = |change: fn(&mut Played)| {
        let mut host = Played::new([says(PLAN), cut(half)]);
        change(&mut host);
        host
    };
    for mut host in [
        spent(|host| host.left.calls = 0),
        spent(|host| host.left.job_nanodollars = COST),
        Played::new([says(PLAN), cut(half), fails("over-budget")]),
        Played::new([says(PLAN), cut(half), fails("calls-exhausted")]),
    ] {
        let result = result(&mut host, LOGIN);
        assert_eq!((host.names(), &result["calls"]), (vec!["login.html"], &json!(2)));
        assert_eq!(result["skipped"][0]["name"], "app.js");
        assert_eq!(result["summary"], "Wrote 1 file: login.html. Left out 1: app.js.");
    }
}

#[test]
fn what_is_complete_is_not_lost_with_the_rest() {
    let half = "```html login.html\n<form>\n```\n```js app.js\nlet";
    for rest in [fails("overloaded"), fails("too-large"), stops("refusal", "")] {
        let mut host = Played::new([says(PLAN), cut(half), rest]);
        assert_eq!(result(&mut host, LOGIN)["skipped"][0]["name"], "app.js");
        assert_eq!(host.names(), ["login.html"]);
    }
    let mut host = Played::new([says(PLAN), cut("```js app.js\nlet"), fails("overloaded")]);
    assert_eq!(failure(&mut host).kind, "internal", "without any file another attempt is worth it");
}

#[test]
fn a_full_window_is_waited_for() {
    let mut host = Played::new([says(PLAN), cut("```html login.html\n<form>"), says("<form>\n```")]);
    (host.left.window_nanodollars, host.left.pressure) = (0, 1.0);
    assert_eq!(result(&mut host, LOGIN)["calls"], 3);
}

#[test]
fn a_job_that_cannot_be_done_says_why_in_the_contract_s_words() {
    for (script, kind) in [
        ([fails("over-budget"), says("")], "over-budget"),
        ([fails("calls-exhausted"), says("")], "over-budget"),
        ([fails("too-large"), says("")], "invalid-input"),
        ([fails("invalid-request"), says("")], "final"),
        ([fails("overloaded"), says("")], "internal"),
        ([fails("a-kind-of-the-future"), says("")], "internal"),
        ([says(PLAN), fails("over-budget")], "over-budget"),
        ([says(PLAN), fails("rate-limited")], "internal"),
        ([says(PLAN), stops("refusal", "")], "final"),
        ([stops("refusal", ""), says("")], "final"),
        ([says(PLAN), cut("")], "final"),
    ] {
        let mut host = Played::new(script);
        let failure = failure(&mut host);
        assert_eq!(failure.kind, kind, "{}", failure.message);
        assert!(!failure.message.is_empty() && host.artifacts.is_empty());
    }
    let mut host = Played::new([says(PLAN), cut("```html login.html\n<f")]);
    host.left.calls = 0;
    assert_eq!(failure(&mut host).kind, "over-budget", "no file and no money for one");
}

#[test]
fn bad_input_costs_nothing() {
    let mut host = Played::new([]);
    assert_eq!(run(&mut host, &job("{}")).expect_err("refused").kind, "invalid-input");
    let mut other = job(LOGIN);
    other.action = "destroy".to_owned();
    let failure = run(&mut host, &other).expect_err("refused");
    assert_eq!(failure.kind, "invalid-input");
    assert!(failure.message.contains("`destroy`") && failure.message.contains("`generate`"));
}

#[test]
fn a_file_that_the_host_refuses_is_reported() {
    let mut host = Played::new([says(PLAN), says(BOTH)]);
    host.refuses = Some("app.js");
    let result = result(&mut host, LOGIN);
    assert_eq!(result["skipped"], json!([{"name": "app.js", "reason": "there are too many files"}]));
    assert_eq!(host.names(), ["login.html"]);
}

#[test]
fn no_more_files_than_were_asked_for() {
    let mut host = Played::new([says(PLAN), says(BOTH)]);
    let result = result(&mut host, r#"{"requirements":"x","files_max":1}"#);
    assert_eq!(host.names(), ["login.html"]);
    assert_eq!(result["skipped"][0]["name"], "app.js");
}

#[test]
fn the_same_answers_lead_to_the_same_questions() {
    let play = || {
        let mut host = Played::new([says(PLAN), cut("```html login.html\n<f"), says("<form>\n```")]);
        result(&mut host, LOGIN);
        format!("{:?} {:?}", host.asked, host.artifacts)
    };
    assert_eq!(play(), play());
}

#[test]
fn the_schemas_are_schemas_and_take_the_seed_s_payload() {
    let description = describe();
    assert_eq!(
        (description.name.as_str(), description.actions[0].name.as_str()),
        ("code-generator", "generate")
    );
    let schema: Value = serde_json::from_str(&description.actions[0].input_schema).expect("JSON");
    let validator = jsonschema::validator_for(&schema).expect("a schema");
    assert!(validator.is_valid(&json!({"requirements": "Build a login form"})));
    for bad in [json!({}), json!({"requirements": ""}), json!({"requirements": "x", "langauge": "rust"})] {
        assert!(!validator.is_valid(&bad), "{bad}");
    }
    for (name, property) in schema["properties"].as_object().expect("properties") {
        for key in ["title", "description", "examples"] {
            assert!(!property[key].is_null(), "{name} has no {key}");
        }
    }
}
