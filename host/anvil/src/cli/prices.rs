//! `anvil prices`.

use super::Globals;
use crate::answer::Answer;
use crate::client::Client;
use crate::failure::{Exit, Failure};
use crate::show::{Table, clean, print};
use anvil_api::{List, PriceRequest, PriceView};
use anvil_budget::PriceSource;
use anvil_types::Timestamp;
use clap::{Args, Subcommand};
use reqwest::Method;

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
    from: Option<Timestamp>,
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
                let row: Answer<PriceView> = client.send(Method::PUT, &["prices"], &price.body()).await?;
                row.show(globals.json, |row| format!("{} is in the table.", clean(&row.id)))?;
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
    fn body(&self) -> PriceRequest {
        PriceRequest {
            model: self.model.clone(),
            speed: None,
            from: self.from,
            context: self.context,
            max_output: self.max_output,
            free: self.free.then_some(true),
            bands: None,
            input: Some(self.input),
            output: Some(self.output),
            cache_write_5m: Some(self.cache_write_5m),
            cache_write_1h: Some(self.cache_write_1h),
            cache_read: Some(self.cache_read),
        }
    }
}

async fn show(client: &Client, globals: &Globals, all: bool) -> Result<(), Failure> {
    let prices: Answer<List<PriceView>> = client.get(&["prices"], &[]).await?;
    prices.show(globals.json, |prices| table(&prices.items, all))
}

fn table(prices: &[PriceView], all: bool) -> String {
    let mut table = Table::new(&["ROW", "PROMPT", "INPUT", "OUTPUT", "WRITE 5M", "WRITE 1H", "READ", "FROM"])
        .right(&[2, 3, 4, 5, 6]);
    for row in prices.iter().filter(|row| all || row.in_force) {
        let source = match row.source {
            PriceSource::RunTime => format!("set by {}", row.by.as_deref().unwrap_or_default()),
            PriceSource::File => "price file".to_owned(),
            PriceSource::BuiltIn => "built in".to_owned(),
        };
        for band in &row.bands {
            let prompt = band.up_to.map_or_else(|| "any".to_owned(), |up_to| format!("to {up_to}"));
            // As in JSON.
            let price = |usd: f64| serde_json::json!(usd).to_string();
            table.row([
                row.id.clone(),
                prompt,
                price(band.input),
                price(band.output),
                price(band.cache_write_5m),
                price(band.cache_write_1h),
                price(band.cache_read),
                source.clone(),
            ]);
        }
    }
    table.to_string()
}
