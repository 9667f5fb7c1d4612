//! From a brief to a folder, and what stands in it where a step gives nothing.

use super::team::*;
use feature_team::agent::run;
use feature_team::description::describe;
use serde_json::{Value, json};

#[test]
fn a_brief_becomes_a_folder_step_by_step() {
    let mut host = Played::new(team()).answered(&["approve"]);
    let result = deliver(&mut host, &brief());
    assert_eq!((&result["state"], &result["approved_by"]), (&json!("delivered"), &json!("ann")));
    assert_eq!(steps(&result), "requirements done, design done, code done, tests done, docs done");
    assert_eq!(
        host.paths(),
        [
            "DELIVERY.md",
            "code/login.html",
            "design.md",
            "docs/README.md",
            "docs/use.md",
            "requirements.md",
            "tests/login.test.js"
        ]
    );
    assert_eq!(result["missing"], json!([]));
    assert_eq!(result["cost_usd"], json!(0.05));
    assert_eq!(result["files"][2], json!({"path": "code/login.html", "from": "code-generator", "bytes": 7}));
    assert_eq!(
        host.agents(),
        [
            "requirements-analyzer",
            "design-architect",
            "code-generator",
            "test-automator",
            "documentation-generator"
        ]
    );
    let actions: Vec<&str> = host.tasks.iter().map(|task| task.action.as_str()).collect();
    assert_eq!(actions, ["analyze", "design", "generate", "generate-tests", "generate-docs"]);
}

#[test]
fn what_a_step_gave_is_told_the_next() {
    let mut host = Played::new(team()).answered(&["approve"]);
    deliver(
        &mut host,
        &json!({"brief": "Build a login form", "language": "HTML", "constraints": "No library."}),
    );
    assert!(host.payload(0)["brief"].as_str().expect("a brief").contains("written in HTML"));
    assert!(host.payload(1)["requirements"].as_str().expect("a text").contains("R1: it takes a name."));
    let code = host.payload(2)["requirements"].as_str().expect("a text").to_owned();
    assert!(
        code.contains("R1 must: It takes a name.") && code.contains("form: asks; offers submit()"),
        "{code}"
    );
    assert_eq!(host.payload(3)["files"], json!([{"path": "code/login.html", "content": "<form>\n"}]));
    let files = host.payload(4)["files"].as_array().expect("files").clone();
    let paths: Vec<&str> = files.iter().filter_map(|file| file["path"].as_str()).collect();
    assert_eq!(paths, ["code/login.html", "tests/login.test.js"]);
    assert!(host.payload(4)["design"].as_str().expect("a design").contains("One page"));
    for task in 0..3 {
        assert_eq!(host.payload(task)["constraints"], "No library.");
    }
}

#[test]
fn the_owner_s_rules_hold_for_all_of_it() {
    let mut host = Played::new(team());
    host.house_rules = Some("Indent with tabs.".to_owned());
    deliver(&mut host, &unasked());
    for task in 0..3 {
        assert_eq!(host.payload(task)["constraints"], "Rules of this house:\nIndent with tabs.");
    }
    assert!(host.payload(3)["requirements"].as_str().expect("a text").contains("Indent with tabs."));
}

#[test]
fn files_that_came_along_are_told_as_far_as_they_are_texts() {
    let mut host = Played::new(team());
    host.inputs = [
        ("logo.png", Ok(b"\x89PNG\0".to_vec())),
        ("old/login.html", Ok(b"<form>old</form>\n".to_vec())),
        ("z.txt", Err("it is gone".to_owned())),
    ]
    .into();
    let result = deliver(&mut host, &unasked());
    for (task, key) in [(0, "brief"), (1, "requirements"), (2, "requirements")] {
        assert!(
            host.payload(task)[key]
                .as_str()
                .expect("a text")
                .contains("`old/login.html`\n\n```\n<form>old</form>\n```")
        );
    }
    assert_eq!(missing(&result), "logo.png was not read: it is no text\nz.txt was not read: it is gone\n");
    assert_eq!(result["state"], "partial");
}

#[test]
fn a_step_that_gives_nothing_leaves_what_was_before_it_and_says_what_is_not_there() {
    for kind in ["not-allowed", "no-action", "invalid-input", "too-many", "cycle"] {
        let mut host = Played::new([requirements(), refused(kind)]);
        let result = deliver(&mut host, &unasked());
        assert_eq!(host.paths(), ["DELIVERY.md", "requirements.md"]);
        assert_eq!(
            steps(&result),
            "requirements done, design failed, code skipped, tests skipped, docs skipped"
        );
        assert!(
            missing(&result).starts_with(&format!("design: because of {kind}\n")),
            "{}",
            missing(&result)
        );
        assert_eq!((&result["state"], &result["steps"][1]["job"]), (&json!("partial"), &Value::Null));
    }
    let mut host = Played::new([requirements(), design(), ended("failed", "bad-reply")]);
    let result = deliver(&mut host, &unasked());
    assert_eq!(host.paths(), ["DELIVERY.md", "design.md", "requirements.md"]);
    assert_eq!(steps(&result), "requirements done, design done, code failed, tests skipped, docs skipped");
    assert_eq!(result["cost_usd"], json!(0.03), "what failed is paid for too");

    let mut host = Played::new([requirements(), design(), code(), ended("failed", "internal"), docs()]);
    let result = deliver(&mut host, &unasked());
    assert_eq!(steps(&result), "requirements done, design done, code done, tests failed, docs done");
    assert!(host.paths().contains(&"docs/use.md") && !host.text("DELIVERY.md").contains("tests/"));

    let mut host = Played::new([requirements(), design(), code(), tests(), refused("not-allowed")]);
    let result = deliver(&mut host, &unasked());
    assert_eq!(missing(&result), "docs: because of not-allowed\n");
    assert!(host.paths().contains(&"tests/login.test.js"));
}

#[test]
fn an_agent_that_is_away_fails_the_job_which_goes_on_when_it_is_run_again() {
    for kind in ["no-agent", "agent-off"] {
        for at in 0..5 {
            let mut host = Played::new(team().into_iter().take(at).chain([refused(kind)]));
            let failure = run(&mut host, &job(&unasked())).expect_err("it is run again");
            assert_eq!(failure.kind, "internal", "{}", failure.message);
            assert!(failure.message.contains(&format!("because of {kind}")), "{}", failure.message);
            assert_eq!(host.tasks.len(), at + 1, "nothing is asked behind it");
            assert_eq!(host.allowances, if at == 0 { 2 } else { at + 2 }, "and no allowance");
            assert_eq!(host.artifacts.contains_key("DELIVERY.md"), at > 0, "what there is explains itself");
            assert_eq!(host.artifacts.contains_key("code/login.html"), at > 2);
        }
    }
}

#[test]
fn what_is_settled_after_a_task_was_cancelled_is_in_the_sum() {
    let mut host = Played::new([requirements(), design(), code(), ended("cancelled", "cancelled"), docs()]);
    host.late = 4_000_000;
    let result = deliver(&mut host, &unasked());
    assert_eq!(result["cost_usd"], json!(0.054), "what five tasks were said to cost, and the rest");
    let page = host.text("DELIVERY.md");
    assert!(
        page.contains("Together: $0.0540, of which $0.0040 came when a step had ended already."),
        "{page}"
    );
    assert_eq!(host.left, CAP - 54_000_000);
}

#[test]
fn a_task_that_a_person_cancelled_is_not_done_again() {
    let mut host = Played::new([requirements(), design(), ended("cancelled", "cancelled")]);
    let result = deliver(&mut host, &unasked());
    assert_eq!(steps(&result), "requirements done, design done, code failed, tests skipped, docs skipped");
    let mut host = Played::new([requirements(), design(), code(), ended("cancelled", "cancelled"), docs()]);
    assert_eq!(
        steps(&deliver(&mut host, &unasked())),
        "requirements done, design done, code done, tests failed, docs done"
    );
    let mut host = Played::new([ended("cancelled", "cancelled")]);
    assert_eq!(run(&mut host, &job(&unasked())).expect_err("nothing to deliver").kind, "final");
}

#[test]
fn without_requirements_the_job_fails_by_the_reason() {
    for (gives, kind) in [
        (refused("no-agent"), "internal"),
        (refused("not-allowed"), "final"),
        (refused("a-kind-of-the-future"), "final"),
        (ended("failed", "invalid-input"), "final"),
        (ended("failed", "poison"), "final"),
        (ended("failed", "bad-reply"), "internal"),
        (ended("failed", "internal"), "internal"),
    ] {
        let mut host = Played::new([gives]);
        let failure = run(&mut host, &job(&brief())).expect_err("nothing to deliver");
        assert_eq!(failure.kind, kind, "{}", failure.message);
        assert!(failure.message.contains("requirements-analyzer") && host.artifacts.is_empty());
    }
}

#[test]
fn names_that_tasks_chose_cannot_take_another_file_s_place() {
    let odd = code().file("DELIVERY.md", b"# mine\n").file("a`b.js", b"x\n").file(&"n".repeat(255), b"x\n");
    let mut host = Played::new([
        requirements(),
        design(),
        odd.file("logo.png", b"\x89PNG\0"),
        tests().file("login.test.js", b"other()\n"),
        docs().file("../x", b"y"),
    ]);
    let result = deliver(&mut host, &unasked());
    assert!(host.text("DELIVERY.md").starts_with("# Delivery\n"), "it is the agent's own");
    assert_eq!(host.text("code/DELIVERY.md"), "# mine\n");
    assert_eq!(host.text("tests/login.test.js"), "test()\n", "the first is kept");
    assert!(host.text("DELIVERY.md").contains("``code/a`b.js``"));
    let missing = missing(&result);
    assert!(missing.contains("tests/login.test.js: two files have this name"), "{missing}");
    assert!(missing.contains("nnn: the host refuses it"), "{missing}");
    let told = host.payload(3)["files"].to_string();
    assert!(told.contains("code/a`b.js") && !told.contains("logo.png"), "{told}");
    assert!(host.paths().contains(&"code/logo.png"), "what is no text is delivered as it is");
}

#[test]
fn code_without_a_text_is_neither_tested_nor_a_reason_to_leave_out_the_documentation() {
    let binary = done(json!({}), &[]).file("app.bin", b"\0");
    let mut host = Played::new([requirements(), design(), binary, docs()]);
    let result = deliver(&mut host, &unasked());
    assert_eq!(steps(&result), "requirements done, design done, code done, tests skipped, docs done");
}

#[test]
fn a_step_without_its_page_is_told_on_by_its_result() {
    let mut host =
        Played::new([done(json!({"odd": [1]}), &[]), done(json!("x"), &[]), code(), tests(), docs()]);
    let result = deliver(&mut host, &unasked());
    assert!(host.text("requirements.md").contains("\"odd\""));
    assert!(host.payload(1)["requirements"].as_str().expect("a text").contains("\"odd\""));
    assert_eq!(result["state"], "delivered");
}

#[test]
fn a_file_that_cannot_be_read_or_handed_over_is_missing_by_name() {
    let mut host = Played::new([requirements(), design(), code(), docs()]);
    (host.unreadable, host.refuses) = (Some("docs/use.md"), Some("code/login.html"));
    let result = deliver(&mut host, &unasked());
    let missing = missing(&result);
    assert!(
        missing.contains("docs/use.md: it is gone")
            && missing.contains("code/login.html: the host refuses it"),
        "{missing}"
    );
    assert_eq!(result["state"], "partial");
}

#[test]
fn what_a_step_says_is_missing_is_missing() {
    let partial = done(
        json!({"overview": "Half.", "complete": false, "missing": ["the sender\nis not designed"]}),
        &[("design.md", "# Half\n")],
    );
    let silent = done(json!({"complete": false}), &[("a.js", "x\n")]);
    let skipped = done(json!({"skipped": [{"name": "b.js", "reason": "cut off"}]}), &[("test.js", "x\n")]);
    let mut host = Played::new([requirements(), partial, silent, skipped, docs()]);
    let result = deliver(&mut host, &unasked());
    assert_eq!(
        missing(&result),
        "design: the sender is not designed\ncode: code-generator says that it is not complete\ntests: b.js (cut off)\n"
    );
    assert_eq!((&result["steps"][1]["note"], &result["state"]), (&json!("not complete"), &json!("partial")));
}

#[test]
fn what_a_payload_has_no_room_for_is_named() {
    let long = done(json!({}), &[("requirements.md", &"R: one more wish\n".repeat(2_000))]);
    let large = code().file("large.js", "x\n".repeat(150_000).as_bytes());
    let mut host = Played::new([long, design(), large, tests(), docs()]);
    let result = deliver(&mut host, &unasked());
    for task in &host.tasks {
        assert!(task.payload.len() < 300_000);
    }
    assert!(host.tasks[1].payload.len() < 16_000 && host.tasks[2].payload.len() < 16_000);
    let missing = missing(&result);
    assert!(
        missing.contains("design: design-architect was not told all: the text: only its first"),
        "{missing}"
    );
    assert!(missing.contains("tests: test-automator was not told all: code/large.js"), "{missing}");
}

#[test]
fn the_same_answers_lead_to_the_same_questions() {
    let play = || {
        let mut host = Played::new([requirements(), design(), design(), code(), tests(), docs()])
            .answered(&["smaller", "approve"]);
        host.inputs = [("a.js", Ok(b"x\n".to_vec())), ("b.js", Ok(b"y\n".to_vec()))].into();
        deliver(&mut host, &brief());
        format!("{:?} {:?} {:?} {:?}", host.tasks, host.questions, host.artifacts, host.log)
    };
    assert_eq!(play(), play());
}

#[test]
fn bad_input_costs_nothing() {
    let mut host = Played::new([]);
    assert_eq!(run(&mut host, &job(&json!({}))).expect_err("refused").kind, "invalid-input");
    let mut other = job(&brief());
    other.action = "destroy".to_owned();
    let failure = run(&mut host, &other).expect_err("refused");
    assert_eq!(failure.kind, "invalid-input");
    assert!(failure.message.contains("`destroy`") && failure.message.contains("`deliver`"));
}

#[test]
fn the_schemas_are_schemas_and_every_field_of_the_form_explains_itself() {
    let description = describe();
    assert_eq!(
        (description.name.as_str(), description.actions[0].name.as_str()),
        ("feature-team", "deliver")
    );
    let schema: Value = serde_json::from_str(&description.actions[0].input_schema).expect("JSON");
    let validator = jsonschema::validator_for(&schema).expect("a schema");
    assert!(validator.is_valid(&brief()) && validator.is_valid(&unasked()));
    for bad in [
        json!({}),
        json!({"brief": ""}),
        json!({"brief": "x", "approval": "no"}),
        json!({"brief": "x", "y": 1}),
    ] {
        assert!(!validator.is_valid(&bad), "{bad}");
    }
    for (name, property) in schema["properties"].as_object().expect("properties") {
        for key in ["title", "description", "examples"] {
            assert!(!property[key].is_null(), "{name} has no {key}");
        }
    }
}
