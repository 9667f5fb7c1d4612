//! What the jobs of a soak are.

use anvil_sandbox::testing::hostile;
use serde_json::{Value, json};
use std::fs;
use std::path::{Path, PathBuf};

/// A kind of job, and how many of each hundred are of it.
pub(crate) struct Kind {
    pub(crate) name: &'static str,
    pub(crate) percent: u64,
    /// Jobs that come of one: itself, and its children.
    pub(crate) jobs: u64,
    make: fn(u64) -> Value,
}

impl Kind {
    /// Its job, by a number that no other job has.
    pub(crate) fn job(&self, number: u64) -> Value {
        (self.make)(number)
    }
}

/// The kinds: the hundred of them, told apart by what they make the host do.
pub(crate) static KINDS: [Kind; 8] = [
    Kind { name: "Rust, a call", percent: 40, jobs: 1, make: |n| asker(&json!({ "prompt": prompt(n) })) },
    Kind {
        name: "Rust, a call and a file",
        percent: 31,
        jobs: 1,
        make: |n| job("player", "play", &json!({ "n": n })),
    },
    Kind { name: "Rust, a child", percent: 5, jobs: 2, make: parent },
    Kind { name: "Rust, a question to a person", percent: 3, jobs: 1, make: person },
    Kind {
        name: "WebAssembly text, a trap",
        percent: 5,
        jobs: 1,
        make: |n| job("traps", "run", &json!({ "n": n })),
    },
    Kind {
        name: "TypeScript, its calls",
        percent: 8,
        jobs: 1,
        make: |n| job("requirements-analyzer", "analyze", &json!({ "brief": prompt(n) })),
    },
    Kind { name: "Go, its calls", percent: 5, jobs: 1, make: go },
    Kind {
        name: "Python, its calls",
        percent: 3,
        jobs: 1,
        make: |n| job("design-architect", "design", &json!({ "requirements": prompt(n) })),
    },
];

/// The kind of a job by its number: the kinds in their shares, well mixed.
pub(crate) fn kind(number: u64) -> &'static Kind {
    // 37 has no divisor in common with 100: each hundred jobs have all the places once.
    let mut place = number * 37 % 100;
    for kind in &KINDS {
        if place < kind.percent {
            return kind;
        }
        place -= kind.percent;
    }
    unreachable!("the shares are a hundred in all");
}

/// The agent whose file is replaced.
pub(crate) const REPLACED: &str = "asker.wasm";

/// Puts the six agents into a plugins folder.
pub(crate) fn put_agents(plugins: &Path) {
    fs::create_dir_all(plugins).expect("a folder");
    for name in ["asker", "player"] {
        fs::write(plugins.join(format!("{name}.wasm")), built(name)).expect("a plugin");
    }
    for name in ["requirements-analyzer", "documentation-generator", "design-architect"] {
        let prebuilt = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../plugins/prebuilt");
        let bytes = fs::read(prebuilt.join(format!("{name}.wasm"))).expect("it is committed");
        fs::write(plugins.join(format!("{name}.wasm")), bytes).expect("a plugin");
    }
    fs::write(plugins.join("traps.wasm"), hostile("traps").component()).expect("a plugin");
}

/// The component of an agent of `tests/agents`, as `make soak` has built it.
fn built(name: &str) -> Vec<u8> {
    // The binary stands in PROFILE/, and PROFILE/ in the folder of what is built.
    let target: PathBuf =
        Path::new(env!("CARGO_BIN_EXE_anvil")).ancestors().nth(2).expect("a target folder").into();
    let file = target.join("wasm32-wasip2/agent").join(format!("{name}.wasm"));
    fs::read(&file).unwrap_or_else(|error| panic!("{}: {error}: make soak builds it", file.display()))
}

/// What comes into the file that is replaced: another build of the same agent, and in turn what is none.
pub(crate) fn replacement(number: u64) -> Vec<u8> {
    let whole = built("asker");
    if number % 2 == 1 {
        return whole[..whole.len() / 2].to_vec();
    }
    // A custom section that nobody reads.
    let text = format!("build {number}");
    let length = u8::try_from(text.len()).expect("short");
    [whole.as_slice(), &[0, length + 1, length], text.as_bytes()].concat()
}

fn job(agent: &str, action: &str, payload: &Value) -> Value {
    json!({ "agent": agent, "action": action, "payload": payload })
}

fn asker(payload: &Value) -> Value {
    job("asker", "ask", payload)
}

/// What no other job asks: an answer out of the cache is no call.
fn prompt(number: u64) -> String {
    format!("- R1: What is number {number}?")
}

fn parent(number: u64) -> Value {
    let task = json!({ "agent": "player", "action": "play", "payload": { "child of": number } });
    asker(&json!({ "prompt": prompt(number), "calls": 0, "tasks": [task] }))
}

fn person(number: u64) -> Value {
    let question = json!({ "prompt": prompt(number), "choices": ["yes", "no"] });
    asker(&json!({ "prompt": prompt(number), "calls": 0, "people": [question] }))
}

fn go(number: u64) -> Value {
    let content = format!("package main\n// number {number}");
    job(
        "documentation-generator",
        "generate-docs",
        &json!({ "files": [{ "path": "main.go", "content": content }] }),
    )
}
