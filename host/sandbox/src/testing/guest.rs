//! Builds small components from a few lines of WAT.

use std::fmt::Write;
use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};
use wit_parser::{Resolve, WorldId};

const PRELUDE: &str = include_str!("prelude.wat");
const ASK: &str = include_str!("ask.wat");
const WASI: &str = include_str!("wasi.wit");
const CONTRACT: [&str; 7] = [
    include_str!("../../../../wit/claude.wit"),
    include_str!("../../../../wit/job.wit"),
    include_str!("../../../../wit/people.wit"),
    include_str!("../../../../wit/settings.wit"),
    include_str!("../../../../wit/state.wit"),
    include_str!("../../../../wit/team.wit"),
    include_str!("../../../../wit/world.wit"),
];

/// The functions that a guest gets by naming them: interface, name there, name in WAT, type.
const IMPORTS: &[(&str, &str, &str, &str)] = &[
    (
        "anvil:agent/claude@0.1.0",
        "complete",
        "$complete",
        "(param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32)",
    ),
    ("anvil:agent/claude@0.1.0", "complete-many", "$complete_many", "(param i32 i32 i32)"),
    ("anvil:agent/job@0.1.0", "progress", "$progress", "(param f64 i32 i32)"),
    ("anvil:agent/job@0.1.0", "log", "$log", "(param i32 i32 i32)"),
    ("anvil:agent/job@0.1.0", "artifact", "$artifact", "(param i32 i32 i32 i32 i32 i32 i32)"),
    ("anvil:agent/job@0.1.0", "inputs", "$inputs", "(param i32)"),
    ("anvil:agent/job@0.1.0", "input", "$input", "(param i32 i32 i32)"),
    ("anvil:agent/people@0.1.0", "ask", "$people", "(param i32 i32)"),
    ("anvil:agent/settings@0.1.0", "keys", "$keys", "(param i32)"),
    ("anvil:agent/state@0.1.0", "get", "$state_get", "(param i32 i32 i32)"),
    ("anvil:agent/state@0.1.0", "set", "$state_set", "(param i32 i32 i32 i32 i32)"),
    ("anvil:agent/team@0.1.0", "run", "$team_run", "(param i32 i32 i32 i32 i32 i32 i32 i64 i32 i32 i32)"),
    ("anvil:agent/team@0.1.0", "run-many", "$team_run_many", "(param i32 i32 i32)"),
    ("wasi:clocks/wall-clock@0.2.6", "now", "$wall_clock", "(param i32)"),
    ("wasi:clocks/monotonic-clock@0.2.6", "now", "$monotonic_clock", "(result i64)"),
    (
        "wasi:clocks/monotonic-clock@0.2.6",
        "subscribe-duration",
        "$subscribe_duration",
        "(param i64) (result i32)",
    ),
    ("wasi:io/poll@0.2.6", "[method]pollable.block", "$block", "(param i32)"),
    ("wasi:io/poll@0.2.6", "[resource-drop]pollable", "$drop", "(param i32)"),
    ("wasi:random/random@0.2.6", "get-random-u64", "$random", "(result i64)"),
    ("wasi:random/insecure@0.2.6", "get-insecure-random-u64", "$insecure_random", "(result i64)"),
    ("wasi:cli/exit@0.2.6", "exit", "$exit", "(param i32)"),
    ("wasi:cli/environment@0.2.6", "get-arguments", "$arguments", "(param i32)"),
    ("wasi:cli/stdout@0.2.6", "get-stdout", "$stdout", "(result i32)"),
    (
        "wasi:io/streams@0.2.6",
        "[method]output-stream.blocking-write-and-flush",
        "$write",
        "(param i32 i32 i32 i32)",
    ),
    ("wasi:http/outgoing-handler@0.2.6", "handle", "$http", "(param i32) (result i32)"),
];

/// The schema of any object.
const ANY_OBJECT: &str = r#"{"type":"object"}"#;

/// A guest in the making: an agent with one action, `run`.
#[derive(Clone, Debug)]
pub struct GuestBuilder {
    name: String,
    version: String,
    input_schema: String,
    wat: String,
}

impl GuestBuilder {
    /// An agent of this name. `wat` has the fields of a core module; among them `$run`, which gets
    /// action, payload and extras as six numbers and answers with `$done`, `$succeed`, `$number` or
    /// `$fail` of the prelude. It may have a `$describe` of its own.
    pub fn new(name: &str, wat: &str) -> Self {
        Self {
            name: name.to_owned(),
            version: "1.0.0".to_owned(),
            input_schema: ANY_OBJECT.to_owned(),
            wat: wat.to_owned(),
        }
    }

    /// An agent of this name that does nothing and succeeds.
    pub fn quiet(name: &str) -> Self {
        Self::new(name, "(func $run (param i32 i32 i32 i32 i32 i32) (result i32) (call $done))")
    }

    /// With another version than 1.0.0.
    #[must_use]
    pub fn version(mut self, version: &str) -> Self {
        version.clone_into(&mut self.version);
        self
    }

    /// With another input schema than that of any object.
    #[must_use]
    pub fn input_schema(mut self, schema: &str) -> Self {
        schema.clone_into(&mut self.input_schema);
        self
    }

    /// With more fields of the module.
    #[must_use]
    pub fn and(mut self, wat: &str) -> Self {
        self.wat.push_str(wat);
        self
    }

    /// The core module, without the component around it.
    pub fn core_module(&self) -> Vec<u8> {
        wat::parse_str(self.text()).unwrap_or_else(|error| panic!("the guest `{}`: {error}", self.name))
    }

    /// The component.
    pub fn component(&self) -> Vec<u8> {
        let (resolve, world) = world("");
        encode(self.core_module(), &resolve, world)
    }

    fn text(&self) -> String {
        let ask = if self.wat.contains("$ask") { ASK } else { "" };
        let wat = format!("{ask}\n{}", self.wat);
        let mut text = "(module\n".to_owned();
        for (module, name, id, kind) in IMPORTS {
            // `$log` must not be found in `$logs`.
            if wat.split(|c: char| c.is_whitespace() || c == '(' || c == ')').any(|word| word == *id) {
                let _ = writeln!(text, "  (import \"{module}\" \"{name}\" (func {id} {kind}))");
            }
        }
        text.push_str(PRELUDE);
        text.push_str(&wat);
        if !self.wat.contains("(func $describe") {
            text.push_str("\n  (func $describe (result i32) (i32.const 1024))\n");
        }
        let _ = write!(
            text,
            "  (export \"anvil:agent/agent-api@0.1.0#describe\" (func $describe))
  (export \"anvil:agent/agent-api@0.1.0#run\" (func $run))
  (data (i32.const 1024) \"{}\"))",
            escaped(&self.description())
        );
        text
    }

    /// The record `description` as it lies in memory at 1024.
    fn description(&self) -> Vec<u8> {
        const AT: u32 = 1024;
        const ACTIONS: u32 = AT + 56;
        const TEXTS: u32 = ACTIONS + 32;
        let mut texts = Vec::new();
        let mut text = |text: &str| {
            let at = TEXTS + u32::try_from(texts.len()).expect("a test's texts are short");
            texts.extend_from_slice(text.as_bytes());
            [at, u32::try_from(text.len()).expect("a test's texts are short")]
        };
        let (name, version, summary) = (text(&self.name), text(&self.version), text("A guest of the tests."));
        let (action, action_summary) = (text("run"), text("Does what the guest is named for."));
        let (input, output) = (text(&self.input_schema), text(ANY_OBJECT));
        // The effort is an enum of one byte; what is read as the number 1 is `standard`.
        let words = [name, version, summary, [ACTIONS, 1], [0, 0], [0, 1], [0, 0]];
        let action = [action, action_summary, input, output];
        let mut bytes: Vec<u8> =
            words.into_iter().chain(action).flatten().flat_map(u32::to_le_bytes).collect();
        bytes.extend(texts);
        bytes
    }
}

/// A component that exports an interface which is not the agent's.
pub fn of_another_interface() -> Vec<u8> {
    let (resolve, world) = world("export greet: interface { hello: func() -> u32; }");
    let module = wat::parse_str(r#"(module (func (export "greet#hello") (result i32) (i32.const 1)))"#);
    encode(module.expect("the text above is a module"), &resolve, world)
}

/// A component in the text format.
pub fn component_text(text: &str) -> Vec<u8> {
    wat::parse_str(text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

/// An agent whose `run` takes a text instead of a job.
pub fn with_another_run() -> Vec<u8> {
    let contract = contract().replace("run: func(job: job)", "run: func(job: string)");
    let (resolve, world) = parse(&contract, "export anvil:agent/agent-api@0.1.0;");
    let guest = GuestBuilder::new("other", "(func $run (param i32 i32) (result i32) (call $done))");
    encode(guest.core_module(), &resolve, world)
}

/// The contract, WASI, and a world of the agent's exports with `more`.
fn world(more: &str) -> (Resolve, WorldId) {
    let exports = if more.is_empty() { "export anvil:agent/agent-api@0.1.0;" } else { more };
    parse(&contract(), exports)
}

fn contract() -> String {
    let files = CONTRACT.map(|file| file.replacen("package anvil:agent@0.1.0;", "", 1));
    format!("package anvil:agent@0.1.0 {{\n{}\n}}", files.join("\n"))
}

fn parse(contract: &str, exports: &str) -> (Resolve, WorldId) {
    let mut imports: Vec<_> = IMPORTS.iter().map(|(module, ..)| *module).collect();
    imports.dedup();
    let mut text = format!("package tests:guests;\nworld guest {{\n{exports}\n");
    for import in imports {
        let _ = writeln!(text, "import {import};");
    }
    let text = format!("{text}}}\n{contract}\n{WASI}");
    let mut resolve = Resolve::default();
    let package = resolve.push_str("guests.wit", &text).unwrap_or_else(|error| panic!("{error:#}"));
    let world = resolve.select_world(&[package], Some("guest")).expect("the text above has this world");
    (resolve, world)
}

fn encode(mut module: Vec<u8>, resolve: &Resolve, world: WorldId) -> Vec<u8> {
    embed_component_metadata(&mut module, resolve, world, StringEncoding::UTF8)
        .expect("the world can be embedded");
    ComponentEncoder::default()
        .validate(true)
        .module(&module)
        .and_then(|mut encoder| encoder.encode())
        .unwrap_or_else(|error| panic!("the guest is no component: {error:#}"))
}

fn escaped(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "\\{byte:02x}");
        text
    })
}
