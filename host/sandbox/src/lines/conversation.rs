//! What a program says, line by line, until its last.

use super::calls;
use super::pipes::{FromProgram, Pipes};
use super::wire::{SaidDescription, SaidFailure};
use crate::Breach;
use crate::end::BreachKind;
use crate::guest::Guest;
use crate::log::cut;
use anvil_types::{Json, LogLevel};
use serde::de::{DeserializeOwned, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use std::fmt;

/// What a program is told that waits for ever.
const UNANSWERABLE: &str =
    "it reads its standard input, and no call of it is to be answered: no line will ever come";
/// How much of a line that is not understood is repeated.
const SHOWN: usize = 120;

/// What ends a conversation.
pub(super) enum Said {
    /// The job's result.
    Done(Json),
    /// Why there is none.
    Failed(SaidFailure),
    /// What the agent is.
    Description(SaidDescription),
}

/// What the program was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Waiting {
    /// The end of a job.
    ForResult,
    /// What it is.
    ForDescription,
}

impl Waiting {
    /// The lines that end it.
    pub(super) fn endings(self) -> &'static str {
        match self {
            Self::ForResult => "`done` with the result, or `failed` with kind and message",
            Self::ForDescription => "`description` with what the agent is",
        }
    }
}

/// Answers what the program asks until its last line; none where its output ends without one.
pub(super) async fn hold(guest: &mut Guest, pipes: &Pipes) -> wasmtime::Result<Option<Said>> {
    let mut begun = Vec::new();
    loop {
        let written = match pipes.written().await {
            FromProgram::Bytes(written) => written,
            FromProgram::Ended => break,
            FromProgram::Waits => return Err(breach(UNANSWERABLE.to_owned())),
        };
        let mut rest = written.as_slice();
        while let Some(end) = rest.iter().position(|byte| *byte == b'\n') {
            begun.extend_from_slice(&rest[..end]);
            rest = &rest[end + 1..];
            bounded(begun.len(), guest)?;
            let said = line(guest, pipes, &std::mem::take(&mut begun)).await?;
            if said.is_some() {
                return Ok(said);
            }
        }
        begun.extend_from_slice(rest);
        bounded(begun.len(), guest)?;
    }
    line(guest, pipes, &begun).await
}

fn bounded(bytes: usize, guest: &Guest) -> wasmtime::Result<()> {
    let most = guest.limits.hostcall_bytes;
    if bytes <= most {
        return Ok(());
    }
    let message = format!("a line that the program writes is longer than {most} bytes");
    Err(wasmtime::Error::new(Breach::new(BreachKind::HostcallSize, message)))
}

/// One line: for the log where it is no object, a call that is answered, or the last.
async fn line(guest: &mut Guest, pipes: &Pipes, bytes: &[u8]) -> wasmtime::Result<Option<Said>> {
    let bytes = bytes.trim_ascii();
    if bytes.is_empty() {
        return Ok(None);
    }
    if !bytes.starts_with(b"{") {
        guest.log.text("stdout", LogLevel::Info, &String::from_utf8_lossy(bytes));
        return Ok(None);
    }
    let (name, with) = verb(bytes)?;
    Ok(Some(match name.as_str() {
        "done" => Said::Done(with),
        "failed" => Said::Failed(read("failed", &with)?),
        "description" => Said::Description(read("description", &with)?),
        _ => {
            call(guest, pipes, &name, &with).await?;
            return Ok(None);
        }
    }))
}

async fn call(guest: &mut Guest, pipes: &Pipes, name: &str, with: &Json) -> wasmtime::Result<()> {
    let shown = cut(name, SHOWN);
    if pipes.is_closed() {
        return Err(breach(format!("it called `{shown}` and ended without waiting for the answer")));
    }
    if pipes.unread() > guest.limits.hostcall_bytes {
        return Err(breach(format!(
            "it does not read its standard input: {} bytes of answers wait there, and it called `{shown}`",
            pipes.unread()
        )));
    }
    pipes.answering(true);
    let answer = calls::answer(guest, name, with).await;
    pipes.answering(false);
    pipes.say(&answer?);
    Ok(())
}

/// The one key of a line, and what stands at it.
fn verb(bytes: &[u8]) -> wasmtime::Result<(String, Json)> {
    let Members(object) = serde_json::from_slice(bytes).map_err(|error| {
        breach(format!("it wrote a line that begins as an object and is none: {error}: {}", shown(bytes)))
    })?;
    let keys = object.len();
    match (object.into_iter().next(), keys) {
        (Some(only), 1) => Ok(only),
        _ => Err(breach(format!(
            "a line has one key, which says what it is; this one has {keys}: {}",
            shown(bytes)
        ))),
    }
}

/// The members of an object as they stand there: one that is there twice is there twice.
struct Members(Vec<(String, Json)>);

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Reader;
        impl<'de> Visitor<'de> for Reader {
            type Value = Members;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }
        from.deserialize_map(Reader)
    }
}

fn read<T: DeserializeOwned>(name: &str, with: &Json) -> wasmtime::Result<T> {
    serde_json::from_str(with.as_str())
        .map_err(|error| breach(format!("its line `{name}` is not as the protocol has it: {error}")))
}

/// A last line that answers another question than the one that was asked.
pub(super) fn unasked(name: &str, waiting: Waiting) -> Breach {
    let message = format!("its last line is `{name}`; it was asked for {}", waiting.endings());
    Breach::new(BreachKind::Protocol, message)
}

/// What it wrote, as it stands in its source: JSON with the quotes that it has, and what cannot be seen by its code.
fn shown(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(&bytes[..bytes.len().min(4 * SHOWN)]);
    let seen = |c: char| matches!(c, '"' | '\'' | '\\');
    cut(&text, SHOWN)
        .chars()
        .map(|c| if seen(c) { c.to_string() } else { c.escape_debug().to_string() })
        .collect()
}

fn breach(message: String) -> wasmtime::Error {
    wasmtime::Error::new(Breach::new(BreachKind::Protocol, message))
}
