//! `anvil plugin check`: plugins that were broken on purpose, each refused by the name of its fault.

use crate::host::{Ran, anvil};
use anvil_sandbox::testing::{
    GuestBuilder, ProgramBuilder, component_text, hostile, of_another_interface, with_another_run,
};
use serde_json::Value;
use std::path::Path;
use tempfile::TempDir;

const QUESTION: &str =
    r#"{"claude.complete":{"messages":[{"role":"user","content":"how many cups?"}],"effort":"simple"}}"#;
const OTHER_QUESTION: &str =
    r#"{"claude.complete":{"messages":[{"role":"user","content":"how many pots?"}],"effort":"simple"}}"#;
const DONE: &str = r#"{"done":1}"#;
/// How a component that conforms ends.
const SUCCEEDS: &str = "(call $succeed (i32.const 313) (i32.const 2))";

/// A folder with settings under which limits are soon broken.
fn folder() -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let settings = "[sandbox]\nplugin_file_mb = 1\ndescribe_s = 1\n[jobs]\ncpu_s = 1\n";
    std::fs::write(folder.path().join("anvil.toml"), settings).expect("written");
    folder
}

fn check(folder: &Path, file: &Path) -> (Ran, Value) {
    let config = folder.join("anvil.toml").display().to_string();
    let file = file.display().to_string();
    let output = anvil().args(["--json", "--config", &config, "plugin", "check", &file]).output();
    let ran = Ran::of(&output.expect("anvil runs"), "http://127.0.0.1:1");
    let told = serde_json::from_str(&ran.out).unwrap_or_else(|error| panic!("{error}: {ran:?}"));
    (ran, told)
}

fn faults(told: &Value) -> Vec<&str> {
    let faults = told["faults"].as_array().expect("a list");
    faults.iter().map(|found| found["fault"].as_str().expect("a name")).collect()
}

/// A program that conforms up to here.
fn program() -> ProgramBuilder {
    ProgramBuilder::new("cup").refusing_others()
}

/// A program that describes itself so.
fn saying(version: &str, actions: &str, more: &str) -> Vec<u8> {
    let line = format!(
        r#"{{"description":{{"name":"cup","version":"{version}","summary":"","actions":[{actions}]{more}}}}}"#
    );
    program().describing(&line).say(DONE).core_module()
}

fn action(name: &str, input: &str, output: &str) -> String {
    format!(r#"{{"name":"{name}","summary":"","input_schema":{input},"output_schema":{output}}}"#)
}

/// A component that conforms up to the body of its `run`.
fn component(body: &str) -> GuestBuilder {
    let wat = format!(
        r#"(data (i32.const 300) "invalid-input{{}}")
        (func $run (param $action i32) (param $length i32) (param $payload i32) (param i32 i32 i32) (result i32)
          (if (i32.or (i32.ne (local.get $length) (i32.const 3)) (i32.ne (i32.load8_u (local.get $payload)) (i32.const 123)))
            (then (return (call $fail (i32.const 300) (i32.const 13) (i32.const 300) (i32.const 13)))))
          {body})"#
    );
    GuestBuilder::new("pot", &wat)
}

/// A component with more fields of its module, that succeeds.
fn with(more: &str) -> Vec<u8> {
    GuestBuilder::new(
        "pot",
        &format!("{more}\n(func $run (param i32 i32 i32 i32 i32 i32) (result i32) (call $done))"),
    )
    .component()
}

fn whole() -> Vec<u8> {
    component(SUCCEEDS).component()
}

/// The file, and the fault that it has and no other.
#[expect(clippy::too_many_lines, reason = "a table, a row for each fault")]
fn broken() -> Vec<(&'static str, Vec<u8>)> {
    let any = r#"{"type":"object"}"#;
    let run = action("run", any, "{}");
    let many = (0..65).map(|n| action(&format!("a{n}"), "{}", "{}")).collect::<Vec<_>>().join(",");
    let deep = format!("{}{{}}{}", r#"{"not":"#.repeat(70), "}".repeat(70));
    let example =
        action("run", r#"{"type":"object","properties":{"n":{"type":"integer","examples":["two"]}}}"#, "{}");
    let around =
        action("run", r#"{"type":"object","properties":{"a":{"type":"string","pattern":"a(?=b)"}}}"#, "{}");
    let text_result = action("run", any, r#"{"type":"string"}"#);
    let half = whole()[..whole().len() / 2].to_vec();
    let given = action("run", r#"{"type":"object","examples":[{"n":1}]}"#, "{}");
    let refusing =
        format!(r#"{{"description":{{"name":"cup","version":"1.0.0","summary":"","actions":[{given}]}}}}"#);
    let of_line = |line: &str| ProgramBuilder::new("cup").describing(line).core_module();
    vec![
        ("empty", Vec::new()),
        ("not-wasm", b"hello".to_vec()),
        ("not-wasm", b"#!/bin/sh\necho hello\n".to_vec()),
        ("precompiled", b"\x7fELF and so on".to_vec()),
        ("too-large", vec![0; 1024 * 1024 + 1]),
        ("damaged", half),
        ("damaged", b"\0asm".to_vec()),
        ("core-module", component_text(r#"(module (func (export "hello")))"#)),
        ("needs-async", component_text(r#"(component (import "wasi:clocks/types@0.3.0" (instance)))"#)),
        ("wants-http", hostile("imports-http").component()),
        ("unoffered-import", component_text(r#"(component (import "tea:pot/brew@1.0.0" (instance)))"#)),
        ("missing-export", of_another_interface()),
        (
            "other-version",
            component_text(r#"(component (instance $i) (export "anvil:agent/agent-api@0.9.0" (instance $i)))"#),
        ),
        ("other-types", with_another_run()),
        ("cannot-compile", with("(memory $wide i64 1)")),
        ("too-demanding", with("(memory $large 60000)")),
        ("start-fails", with("(func $boot unreachable) (start $boot)")),
        ("start-fails", with("(func $boot (drop (call $ask))) (start $boot)")),
        ("describe-calls-host", hostile("describe-asks-claude").component()),
        ("describe-calls-host", of_line(r#"{"settings.keys":{}}"#)),
        ("describe-too-slow", hostile("describe-spins").component()),
        (
            "describe-breaks-limit",
            with("(func $describe (result i32) (loop $more (drop (memory.grow $memory (i32.const 160))) (br $more)) (i32.const 1024))"),
        ),
        ("describe-traps", hostile("describe-traps").component()),
        (
            "description-too-large",
            with("(func $describe (result i32) (drop (memory.grow $memory (i32.const 8))) (i32.store (i32.const 1044) (i32.const 300000)) (i32.const 1024))"),
        ),
        ("bad-name", GuestBuilder::quiet("Tea Pot").component()),
        ("bad-name", saying("1.0.0", &action("Run it", "{}", "{}"), "")),
        ("bad-version", GuestBuilder::quiet("pot").version("one").component()),
        ("no-actions", saying("1.0.0", "", "")),
        ("too-many-actions", saying("1.0.0", &many, "")),
        ("duplicate-action", saying("1.0.0", &format!("{run},{run}"), "")),
        ("schema-not-an-object", GuestBuilder::quiet("pot").input_schema("true").component()),
        ("bad-schema", saying("1.0.0", &around, "")),
        ("bad-schema", saying("1.0.0", &action("run", &deep, "{}"), "")),
        ("bad-model-floor", saying("1.0.0", &run, r#","model_floor":"gpt""#)),
        ("bad-extra", saying("1.0.0", &run, r#","extras":{"time_limit_s":"soon"}"#)),
        ("breaks-protocol", of_line(DONE)),
        ("breaks-protocol", of_line(r#"{"description":"#)),
        ("breaks-protocol", program().say(r#"{"a":1,"b":2}"#).core_module()),
        ("breaks-protocol", program().core_module()),
        (
            "describe-differs",
            component(SUCCEEDS)
                .and("(func $describe (result i32) (i32.store8 (i32.const 1120) (i32.add (i32.const 97) (i32.and (i32.wrap_i64 (call $random)) (i32.const 15)))) (i32.const 1024))")
                .component(),
        ),
        ("example-misses-schema", saying("1.0.0", &example, "")),
        (
            "unknown-action-accepted",
            ProgramBuilder::new("cup")
                // An action of three letters is `run`, and its payload stands behind it.
                .wat("(if (i32.eq (i32.load8_u (i32.const 65600)) (i32.const 91)) (then")
                .say(r#"{"failed":{"kind":"invalid-input","message":"no object"}}"#)
                .wat("return))")
                .say(DONE)
                .core_module(),
        ),
        (
            "bad-payload-accepted",
            ProgramBuilder::new("cup")
                .wat("(if (i32.ne (i32.load8_u (i32.const 65585)) (i32.const 114)) (then")
                .say(r#"{"failed":{"kind":"invalid-input","message":"no such action"}}"#)
                .wat("return))")
                .say(DONE)
                .core_module(),
        ),
        (
            "refuses-example",
            ProgramBuilder::new("cup")
                .describing(&refusing)
                .say(r#"{"failed":{"kind":"invalid-input","message":"never"}}"#)
                .core_module(),
        ),
        ("run-traps", program().wat("unreachable").core_module()),
        ("run-traps", component("unreachable").component()),
        ("run-breaks-limit", program().wat("(loop $on (br $on))").core_module()),
        (
            "result-not-json",
            component("(call $succeed (i32.const 300) (i32.const 13))").component(),
        ),
        (
            "result-misses-schema",
            program()
                .describing(&format!(
                    r#"{{"description":{{"name":"cup","version":"1.0.0","summary":"","actions":[{text_result}]}}}}"#
                ))
                .say("{\"done\":7}")
                .core_module(),
        ),
        (
            "not-deterministic",
            // Whether an answer is live or out of the journal makes its line longer by three characters.
            program()
                .say(QUESTION)
                .hear()
                .wat("(if (i32.and (global.get $heard) (i32.const 1)) (then")
                .say(QUESTION)
                .wat(") (else")
                .say(OTHER_QUESTION)
                .wat("))")
                .hear()
                .say(DONE)
                .core_module(),
        ),
        (
            "ignores-errors",
            // An answer that is an error begins with `{"e`.
            program()
                .wat("(loop $again")
                .say(QUESTION)
                .hear()
                .wat("(br_if $again (i32.eq (i32.load8_u (i32.const 65538)) (i32.const 101))))")
                .say(DONE)
                .core_module(),
        ),
    ]
}

#[test]
fn plugins_that_were_broken_on_purpose_are_refused_by_the_name_of_their_fault() {
    let folder = folder();
    let broken = broken();
    assert!(broken.len() >= 30, "{}", broken.len());
    let mut wrong = Vec::new();
    for (number, (fault, bytes)) in broken.iter().enumerate() {
        let file = folder.path().join(format!("{number}-{fault}.wasm"));
        std::fs::write(&file, bytes).expect("written");
        let (ran, told) = check(folder.path(), &file);
        if (ran.code, faults(&told)) != (1, vec![*fault]) {
            wrong.push(format!("{number} {fault}: exit {}: {told:#}", ran.code));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    for (name, file) in [("unreadable", "nowhere.wasm"), ("not-a-file", ".")] {
        assert_eq!(faults(&check(folder.path(), &folder.path().join(file)).1), [name]);
    }
}

#[test]
fn the_built_agents_that_come_along_conform() {
    let folder = tempfile::tempdir().expect("a folder");
    // All of CPython is compiled, where others compile too.
    let settings = "[sandbox]\ncompile_s = 600\n";
    std::fs::write(folder.path().join("anvil.toml"), settings).expect("written");
    let built = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../plugins/prebuilt");
    let entries =
        std::fs::read_dir(built).expect("the built agents").map(|entry| entry.expect("an entry").path());
    let mut looked = 0;
    for file in entries.filter(|path| path.extension().is_some_and(|end| end == "wasm")) {
        let (ran, told) = check(folder.path(), &file);
        assert_eq!((ran.code, &told["conforms"]), (0, &true.into()), "{}: {told}", file.display());
        looked += 1;
    }
    assert_eq!(looked, 4, "each language but Rust");
}

#[test]
fn what_conforms_is_told_so_and_every_fault_says_how_it_is_mended() {
    let folder = folder();
    for (name, bytes) in [
        ("pot.wasm", whole()),
        ("cup.wasm", program().say(QUESTION).hear().say(DONE).core_module()),
        // It gave no example: that one was made proves nothing.
        (
            "picky.wasm",
            ProgramBuilder::new("cup")
                .say(r#"{"failed":{"kind":"invalid-input","message":"a file is missing"}}"#)
                .core_module(),
        ),
        ("asks.wasm", component(&format!("(drop (call $ask)) {SUCCEEDS}")).component()),
    ] {
        let file = folder.path().join(name);
        std::fs::write(&file, bytes).expect("written");
        let (ran, told) = check(folder.path(), &file);
        assert_eq!(
            (ran.code, &told["conforms"], &told["faults"]),
            (0, &true.into(), &Value::Array(Vec::new())),
            "{told}"
        );
    }
    let file = folder.path().join("quiet.wasm");
    std::fs::write(&file, GuestBuilder::quiet("quiet").component()).expect("written");
    let config = folder.path().join("anvil.toml").display().to_string();
    let output = anvil().args(["--config", &config, "plugin", "check"]).arg(&file).output();
    let ran = Ran::of(&output.expect("anvil runs"), "http://127.0.0.1:1");
    assert_eq!(ran.code, 1);
    for says in [
        " has 3 faults:",
        "  unknown-action-accepted: the plugin does not refuse an action that it does not have",
        "    found  it succeeded at the action `an-action-that-no-agent-has`",
        "    mend   End `run` with a failure of the kind `invalid-input`",
        "  bad-payload-accepted: ",
        "  result-misses-schema: ",
    ] {
        assert!(ran.out.contains(says), "{says}: {}", ran.out);
    }
}
