//! `anvil plugin run`, without a host.

use crate::host::{Ran, anvil};
use anvil_sandbox::testing::{GuestBuilder, ProgramBuilder, hostile};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use tempfile::TempDir;

const QUESTION: &str =
    r#"{"claude.complete":{"messages":[{"role":"user","content":"how many cups?"}],"effort":"simple"}}"#;

/// A folder with plugins in it, and no settings but their own.
struct Bench(TempDir);

impl Bench {
    fn new() -> Self {
        let bench = Self(tempfile::tempdir().expect("a folder"));
        std::fs::write(bench.path("anvil.toml"), "").expect("written");
        bench
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn holding(&self, name: &str, bytes: &[u8]) -> String {
        std::fs::write(self.path(name), bytes).expect("written");
        self.path(name).display().to_string()
    }

    fn run(&self, plugin: &str, more: &[&str]) -> Ran {
        let config = self.path("anvil.toml").display().to_string();
        let mut command = anvil();
        // A key in the environment is never used: the simulator alone is asked.
        command.env("ANTHROPIC_API_KEY", "sk-ant-api03-never-used").env_remove("ANTHROPIC_BASE_URL");
        command.args(["--config", &config, "plugin", "run", plugin, "run"]).args(more);
        Ran::of(
            &command.stdin(std::process::Stdio::null()).output().expect("anvil runs"),
            "http://127.0.0.1:1",
        )
    }

    fn json(&self, plugin: &str, more: &[&str]) -> (Ran, Value) {
        let ran = self.run(plugin, &[&["--json"], more].concat());
        let told = serde_json::from_str(&ran.out).unwrap_or_else(|error| panic!("{error}: {ran:?}"));
        (ran, told)
    }
}

fn program() -> ProgramBuilder {
    ProgramBuilder::new("taster")
}

fn steps<'a>(told: &'a Value, kind: &str) -> Vec<&'a Value> {
    told["steps"].as_array().expect("steps").iter().filter(|step| step["step"] == kind).collect()
}

#[test]
fn a_run_is_told_step_by_step_and_what_it_took_at_the_end() {
    let bench = Bench::new();
    let taster = program()
        .repeat()
        .say(r#"{"job.progress":{"fraction":0.5,"line":"half way"}}"#)
        .hear()
        .say(QUESTION)
        .hear()
        .say(r#"{"job.artifact":{"name":"notes/a.md","media_type":"text/markdown","text":"leaf"}}"#)
        .hear()
        .say(r#"{"done":{"cups":2}}"#);
    let file = bench.holding("taster.wasm", &taster.core_module());
    let out = bench.path("out");
    let ran = bench.run(&file, &["--field", "leaf=green", "--out", &out.display().to_string()]);
    assert_eq!(ran.code, 0, "{ran:?}");
    for told in [
        r#"stdout    heard {"run":{"contract":"anvil:agent@0.1.0","action":"run","payload":{"leaf":"green"}}}"#,
        "progress  50 % half way",
        "claude    1. simple, 1 turn: how many cups?",
        "file      notes/a.md (4 B, text/markdown)",
        "taster 1.0.0 succeeded; the result matches the output schema:",
        "  calls         1\n",
        "  instructions  about ",
        "  memory        ",
        "  processor     ",
        "  crossed       ",
    ] {
        assert!(ran.out.contains(told), "{told}: {}", ran.out);
    }
    assert!(ran.out.contains("tokens in") && ran.out.contains("nobody pays it"), "{}", ran.out);
    assert_eq!(std::fs::read_to_string(out.join("notes/a.md")).expect("it was handed over"), "leaf");

    let (_, told) = bench.json(&file, &[]);
    assert_eq!((&told["ending"], &told["result"]), (&json!("succeeded"), &json!({"cups":2})));
    assert_eq!(told["files"], json!([{"name":"notes/a.md","size":4}]));
    let call = steps(&told, "call")[0];
    assert!(
        call["answer"]["Ok"]["usage"]["output_tokens"].as_u64().is_some_and(|tokens| tokens > 0),
        "{call}"
    );
    for measured in ["memory_bytes", "processor_us", "wall_us", "bytes_in", "bytes_out"] {
        assert!(told[measured].as_u64().is_some_and(|value| value > 0), "{measured}: {told}");
    }
}

#[test]
fn more_work_burns_more_fuel_and_the_same_work_the_same() {
    let bench = Bench::new();
    let fuel = |rounds: u32| {
        let steps = program().wat(&format!(
            "(local $n i32) (local.set $n (i32.const {rounds})) (loop $on (br_if $on (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))"
        ));
        let file = bench.holding("worker.wasm", &steps.say(r#"{"done":1}"#).core_module());
        bench.json(&file, &[]).1["fuel"].as_u64().expect("it is counted")
    };
    let (little, much) = (fuel(1), fuel(1_000_001));
    assert_eq!(fuel(1), little);
    let each = (much - little) / 1_000_000;
    assert!((3..=6).contains(&each), "a round has about five instructions: {little}, {much}");
}

#[test]
fn claude_answers_by_the_script() {
    let bench = Bench::new();
    let script = bench.holding("script.json", br#"{"items":[{"text":"two cups"}]}"#);
    let file = bench
        .holding("taster.wasm", &program().say(QUESTION).hear().repeat().say(r#"{"done":1}"#).core_module());
    let ran = bench.run(&file, &["--script", &script]);
    assert!(ran.code == 0 && ran.out.contains("-> two cups (end_turn, "), "{ran:?}");
}

#[test]
fn people_and_other_agents_are_stood_in_for() {
    let bench = Bench::new();
    let taster = program()
        .say(r#"{"people.ask":{"prompt":"Sweet?","choices":[{"value":"yes"},{"value":"no"}]}}"#)
        .hear()
        .repeat()
        .say(r#"{"team.run":{"agent":"brewer","action":"brew","payload":{}}}"#)
        .hear()
        .repeat()
        .say(r#"{"state.set":{"key":"cups","text":"2"}}"#)
        .hear()
        .say(r#"{"done":1}"#);
    let file = bench.holding("taster.wasm", &taster.core_module());
    let brewed = bench.holding("brewed.json", br#"{"pot":1}"#);
    let ran = bench.run(&file, &["--answer", "yes", "--task", &format!("brewer={brewed}")]);
    assert_eq!(ran.code, 0, "{ran:?}");
    for told in [
        "person    Sweet?\n          -> \"yes\"",
        "task      brewer/brew {}\n          -> done: {\"pot\":1}",
        "state     set cups (1 B) -> version 1",
    ] {
        assert!(ran.out.contains(told), "{told}: {}", ran.out);
    }
    // Nobody answers, and nobody is there to work.
    let ran = bench.run(&file, &[]);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(ran.out.contains("-> expired: ") && ran.out.contains("-> not-allowed: "), "{}", ran.out);
    let ran = bench.run(&file, &["--answer", "maybe"]);
    assert!(ran.code == 2 && ran.err.contains("is none that the agent's question takes"), "{ran:?}");
}

#[test]
fn files_and_settings_reach_it() {
    let bench = Bench::new();
    let taster = program()
        .say(r#"{"job.input":{"name":"brief.md"}}"#)
        .hear()
        .repeat()
        .say(r#"{"settings.get":{"key":"tone"}}"#)
        .hear()
        .repeat()
        .say(r#"{"done":1}"#);
    let file = bench.holding("taster.wasm", &taster.core_module());
    let brief = bench.holding("b.md", b"a brief");
    let ran = bench.run(&file, &["--file", &format!("brief.md={brief}"), "--setting", "tone=dry"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(ran.out.contains("reads     brief.md -> 7 B"), "{}", ran.out);
    assert!(
        ran.out.contains(r#"heard {"ok":{"text":"a brief"}}"#) && ran.out.contains(r#"heard {"ok":"dry"}"#)
    );
}

#[test]
fn every_ending_has_its_word_and_its_exit() {
    let bench = Bench::new();
    let strict = r#"{"description":{"name":"strict","version":"1.0.0","summary":"","actions":[{"name":"run","summary":"","input_schema":{"type":"object"},"output_schema":{"type":"string"}}]}}"#;
    let misses = program().describing(strict).say(r#"{"done":7}"#).core_module();
    for (bytes, code, ending, says) in [
        (
            program().say(r#"{"failed":{"kind":"over-budget","message":"too dear"}}"#).core_module(),
            1,
            "failed",
            "too dear",
        ),
        (hostile("spins-forever").component(), 1, "broke", "cpu-time"),
        (hostile("eats-memory").component(), 1, "broke", "memory"),
        (misses, 1, "succeeded", "string"),
    ] {
        let file = bench.holding("it.wasm", &bytes);
        std::fs::write(bench.path("anvil.toml"), "[jobs]\ncpu_s = 1\n").expect("written");
        let (ran, told) = bench.json(&file, &[]);
        assert_eq!((ran.code, told["ending"].as_str()), (code, Some(ending)), "{ran:?}");
        assert!(told.to_string().contains(says), "{told}");
        assert!(told["fuel"].as_u64().is_some_and(|fuel| fuel > 0), "{told}");
    }
    let spins = bench.holding("spins.wasm", &hostile("spins-forever").component());
    let ran = bench.run(&spins, &[]);
    assert!(ran.out.contains("  instructions  at least "), "{ran:?}");
    let quiet = bench.holding("quiet.wasm", &GuestBuilder::quiet("quiet").component());
    assert!(
        bench.run(&quiet, &["--payload", "[1]"]).err.contains("does not match the input schema of `run`")
    );
    let config = bench.path("anvil.toml").display().to_string();
    let other =
        anvil().args(["--config", &config, "plugin", "run", &quiet, "brew"]).output().expect("anvil runs");
    let other = Ran::of(&other, "http://127.0.0.1:1");
    assert!(other.code == 2 && other.err.contains("`quiet` has no action `brew`; it has `run`"), "{other:?}");
    assert!(!Path::new(&bench.path("data")).exists());
}

#[test]
fn what_a_file_is_made_of_is_shown_without_running_it() {
    let bench = Bench::new();
    let inspect = |file: &str, more: &[&str]| {
        let config = bench.path("anvil.toml").display().to_string();
        let args = [&["--config", config.as_str(), "plugin", "inspect", file], more].concat();
        Ran::of(&anvil().args(args).output().expect("anvil runs"), "http://127.0.0.1:1")
    };
    let quiet = bench.holding("quiet.wasm", &GuestBuilder::quiet("quiet").component());
    let ran = inspect(&quiet, &[]);
    assert_eq!(ran.code, 0, "{ran:?}");
    for told in [
        "  kind       component\n",
        "  contract   0.1.0\n",
        "  memory     128.0 KiB at its start, no bound of its own\n",
        "  made by    wit-component ",
        "  exports    anvil:agent/agent-api@0.1.0\n",
        "  section    code: ",
        "  agent      quiet 1.0.0: A guest of the tests.\n",
        "  action     run: ",
    ] {
        assert!(ran.out.contains(told), "{told}: {}", ran.out);
    }
    let told: Value = serde_json::from_str(&inspect(&quiet, &["--json"]).out).expect("JSON");
    assert_eq!((&told["kind"], &told["description"]["name"]), (&json!("component"), &json!("quiet")));
    // One that is no plugin has its parts all the same, and the reason.
    let http = bench.holding("http.wasm", &hostile("imports-http").component());
    let ran = inspect(&http, &[]);
    assert!(ran.code == 0 && ran.out.contains("no plugin  it imports `wasi:http/"), "{ran:?}");
    let text = bench.holding("text.wasm", b"hello");
    let ran = inspect(&text, &[]);
    assert!(ran.code == 1 && ran.err.contains("is not a WebAssembly file"), "{ran:?}");
}
