//! What cannot be used is told to Claude once, and what it gives in its place is taken.

use crate::claude::{COST, Played, cut, fails, job, says, stops, text_of};
use code_generator::agent::run;
use serde_json::{Value, json};

const TASK: &str = r#"{"requirements":"Build a login form"}"#;
const PLAN: &str = "1. `login.js` – checks it\n2. `package.json` – runs it";
const GOOD: &str = "```js login.js\ncheck();\n```\n";
const BROKEN: &str = "```json package.json\n{\"type\": \"module\",}\n```\n";
const WHOLE: &str = "```json package.json\n{\"type\": \"module\"}\n```\n";

fn result(host: &mut Played) -> Value {
    let outcome = run(host, &job(TASK)).unwrap_or_else(|failure| panic!("{failure:?}"));
    serde_json::from_str(&outcome.result).expect("JSON")
}

#[test]
fn a_file_that_does_not_parse_is_asked_for_once_more_and_no_other() {
    let mut host = Played::new([says(PLAN), says(&format!("{GOOD}\n{BROKEN}")), says(WHOLE)]);
    let result = result(&mut host);
    assert_eq!((host.names(), &result["skipped"]), (vec!["login.js", "package.json"], &json!([])));
    assert_eq!(host.artifacts[1].2, "{\"type\": \"module\"}\n");
    let wrong = "package.json: it does not parse: trailing comma at line 1 column 19";
    assert!(host.log.contains(&format!("repair: {wrong}")), "{:?}", host.log);
    assert!(text_of(&host.asked[2], 1).contains("check();"), "what was said is handed back");
    assert!(text_of(&host.asked[2], 2).starts_with(&format!("This cannot be used:\n- {wrong}\n\n")));
}

#[test]
fn a_file_that_is_no_better_then_is_left_out_with_the_reason() {
    for again in [BROKEN, "It is fine as it is.", GOOD] {
        let mut host = Played::new([says(PLAN), says(&format!("{GOOD}\n{BROKEN}")), says(again)]);
        let result = result(&mut host);
        assert_eq!(host.names(), ["login.js"]);
        assert_eq!((&result["skipped"][0]["name"], &result["calls"]), (&json!("package.json"), &json!(3)));
        let reason = result["skipped"][0]["reason"].as_str().expect("a reason");
        assert!(reason.starts_with("it does not parse: trailing comma"), "{result}");
    }
}

#[test]
fn an_answer_without_a_file_is_named_once_and_then_a_bad_reply() {
    let talk = "I would rather talk about it.";
    let mut host = Played::new([says(PLAN), says(talk), says(GOOD)]);
    assert_eq!(result(&mut host)["files"][0]["name"], "login.js");
    assert!(text_of(&host.asked[2], 2).contains("the answer: it holds no file"));
    for (first, part) in [
        (talk, "neither does the one that was asked for"),
        ("```sh ../x.sh\nrm\n```", "../x.sh: the name has a `..` part"),
        (BROKEN, "package.json: it does not parse"),
        ("```js\na\n```\n```rust\nb\n```", "unnamed js block: it has no file name"),
    ] {
        let mut host = Played::new([says(PLAN), says(first), says(first)]);
        let failure = run(&mut host, &job(TASK)).expect_err("the job fails");
        assert_eq!(failure.kind, "bad-reply");
        assert!(failure.message.contains(part) && host.artifacts.is_empty(), "{}", failure.message);
    }
}

#[test]
fn a_bad_name_gives_way_to_a_good_one() {
    let bad = format!("{GOOD}\n```json ../package.json\n{{}}\n```\n");
    let mut host = Played::new([says(PLAN), says(&bad), says(WHOLE)]);
    assert_eq!(result(&mut host)["skipped"], json!([]));
    assert_eq!(host.names(), ["login.js", "package.json"]);
}

#[test]
fn an_answer_in_place_of_another_goes_on_where_it_was_cut() {
    let mut host = Played::new([
        says(PLAN),
        says(&format!("{GOOD}\n{BROKEN}")),
        cut("```json package.json\n{\"type\": "),
        says("{\"type\": \"module\"}\n```\n"),
    ]);
    assert_eq!(result(&mut host)["calls"], 4);
    assert_eq!(host.artifacts[1].2, "{\"type\": \"module\"}\n");
}

#[test]
fn without_money_or_an_answer_what_can_be_used_is_kept() {
    let both = format!("{GOOD}\n{BROKEN}");
    let poor = || {
        let mut host = Played::new([says(PLAN), says(&both)]);
        host.left.job_nanodollars = COST;
        host
    };
    let refused = Played::new([says(PLAN), says(&both), stops("refusal", "")]);
    let spent = Played::new([says(PLAN), says(&both), fails("over-budget")]);
    let busy = Played::new([says(PLAN), says(&both), fails("overloaded")]);
    for mut host in [poor(), refused, spent, busy] {
        let result = result(&mut host);
        assert_eq!(host.names(), ["login.js"]);
        assert_eq!(result["skipped"][0]["name"], "package.json", "{result}");
    }
    for (again, kind) in [
        (stops("refusal", ""), "final"),
        (fails("over-budget"), "over-budget"),
        (fails("overloaded"), "internal"),
    ] {
        let mut host = Played::new([says(PLAN), says(BROKEN), again]);
        assert_eq!(run(&mut host, &job(TASK)).expect_err("the job fails").kind, kind);
    }
}

#[test]
fn an_answer_that_is_not_whole_names_what_was_planned_and_is_not_there() {
    let mut host = Played::new([
        says("1. `login.js` – a\n2. `b.js` – b\n3. `c.js` – c"),
        cut(&format!("{GOOD}```js b.js\nlet")),
    ]);
    host.left.calls = 0;
    let result = result(&mut host);
    let skipped = json!([
        {"name": "b.js", "reason": "cut off: the answer ended before the file did"},
        {"name": "c.js", "reason": "it was planned, and is not written"},
    ]);
    assert_eq!((host.names(), &result["skipped"]), (vec!["login.js"], &skipped));
}
