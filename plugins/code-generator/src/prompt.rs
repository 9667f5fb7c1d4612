//! What Claude is asked.

use crate::answer::Answer;
use crate::files::Skipped;
use crate::payload::Payload;
use crate::plan::Plan;
use crate::wit::anvil::agent::claude::{ContentBlock, Effort, Message, Request, Role};
use std::fmt::Write as _;

/// The most output tokens of a plan.
const PLAN_TOKENS: u32 = 600;
/// The most output tokens of one part of the code: a hold is taken for all of them.
const CODE_TOKENS: u32 = 16_000;
/// Fewer bytes than any text has for each of its tokens, so that a guess errs on the safe side.
const BYTES_PER_TOKEN: usize = 2;

const PLANNER: &str = "You plan the work of a programmer. You answer with a numbered list and nothing else: \
one line for each file to write, as `path` – what it is for. Use as few files as a good programmer would.";

const PROGRAMMER: &str = "You are a careful programmer. You write complete files that work as they are: \
no placeholders, nothing left out, no \"rest as before\".

Give each file as a fenced code block whose info string is the language and the file's path, like this:

```html pages/login.html
<!doctype html>
```

Paths are relative, with forward slashes. Give each file once. Where a file holds fenced blocks itself, \
fence it with four backticks. Commands to type and examples get no path. Keep remarks between the files \
to a sentence.";

/// The most tokens of one call, in and out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Room {
    /// Input tokens.
    pub input: u32,
    /// Output tokens.
    pub output: u32,
}

/// Asks for the plan.
pub fn plan(payload: &Payload, house_rules: Option<&str>, room: Room) -> Request {
    let mut text = wishes(payload);
    let _ = write!(text, "\nMake a short numbered plan of the files to write. Do not write code yet.");
    let turns = vec![turn(Role::User, text)];
    request(PLANNER, house_rules, turns, Effort::Simple, room.output.min(PLAN_TOKENS))
}

/// What is said before the code: the task.
pub fn task_turns(payload: &Payload, plan: &Plan) -> Vec<Message> {
    vec![turn(Role::User, task(payload, plan))]
}

/// What is said before files are given once more: the task, the answer and what is wrong with it. Of a long answer the
/// end alone, so that there is room for what follows.
pub fn mend_turns(task: &[Message], answer: &Answer, wrong: &[Skipped], room: Room) -> Vec<Message> {
    let list: Vec<_> = wrong.iter().map(|Skipped { name, reason }| format!("\n- {name}: {reason}")).collect();
    let list = list.concat();
    let ask = format!(
        "This cannot be used:{list}\n\nGive each of these files once more, whole and with that mended, as a fenced code \
         block whose info string is the language and the file's path. Close every block. The files that are not named \
         here are good: do not give them again. No remarks."
    );
    let so_far = answer.tail(bytes(room).saturating_sub(length(task) + ask.len()) / 2);
    let said = vec![turn(Role::Assistant, so_far), turn(Role::User, ask)];
    task.iter().cloned().chain(said).collect()
}

/// Asks for code.
pub fn code(turns: &[Message], house_rules: Option<&str>, room: Room) -> Request {
    request(PROGRAMMER, house_rules, turns.to_vec(), Effort::Standard, room.output.min(CODE_TOKENS))
}

/// Asks for the rest of an answer that was cut. Of a long answer, only so much of the end is sent as
/// there is room for.
pub fn go_on(turns: &[Message], answer: &Answer, house_rules: Option<&str>, room: Room) -> Request {
    let ask = format!(
        "Your answer was cut off by the limit on its length. Its last lines are:\n<last_lines>\n{}\n</last_lines>\n\
         Repeat these lines exactly as they stand there and go on from them to the end of the answer. \
         No remark, no new opening fence for the same file, nothing a second time.",
        answer.last_lines()
    );
    let fixed = PROGRAMMER.len() + house_rules.map_or(0, str::len) + length(turns) + ask.len();
    let so_far = answer.tail(bytes(room).saturating_sub(fixed));
    let said = vec![turn(Role::Assistant, so_far), turn(Role::User, ask)];
    code(&turns.iter().cloned().chain(said).collect::<Vec<_>>(), house_rules, room)
}

/// How many bytes a call takes in.
fn bytes(room: Room) -> usize {
    usize::try_from(room.input).unwrap_or(usize::MAX).saturating_mul(BYTES_PER_TOKEN)
}

/// How many bytes are said.
fn length(turns: &[Message]) -> usize {
    let blocks = turns.iter().flat_map(|turn| &turn.content);
    blocks.map(|block| if let ContentBlock::Text(text) = block { text.len() } else { 0 }).sum()
}

fn wishes(payload: &Payload) -> String {
    let mut text = format!("Requirements:\n{}\n", payload.requirements.trim());
    let given =
        [("Language", &payload.language), ("Style", &payload.style), ("Constraints", &payload.constraints)];
    for (what, value) in given {
        if let Some(value) = value.as_deref().map(str::trim).filter(|value| !value.is_empty()) {
            let _ = write!(text, "\n{what}: {value}\n");
        }
    }
    if let Some(most) = payload.files_max {
        let _ = write!(text, "\nAt most {most} {}.\n", if most == 1 { "file" } else { "files" });
    }
    if payload.tests {
        text.push_str("\nCover the code with automated tests, in files of their own.\n");
    }
    text
}

fn task(payload: &Payload, plan: &Plan) -> String {
    let mut text = wishes(payload);
    if !plan.steps.is_empty() {
        let _ = write!(text, "\nWhat to write:\n{}\n", plan.list());
    }
    text.push_str(
        "\nWrite the full content of each file. Give each file as a fenced code block whose info string \
         is the language and the file's path.",
    );
    text
}

fn turn(role: Role, text: String) -> Message {
    Message { role, content: vec![ContentBlock::Text(text)] }
}

fn request(
    system: &str,
    house_rules: Option<&str>,
    messages: Vec<Message>,
    effort: Effort,
    tokens: u32,
) -> Request {
    let rules = house_rules.map(|rules| format!("\n\nRules of this house:\n{rules}")).unwrap_or_default();
    Request {
        system: Some(format!("{system}{rules}")),
        messages,
        tools: Vec::new(),
        effort: Some(effort),
        max_output_tokens: Some(tokens),
        stop_sequences: Vec::new(),
        cacheable: true,
        options: Vec::new(),
    }
}
