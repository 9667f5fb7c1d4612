//! `anvil jobs import`.

use crate::cli::Globals;
use crate::cli::bulk::read;
use crate::cli::source::Source;
use crate::client::Client;
use crate::failure::{Exit, Failure};
use crate::show::{clean, print};
use anvil_api::{Came, ImportAnswer, LineAnswer, LineProblem};
use clap::Args;
use futures_util::StreamExt as _;
use std::ffi::OsString;

/// What is imported.
#[derive(Debug, Args)]
pub(crate) struct ImportArgs {
    /// The file that `anvil jobs export` wrote; `-` for standard input.
    file: OsString,
}

impl ImportArgs {
    pub(crate) async fn run(&self, client: &Client, globals: &Globals) -> Result<Exit, Failure> {
        let input = Source::open(&self.file).await?;
        let mut answers = client.send_lines(&["jobs", "import"], input.pieces()).await?.bytes_stream();
        let mut told = Told { json: globals.json, ..Told::default() };
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
            let Told { new, existing, submitted, refused, .. } = told;
            print(&format!(
                "{new} came in as history, {submitted} submitted, {existing} here already, {refused} refused"
            ))?;
        }
        Ok(if told.refused == 0 { Exit::Done } else { Exit::SomeRefused })
    }
}

#[derive(Default)]
struct Told {
    json: bool,
    new: u64,
    existing: u64,
    submitted: u64,
    refused: u64,
}

impl Told {
    fn line(&mut self, line: &[u8]) -> Result<(), Failure> {
        let answer: LineAnswer<ImportAnswer> = read(line)?;
        let count = match &answer {
            LineAnswer::Taken(ImportAnswer { came: Came::New, .. }) => &mut self.new,
            LineAnswer::Taken(ImportAnswer { came: Came::Existing, .. }) => &mut self.existing,
            LineAnswer::Taken(ImportAnswer { came: Came::Submitted, .. }) => &mut self.submitted,
            LineAnswer::Refused(_) => &mut self.refused,
        };
        *count += 1;
        if self.json {
            return print(&String::from_utf8_lossy(line));
        }
        if let LineAnswer::Refused(LineProblem { line, problem }) = answer {
            eprintln!("line {line}: {}: {}", clean(&problem.title), clean(&problem.detail));
        }
        Ok(())
    }
}
