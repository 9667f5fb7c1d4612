//! `anvil prices`.

use super::Globals;
use crate::client::Client;
use crate::failure::{Exit, Failure};
use crate::show::{Table, items, print, print_json, text};
use clap::{Args, Subcommand};
use reqwest::Method;
use serde_json::{Map, Value, json};

/// A price that is set here counts for calls from then on, is kept over a restart, and is in the audit
/// log. What was paid stays as it was.
#[derive(Debug, Args)]
pub(crate) struct PricesArgs {
    #[command(subcommand)]
    command: Option<PricesCommand>,
}

#[derive(Debug, Subcommand)]
enum PricesCommand {
    /// Show the prices in force and where each comes from, in dollars per million tokens.
    Show {
        /// The rows of the past and the future too.
        #[arg(long)]
        all: bool,
    },
    /// Set the prices of a model.
    Set(Box<SetArgs>),
    /// Take a row away that was set at run time; its id is in `anvil prices show`.
    Reset {
        /// The row.
        id: String,
    },
}

#[derive(Debug, Args)]
struct SetArgs {
    /// The exact id of the model.
    model: String,
    /// Dollars per million tokens of input.
    #[arg(long, value_name = "USD")]
    input: f64,
    /// Dollars per million tokens of output.
    #[arg(long, value_name = "USD")]
    output: f64,
    /// Dollars per million tokens written to the cache for five minutes.
    #[arg(long, value_name = "USD")]
    cache_write_5m: f64,
    /// Dollars per million tokens written to the cache for an hour.
    #[arg(long, value_name = "USD")]
    cache_write_1h: f64,
    /// Dollars per million tokens read from the cache.
    #[arg(long, value_name = "USD")]
    cache_read: f64,
    /// In force from this time on (RFC 3339); without it, from now on.
    #[arg(long, value_name = "TIME")]
    from: Option<String>,
    /// The longest context in tokens; without it, as it is.
    #[arg(long, value_name = "TOKENS")]
    context: Option<u64>,
    /// The longest answer in tokens; without it, as it is.
    #[arg(long, value_name = "TOKENS")]
    max_output: Option<u64>,
    /// A price of 0 is meant: nothing is to be paid, and no limit counts it.
    #[arg(long)]
    free: bool,
}

impl PricesArgs {
    pub(crate) async fn run(&self, client: &Client, globals: &Globals) -> Result<Exit, Failure> {
        match &self.command {
            None => show(client, globals, false).await?,
            Some(PricesCommand::Show { all }) => show(client, globals, *all).await?,
            Some(PricesCommand::Set(price)) => {
                let row = client.send(Method::PUT, &["prices"], &price.body()).await?;
                if globals.json {
                    print_json(&row)?;
                } else {
                    print(&format!("{} is in the table.", text(&row, "/id")))?;
                }
            }
            Some(PricesCommand::Reset { id }) => {
                client.delete(&["prices", id]).await?;
                print(&format!("{id} is gone."))?;
            }
        }
        Ok(Exit::Done)
    }
}

impl SetArgs {
    fn body(&self) -> Value {
        let mut body = Map::from_iter([
            ("model".to_owned(), json!(self.model)),
            ("input".to_owned(), json!(self.input)),
            ("output".to_owned(), json!(self.output)),
            ("cache_write_5m".to_owned(), json!(self.cache_write_5m)),
            ("cache_write_1h".to_owned(), json!(self.cache_write_1h)),
            ("cache_read".to_owned(), json!(self.cache_read)),
        ]);
        let optional = [
            ("free", self.free.then_some(json!(true))),
            ("from", self.from.as_ref().map(|from| json!(from))),
            ("context", self.context.map(|context| json!(context))),
            ("max_output", self.max_output.map(|most| json!(most))),
        ];
        body.extend(optional.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))));
        Value::Object(body)
    }
}

async fn show(client: &Client, globals: &Globals, all: bool) -> Result<(), Failure> {
    let prices = client.get(&["prices"], &[]).await?;
    if globals.json {
        return print_json(&prices);
    }
    let mut table = Table::new(&["ROW", "PROMPT", "INPUT", "OUTPUT", "WRITE 5M", "WRITE 1H", "READ", "FROM"])
        .right(&[2, 3, 4, 5, 6]);
    for row in items(&prices) {
        if !all && row["in_force"] != true {
            continue;
        }
        let source = match row["source"].as_str() {
            Some("run_time") => format!("set by {}", text(row, "/by")),
            Some("file") => "price file".to_owned(),
            _ => "built in".to_owned(),
        };
        for band in row["bands"].as_array().into_iter().flatten() {
            let prompt = match band["up_to"].as_u64() {
                Some(up_to) => format!("to {up_to}"),
                None => "any".to_owned(),
            };
            let price = |kind: &str| text(band, &format!("/{kind}"));
            table.row([
                text(row, "/id"),
                prompt,
                price("input"),
                price("output"),
                price("cache_write_5m"),
                price("cache_write_1h"),
                price("cache_read"),
                source.clone(),
            ]);
        }
    }
    print(&table.to_string())
}
