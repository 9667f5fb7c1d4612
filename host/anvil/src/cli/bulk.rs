//! `anvil submit --bulk`.

use super::Globals;
use super::source::Source;
use crate::client::Client;
use crate::failure::{Exit, Failure};
use crate::show::{clean, print};
use anvil_api::{BulkAnswer, LineAnswer, LineProblem};
use futures_util::StreamExt as _;
use serde::de::DeserializeOwned;
use std::ffi::OsStr;

/// Sends the lines of a file, or of standard input, and prints an answer for each.
pub(super) async fn run(client: &Client, globals: &Globals, path: &OsStr) -> Result<Exit, Failure> {
    let mut answers =
        client.send_lines(&["jobs", "bulk"], Source::open(path).await?.pieces()).await?.bytes_stream();
    let mut told = Told { json: globals.json, taken: 0, refused: 0 };
    let mut rest = Vec::new();
    while let Some(piece) = answers.next().await {
        let piece = piece.map_err(|error| anyhow::anyhow!("the answers broke off: {error}"))?;
        rest.extend_from_slice(&piece);
        let Some(end) = rest.iter().rposition(|byte| *byte == b'\n') else { continue };
        let whole: Vec<u8> = rest.drain(..=end).collect();
        for line in whole.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
            told.line(line)?;
        }
    }
    if !globals.json {
        let (taken, refused) = (told.taken, told.refused);
        eprintln!("{taken} taken in, {refused} refused");
    }
    Ok(if told.refused == 0 { Exit::Done } else { Exit::SomeRefused })
}

struct Told {
    json: bool,
    taken: u64,
    refused: u64,
}

impl Told {
    fn line(&mut self, line: &[u8]) -> Result<(), Failure> {
        let answer: LineAnswer<BulkAnswer> = read(line)?;
        let taken = matches!(answer, LineAnswer::Taken(_));
        *(if taken { &mut self.taken } else { &mut self.refused }) += 1;
        if self.json {
            return print(&String::from_utf8_lossy(line));
        }
        print(&match answer {
            LineAnswer::Taken(BulkAnswer { id, line, label, state, .. }) => {
                let label = label.map(|label| format!(" {}", clean(&label))).unwrap_or_default();
                format!("{line} {id} {state}{label}")
            }
            LineAnswer::Refused(LineProblem { line, problem }) => {
                format!("{line} refused: {}: {}", clean(&problem.title), clean(&problem.detail))
            }
        })
    }
}

/// A line that answers a line.
pub(super) fn read<T: DeserializeOwned>(line: &[u8]) -> Result<T, Failure> {
    serde_json::from_slice(line)
        .map_err(|_| anyhow::anyhow!("an answer of the host is none that this version can read").into())
}
