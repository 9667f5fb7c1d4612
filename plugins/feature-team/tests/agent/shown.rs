//! What people read, as it is: the question and the page of the folder.

use super::team::*;
use serde_json::json;

fn played() -> Played {
    let untold = tests().file("logo.png", b"\x89PNG\0");
    let mut host = Played::new([requirements(), design(), design(), code(), untold, refused("not-allowed")])
        .answered(&["Use one page\nand no script", "approve"]);
    deliver(&mut host, &json!({"brief": "Build a login form.\n\nIt is for members."}));
    host
}

#[test]
fn the_questions_say_what_it_takes_to_answer_them() {
    let host = played();
    let shown: Vec<String> = host
        .questions
        .iter()
        .map(|question| format!("{}\n\n{}", question.prompt, question.details.as_deref().unwrap_or_default()))
        .collect();
    insta::assert_snapshot!(shown.join("\n=====\n\n"));
}

#[test]
fn the_page_of_the_folder_says_what_is_there_and_what_is_not() {
    insta::assert_snapshot!(played().text("DELIVERY.md"));
}

#[test]
fn each_agent_is_told_this() {
    let host = played();
    let told = host.tasks.iter().map(|task| {
        let payload: serde_json::Value = serde_json::from_str(&task.payload).expect("JSON");
        let payload = payload.as_object().expect("an object").iter();
        let fields = payload.map(|(key, value)| {
            format!("{key}:\n{}\n", value.as_str().map_or_else(|| format!("{value:#}"), str::to_owned))
        });
        format!("# {} {}\n{}", task.agent, task.action, fields.collect::<String>())
    });
    insta::assert_snapshot!(told.collect::<Vec<_>>().join("\n"));
}
