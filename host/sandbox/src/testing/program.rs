//! Builds small programs that speak in lines, as core modules of WASI preview 1.

use std::fmt::Write;

const PRELUDE: &str = include_str!("program.wat");
/// Where texts begin in the memory.
const TEXTS: usize = 1024;
/// Where it has what it heard last.
const HEARD: usize = 65_536;

/// A program in the making: an agent with one action, `run`. Asked to describe itself it does; asked for a job it takes
/// its steps, one after the other.
#[derive(Clone, Debug)]
pub struct ProgramBuilder {
    description: String,
    code: String,
    fields: String,
    texts: Vec<u8>,
}

impl ProgramBuilder {
    /// An agent of this name.
    pub fn new(name: &str) -> Self {
        let description = format!(
            r#"{{"description":{{"name":"{name}","version":"1.0.0","summary":"A program of the tests.","actions":[{{"name":"run","summary":"Does what it is named for.","input_schema":{{"type":"object"}},"output_schema":{{}}}}]}}}}"#
        );
        Self { description, code: String::new(), fields: String::new(), texts: Vec::new() }
    }

    /// Answers this line when it is asked to describe itself.
    #[must_use]
    pub fn describing(mut self, line: &str) -> Self {
        line.clone_into(&mut self.description);
        self
    }

    /// Writes a line.
    #[must_use]
    pub fn say(self, line: &str) -> Self {
        self.write(1, &format!("{line}\n"))
    }

    /// Writes a text, without an end of line, to the file of this number.
    #[must_use]
    pub fn write(mut self, file: u32, text: &str) -> Self {
        let at = TEXTS + self.texts.len();
        self.texts.extend_from_slice(text.as_bytes());
        self.wat(&format!("(call $write (i32.const {file}) (i32.const {at}) (i32.const {}))", text.len()))
    }

    /// Reads a line.
    #[must_use]
    pub fn hear(self) -> Self {
        self.wat("(drop (call $hear))")
    }

    /// Writes what it heard last, after a mark, so that it is a line of the log.
    #[must_use]
    pub fn repeat(self) -> Self {
        self.write(1, "heard ").wat("(call $write (i32.const 1) (i32.const 65536) (global.get $heard))")
    }

    /// Fails with `invalid-input` where it was asked for another action than `run`, or with a payload that is no object,
    /// as an agent that conforms does.
    #[must_use]
    pub fn refusing_others(self) -> Self {
        // `run","payload":{` stands at this place of the first line that it heard.
        let at = HEARD + r#"{"run":{"contract":"anvil:agent@0.1.0","action":""#.len();
        let number = |text: &[u8; 8]| i64::from_le_bytes(*text);
        self.wat(&format!(
            "(if (i32.or (i64.ne (i64.load (i32.const {at})) (i64.const {})) (i64.ne (i64.load (i32.const {})) (i64.const {}))) (then",
            number(b"run\",\"pa"),
            at + 8,
            number(b"yload\":{")
        ))
        .say(r#"{"failed":{"kind":"invalid-input","message":"that is not for this agent"}}"#)
        .wat("return))")
    }

    /// Takes a step of its own.
    #[must_use]
    pub fn wat(mut self, code: &str) -> Self {
        self.code.push_str(code);
        self.code.push('\n');
        self
    }

    /// With more fields of the module.
    #[must_use]
    pub fn and(mut self, wat: &str) -> Self {
        self.fields.push_str(wat);
        self.fields.push('\n');
        self
    }

    /// The core module.
    pub fn core_module(&self) -> Vec<u8> {
        let at = TEXTS + self.texts.len();
        let description = format!("{}\n", self.description);
        let mut text = format!(
            "(module\n{PRELUDE}\n(func $describe (call $write (i32.const 1) (i32.const {at}) (i32.const {})))\n(func $run {})\n{}",
            description.len(),
            self.code,
            self.fields
        );
        let texts = self.texts.iter().chain(description.as_bytes());
        let texts = texts.fold(String::new(), |mut escaped, byte| {
            let _ = write!(escaped, "\\{byte:02x}");
            escaped
        });
        let _ = write!(text, "(data (i32.const {TEXTS}) \"{texts}\"))");
        wat::parse_str(&text).unwrap_or_else(|error| panic!("the program: {error}\n{text}"))
    }
}
