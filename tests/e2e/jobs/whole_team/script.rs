//! What upstream answers each call of a tree. Each answer has the tree's name in it, so that no two trees ask the same.

use super::file;
use serde_json::{Value, json};

/// The script of a tree.
pub(super) fn script(tree: &str) -> Value {
    let matches = answers(tree)
        .map(|(contains, text)| json!({"contains": contains, "items": [{"text": text}], "repeat": true}));
    json!({"matches": matches})
}

/// What a call asks for, as its prompt says it, and the answer: the first that fits counts.
pub(crate) fn answers(tree: &str) -> [(&'static str, String); 16] {
    let code = format!(
        "```js src/login.js\n{}```\n\n```json package.json\n{}```\n",
        file(tree, "code/src/login.js"),
        file(tree, "code/package.json")
    );
    let tests = format!("```js tests/login.test.mjs\n{}```\n", file(tree, "tests/login.test.mjs"));
    let text = |value: Value| value.to_string();
    [
        ("Work out the scope.", text(scope(tree))),
        ("This area: Form:", text(form())),
        ("This area: Bounds:", text(bounds())),
        ("Give the reasons of this design.", text(reasons())),
        ("For each of these components say what it offers", text(parts())),
        ("List the files of the finished system", text(files())),
        ("For each of these requirements, under its id", text(coverage())),
        // The design that a person wanted smaller, and the one before.
        (
            "wants changed, with the rest kept as it is",
            text(outline(&format!("{tree}, made smaller: one page."))),
        ),
        ("Lay out the design.", text(outline(&format!("{tree}: a page and what it may send.")))),
        (
            "Make a short numbered plan of the files to write",
            "1. `src/login.js` – what may be sent\n2. `package.json` – how it is tested".to_owned(),
        ),
        ("Write the full content of each file.", code),
        ("Plan the tests; do not write them yet.", text(test_plan())),
        ("The tests were planned. This file is yours", tests),
        ("Plan the pages of the documentation", text(pages(tree))),
        ("Write sections of the page `use.md`", text(use_page())),
        ("Write sections of the page `rules.md`", text(rules_page())),
    ]
}

fn scope(tree: &str) -> Value {
    json!({
        "summary": format!("{tree}: a login form for the members of a club."),
        "areas": [
            {"name": "Form", "covers": "What is typed in and what is said of it."},
            {"name": "Bounds", "covers": "How long texts may be."},
        ],
        "assumptions": ["Members have an account already."],
        "open_questions": [{"question": "Is there a second factor?", "why": "It would be a second page."}],
        "out_of_scope": ["Signing up."],
    })
}

fn form() -> Value {
    json!({"requirements": [
        {
            "kind": "functional", "priority": "must", "statement": "A blank name is refused.",
            "acceptance": ["Given a name of spaces, when it is sent, then a sentence says so."],
        },
        {
            "kind": "functional", "priority": "must", "statement": "A password below 12 characters is refused.",
            "acceptance": ["Given 11 characters, when they are sent, then nothing leaves the page."],
        },
    ]})
}

fn bounds() -> Value {
    json!({"requirements": [{
        "kind": "constraint", "priority": "should", "statement": "A name has at most 64 characters.",
        "acceptance": ["64 pass.", "65 do not."],
    }]})
}

fn outline(overview: &str) -> Value {
    json!({
        "overview": overview,
        "components": [
            {"name": "Page", "responsibility": "Shows the form."},
            {"name": "Rules", "responsibility": "Says what may be sent."},
        ],
    })
}

fn parts() -> Value {
    json!({"components": [
        {"name": "Page", "interfaces": ["show() -> a form"], "depends_on": ["Rules"]},
        {"name": "Rules", "interfaces": ["fault(user, password) -> a sentence, or nothing"], "depends_on": []},
    ]})
}

fn files() -> Value {
    json!({"files": [
        {"path": "src/login.js", "purpose": "Rules: what may be sent."},
        {"path": "package.json", "purpose": "How it is tested."},
    ]})
}

fn reasons() -> Value {
    json!({
        "decisions": [{
            "title": "Where rules stand", "choice": "In one function.", "because": "R1 to R3 are about the same texts.",
            "rejected": ["Attributes of HTML: they count code units."],
        }],
        "risks": [{"risk": "Rules differ on the server.", "mitigation": "The server runs the same file."}],
    })
}

fn coverage() -> Value {
    json!({"R1": ["Page", "Rules"], "R2": ["Rules"], "R3": ["Rules"]})
}

fn test_plan() -> Value {
    json!({
        "framework": "node:test", "run": "node --test",
        "files": [{
            "path": "tests/login.test.mjs", "sources": ["code/src/login.js"],
            "cases": [
                {"target": "fault", "case": "R1: a blank name is refused with a sentence", "kind": "unit"},
                {"target": "fault", "case": "R3: 64 characters pass, and 65 do not", "kind": "unit"},
            ],
        }],
        "untested": [{"target": "the page", "why": "It needs a browser."}],
    })
}

fn pages(tree: &str) -> Value {
    json!({
        "title": "Login", "summary": format!("{tree}: how to log in, and what is checked."),
        "pages": [
            {
                "slug": "use", "title": "Logging in", "purpose": "How a member logs in.",
                "sections": ["Steps", "Messages"], "sources": ["requirements", "code/src/login.js"],
            },
            {
                "slug": "rules", "title": "Rules", "purpose": "What is checked, for who changes it.",
                "sections": ["What is checked"], "sources": ["design", "code/src/login.js", "tests/login.test.mjs"],
            },
        ],
    })
}

fn use_page() -> Value {
    json!({"sections": [
        {"heading": "Steps", "body": "1. Type your name.\n2. Type your password.\n\nWhat is refused: [Rules](rules.md)."},
        {"heading": "Messages", "body": "`Say who you are.` means that the name is blank."},
    ]})
}

fn rules_page() -> Value {
    json!({"sections": [
        {"heading": "What is checked", "body": "```js\nfault({ user, password });\n```\n\nIt gives a sentence, or nothing."},
    ]})
}
