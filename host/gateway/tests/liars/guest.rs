//! Guests that choose their JSON to be counted for less than it is sent as.

use crate::dice::Dice;
use anvil_types::{ContentBlock, Effort, Message, Request, Role, Tool};
use std::fmt::Write as _;

/// Numbers that are short as they are written, and long as a reader may write them again.
const NUMBERS: [&str; 12] = [
    "1e15",
    "-1e15",
    "1E+15",
    "9e14",
    "1e-7",
    "123456789012345678",
    "0.1e17",
    "5e-324",
    "1.7976931348623157e308",
    "100000000000000000000",
    "-0.0",
    "3.0",
];
/// Text that is short as it is written, and long when it is escaped.
const TEXTS: [&str; 9] = [
    "plain",
    "\u{1}\u{2}\u{1f}\u{7f}",
    "\"\\\"\\",
    "\u{1F600}\u{1F468}\u{200D}\u{1F469}",
    "日本語のテキスト",
    "</script>&amp;<!--",
    "\u{2028}\u{2029}\u{feff}",
    "ÿ\u{300}\u{301}\u{302}",
    "line\nline\ttab\r\n",
];

/// One question, and how it is asked.
pub(crate) struct Asking {
    pub request: Request,
    /// Whoever asks goes away before the answer.
    pub goes_away: bool,
    /// What takes its text panics, which is a fault of the host.
    pub panics: bool,
}

impl Asking {
    /// Whether what takes this question's text panics.
    pub(crate) fn panics(seed: u64, number: u64) -> bool {
        Dice::new(seed ^ 0xFA17, number).percent(2)
    }

    /// The question with this number.
    pub(crate) fn of(seed: u64, number: u64) -> Self {
        let request = question(&mut Dice::new(seed ^ 0x6E57, number), number);
        let goes_away = Dice::new(seed ^ 0xA3A7, number).percent(2);
        Self { request, goes_away, panics: Self::panics(seed, number) }
    }
}

fn question(dice: &mut Dice, number: u64) -> Request {
    let mut content = vec![text(format!("Q{number}. {}", words(dice)))];
    if dice.percent(10) {
        content.push(text(dice.pick(&TEXTS).repeat(1 + dice.at(200))));
    }
    let mut messages = vec![Message { role: Role::User, content }];
    if dice.percent(15) {
        let input = object(dice, 3);
        let id = format!("toolu_{number}");
        messages.push(Message {
            role: Role::Assistant,
            content: vec![ContentBlock::ToolUse { id: id.clone(), name: "tool0".into(), input }],
        });
        let result = ContentBlock::ToolResult { tool_use_id: id, content: words(dice), is_error: false };
        messages.push(Message { role: Role::User, content: vec![result] });
    }
    let tools = if dice.percent(30) { 1 + dice.at(3) } else { 0 };
    let tools = (0..tools).map(|at| tool(dice, at)).collect();
    let efforts = [Effort::Simple, Effort::Standard, Effort::Complex];
    Request {
        system: dice.percent(30).then(|| words(dice)),
        messages,
        tools,
        effort: Some(dice.pick(&efforts)),
        max_output_tokens: Some(dice.pick(&[1, 16, 200, 1_000, 2_000])),
        stop_sequences: Vec::new(),
        cacheable: dice.percent(20),
        options: options(dice),
    }
}

fn options(dice: &mut Dice) -> Vec<(String, String)> {
    let mut options = Vec::new();
    if dice.percent(10) {
        let schema = object(dice, 3);
        options.push(("output_config".to_owned(), format!(r#"{{"format":{{"schema":{schema}}}}}"#)));
    }
    if dice.percent(5) {
        options.push(("thinking".to_owned(), object(dice, 1)));
    }
    if dice.percent(2) {
        // Refused before anything is asked.
        let (name, json) = dice.pick(&[("thinking", "{"), ("tool_choice", "1e999"), ("later", "1")]);
        options.push((name.to_owned(), json.to_owned()));
    }
    options
}

fn text(text: String) -> ContentBlock {
    ContentBlock::Text { text }
}

fn words(dice: &mut Dice) -> String {
    let mut words = String::new();
    for _ in 0..=dice.at(8) {
        words += dice.pick(&TEXTS);
        words.push(' ');
    }
    words
}

fn tool(dice: &mut Dice, at: usize) -> Tool {
    let input_schema = match dice.below(4) {
        // A long list of short numbers.
        0 => {
            let one = dice.percent(60).then(|| dice.pick(&NUMBERS));
            let numbers: Vec<_> =
                (0..dice.at(500)).map(|_| one.unwrap_or_else(|| dice.pick(&NUMBERS))).collect();
            format!(r#"{{"type":"object","enum":[{}]}}"#, numbers.join(","))
        }
        // Deep.
        1 => {
            let depth = 1 + dice.at(40);
            let inner = format!(r#"{{"type":"number","default":{}}}"#, dice.pick(&NUMBERS));
            let open = r#"{"type":"object","properties":{"a":"#.repeat(depth);
            format!("{open}{inner}{}", "}}".repeat(depth))
        }
        _ => format!(r#"{{"type":"object","examples":[{}]}}"#, object(dice, 4)),
    };
    Tool { name: format!("tool{at}"), description: words(dice), input_schema }
}

// A JSON object, written as tersely as it can be, or with much white space.
fn object(dice: &mut Dice, depth: u32) -> String {
    let mut json = String::from("{");
    for at in 0..dice.below(6) {
        if at > 0 {
            json.push(',');
        }
        let _ = write!(json, "\"k{at}\":");
        match dice.below(5) {
            0 | 1 => json += dice.pick(&NUMBERS),
            2 => {
                let value = serde_json::to_string(dice.pick(&TEXTS)).expect("a string");
                json += &value;
            }
            3 if depth > 0 => json += &object(dice, depth - 1),
            _ => json += r#""\u00e9\ud83d\ude00\u0041""#,
        }
    }
    json.push('}');
    json
}
