//! A person approves, amends or stops.

use super::team::*;
use serde_json::{Value, json};

#[test]
fn a_person_reads_the_design_before_anything_is_built() {
    let mut host = Played::new(team()).answered(&["approve"]);
    deliver(&mut host, &brief());
    let [question] = host.questions.as_slice() else { panic!("one question: {:?}", host.questions) };
    assert!(question.prompt.contains("Build a login form"));
    let values: Vec<&str> = question.choices.iter().map(|choice| choice.value.as_str()).collect();
    assert_eq!(values, ["approve", "stop"]);
    let schema: Value = serde_json::from_str(question.schema.as_deref().expect("a schema")).expect("JSON");
    assert!(
        jsonschema::is_valid(&schema, &json!("use SQLite")) && !jsonschema::is_valid(&schema, &json!(""))
    );
    assert_eq!(question.time_limit_ms, None, "a person has all the time there is");
}

#[test]
fn nobody_is_asked_where_the_job_says_so() {
    let mut host = Played::new(team());
    let result = deliver(&mut host, &unasked());
    assert!(host.questions.is_empty() && result["approved_by"].is_null());
}

#[test]
fn an_amendment_has_the_design_made_again_and_asked_about_again() {
    let amended = done(json!({"overview": "Two pages."}), &[("design.md", "# Two pages\n")]);
    let mut host = Played::new([requirements(), design(), amended, code(), tests(), docs()])
        .answered(&["Split it into two pages", "approve"]);
    let result = deliver(&mut host, &brief());
    assert_eq!(result["amendments"], json!(["Split it into two pages"]));
    assert_eq!(
        steps(&result),
        "requirements done, design done, design done, code done, tests done, docs done"
    );
    let told = host.payload(2)["requirements"].as_str().expect("a text").to_owned();
    for part in ["R1: it takes a name.", "One page, `login.html`.", "1. Split it into two pages"] {
        assert!(told.contains(part), "{part} is missing in {told}");
    }
    assert_eq!(host.text("design.md"), "# Two pages\n");
    assert!(host.questions[1].details.as_deref().expect("details").contains("# Two pages"));
    assert!(host.payload(3)["requirements"].as_str().expect("a text").contains("Split it into two pages"));
    assert!(host.text("DELIVERY.md").contains("- Split it into two pages"));
}

#[test]
fn a_design_is_amended_three_times_and_then_approved_or_not() {
    let script = || [requirements(), design(), design(), design(), design(), code(), tests(), docs()];
    let mut host = Played::new(script()).answered(&["a", "b", "c", "approve"]);
    let result = deliver(&mut host, &brief());
    assert_eq!((&result["amendments"], &result["state"]), (&json!(["a", "b", "c"]), &json!("delivered")));
    assert!(host.questions[3].schema.is_none(), "the fourth question takes yes or no");
    assert!(host.payload(4)["requirements"].as_str().expect("a text").contains("1. a\n2. b\n3. c\n"));

    // A host that lets another answer through has nothing built by it.
    let mut host = Played::new(script()).answered(&["a", "b", "c", "d"]);
    let result = deliver(&mut host, &brief());
    assert_eq!(host.tasks.len(), 5);
    assert!(missing(&result).contains("as often as it can be"), "{}", missing(&result));
}

#[test]
fn an_answer_that_says_nothing_is_asked_for_again_and_costs_nothing() {
    let mut host = Played::new(team()).answered(&["   ", "yes", " APPROVED. "]);
    let result = deliver(&mut host, &brief());
    assert_eq!((&result["state"], &result["amendments"]), (&json!("delivered"), &json!([])));
    assert_eq!(host.tasks.len(), 5);
    let prompts: Vec<&str> = host.questions.iter().map(|question| question.prompt.as_str()).collect();
    assert_eq!(
        prompts,
        [
            "Is this design to be built? Build a login form",
            "The last answer was blank: nothing was said. Is this design to be built? Build a login form",
            "The last answer was only `yes`: approve, stop, or write what to change. Is this design to be built? Build a login form",
        ]
    );
    assert_eq!(host.questions[0].details, host.questions[2].details);
}

#[test]
fn stopped_by_a_person_the_folder_has_what_was_thought_and_nothing_more_is_spent() {
    let mut host = Played::new([requirements(), design()]).answered(&["stop"]);
    let result = deliver(&mut host, &brief());
    assert_eq!((&result["state"], &result["approved_by"]), (&json!("stopped"), &Value::Null));
    assert_eq!(host.paths(), ["DELIVERY.md", "design.md", "requirements.md"]);
    assert_eq!(missing(&result), "code, tests, docs: ann stopped it at the design\n");
    assert_eq!(steps(&result), "requirements done, design done, code skipped, tests skipped, docs skipped");
}

#[test]
fn where_nobody_can_be_asked_nothing_is_built() {
    for kind in ["too-many", "invalid-question", "internal", "a-kind-of-the-future"] {
        let mut host = Played::new([requirements(), design()]);
        host.answers = [Err(kind)].into();
        let result = deliver(&mut host, &brief());
        assert_eq!(result["state"], "partial");
        assert!(
            missing(&result).contains(&format!("nobody could be asked about the design: because of {kind}"))
        );
        assert_eq!(host.paths(), ["DELIVERY.md", "design.md", "requirements.md"]);
    }
}

#[test]
fn a_design_that_cannot_be_amended_is_delivered_as_it_was_and_not_built() {
    let mut host =
        Played::new([requirements(), design(), ended("failed", "bad-reply")]).answered(&["smaller"]);
    let result = deliver(&mut host, &brief());
    assert_eq!(host.text("design.md"), "# Design\n\nOne page, `login.html`.\n");
    assert_eq!(
        steps(&result),
        "requirements done, design done, design failed, code skipped, tests skipped, docs skipped"
    );
    assert!(missing(&result).contains("the design is not amended as ann asked"), "{}", missing(&result));
}
