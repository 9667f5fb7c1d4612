//! `anvil jobs import`.

use crate::cli::Globals;
use crate::cli::bulk::{input, pieces};
use crate::client::Client;
use crate::failure::{Exit, Failure};
use crate::show::{clean, print, text};
use clap::Args;
use futures_util::StreamExt as _;
use serde_json::Value;

/// What is imported.
#[derive(Debug, Args)]
pub(crate) struct ImportArgs {
    /// The file that `anvil jobs export` wrote; `-` for standard input.
    file: String,
}

impl ImportArgs {
    pub(crate) async fn run(&self, client: &Client, globals: &Globals) -> Result<Exit, Failure> {
        let input = input(&self.file).await?;
        let mut answers = client.send_lines(&["jobs", "import"], pieces(input)).await?.bytes_stream();
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
        let answer: Value =
            serde_json::from_slice(line).map_err(|_| anyhow::anyhow!("an answer of the host is no JSON"))?;
        let count = match answer.get("came").and_then(Value::as_str) {
            Some("new") => &mut self.new,
            Some("existing") => &mut self.existing,
            Some("submitted") => &mut self.submitted,
            _ => &mut self.refused,
        };
        *count += 1;
        if self.json {
            return print(&String::from_utf8_lossy(line));
        }
        if answer.get("came").is_none() {
            let said = |key: &str| clean(answer.get(key).and_then(Value::as_str).unwrap_or_default());
            eprintln!("line {}: {}: {}", text(&answer, "/line"), said("title"), said("detail"));
        }
        Ok(())
    }
}
