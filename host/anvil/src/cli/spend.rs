//! `anvil spend`.

use super::Globals;
use crate::client::Client;
use crate::failure::{Exit, Failure};
use crate::show::{Moment, Table, amount, items, money, print, print_json, print_raw, text};
use crate::show::{bar, money_bar};
use anvil_types::Nanodollars;
use clap::Args;
use serde_json::Value;

/// Without options: how the windows stand. With `--by` or a stretch of time: what was spent in it, today
/// where none is given. Spent includes what is unknown: calls that broke off count as the most that they
/// can have cost.
#[derive(Debug, Args)]
pub(crate) struct SpendArgs {
    /// Tell it apart by this. Dollars by kind of token are an estimate each, exact together.
    #[arg(long, value_enum)]
    by: Option<By>,
    /// From this day (of the host's time zone) or time on, as in 2026-11-23 or 2026-11-23T16:40:00Z.
    #[arg(long, value_name = "TIME")]
    from: Option<String>,
    /// Up to this day, all of it, or up to this time.
    #[arg(long, value_name = "TIME")]
    to: Option<String>,
    /// Print CSV.
    #[arg(long, conflicts_with = "calls")]
    csv: bool,
    /// Show the last so many calls of the ledger too.
    #[arg(long, value_name = "COUNT", num_args = 0..=1, default_missing_value = "20", conflicts_with_all = ["by", "from", "to"])]
    calls: Option<u32>,
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum By {
    Agent,
    Model,
    Key,
    Kind,
    Hour,
    Day,
}

impl By {
    fn name(self) -> &'static str {
        match self {
            Self::Agent => "agent",
            Self::Model => "model",
            Self::Key => "key",
            Self::Kind => "kind",
            Self::Hour => "hour",
            Self::Day => "day",
        }
    }
}

impl SpendArgs {
    pub(crate) async fn run(&self, client: &Client, globals: &Globals) -> Result<Exit, Failure> {
        if self.csv || self.by.is_some() || self.from.is_some() || self.to.is_some() {
            return self.grouped(client, globals).await;
        }
        let status = client.get(&["status"], &[]).await?;
        let calls = match self.calls {
            Some(count) => Some(client.get(&["ledger"], &[("limit", count.to_string())]).await?),
            None => None,
        };
        let spend = status.get("spend").cloned().unwrap_or_default();
        if globals.json {
            let json = match calls {
                Some(calls) => serde_json::json!({ "spend": spend, "calls": calls }),
                None => spend,
            };
            print_json(&json)?;
            return Ok(Exit::Done);
        }
        let moment = Moment::of(&status);
        let mut out = windows(&spend, &moment);
        if let Some(total) = amount(&spend, "/total_usd") {
            let all = format!("\nin all  {total}{}\n", super::status::mark(&status));
            out.push_str(&all);
        }
        if let Some(calls) = calls {
            out += "\n";
            out += &self::calls(&calls, &moment);
        }
        print(&out)?;
        Ok(Exit::Done)
    }

    async fn grouped(&self, client: &Client, globals: &Globals) -> Result<Exit, Failure> {
        let by = self.by.unwrap_or(By::Agent).name();
        let mut query = vec![("by", by.to_owned())];
        query.extend(self.from.clone().map(|from| ("from", from)));
        query.extend(self.to.clone().map(|to| ("to", to)));
        if self.csv && globals.json {
            return Err(Failure::Usage("`--csv` and `--json` are two forms; choose one of them".to_owned()));
        }
        if self.csv {
            query.push(("format", "csv".to_owned()));
            print_raw(&client.bytes_of(&["spend"], &query).await?)?;
            return Ok(Exit::Done);
        }
        let spend = client.get(&["spend"], &query).await?;
        if globals.json {
            print_json(&spend)?;
        } else {
            print(&groups(&spend, by))?;
        }
        Ok(Exit::Done)
    }
}

/// Spend of a stretch of time as a table, with its total.
fn groups(spend: &Value, by: &str) -> String {
    let mut table = Table::new(&[
        by.to_uppercase().as_str(),
        "CALLS",
        "INPUT",
        "OUTPUT",
        "CACHE READ",
        "CACHE WRITTEN",
        "UNKNOWN",
        "SPENT",
    ])
    .right(&[1, 2, 3, 4, 5, 6, 7]);
    let row = |name: String, sum: &Value| {
        let tokens = |key: &str| sum.get(key).and_then(Value::as_u64).unwrap_or(0);
        let written = tokens("cache_write_5m_tokens") + tokens("cache_write_1h_tokens");
        let some = |count: u64| if count == 0 { String::new() } else { count.to_string() };
        let unknown = amount(sum, "/unknown_usd").filter(|unknown| *unknown > Nanodollars::ZERO);
        [
            name,
            text(sum, "/calls"),
            some(tokens("input_tokens")),
            some(tokens("output_tokens")),
            some(tokens("cache_read_tokens")),
            some(written),
            unknown.map(|unknown| unknown.to_string()).unwrap_or_default(),
            money(sum, "/spent_usd"),
        ]
    };
    for item in items(spend) {
        let name = text(item, "/name");
        table.row(row(if name.is_empty() { "-".to_owned() } else { name }, item));
    }
    let none = Value::Null;
    table.row(row("together".to_owned(), spend.get("total").unwrap_or(&none)));
    let mark = if text(spend, "/upstream") == "simulated" { " (SIMULATED)" } else { "" };
    format!("{} to {}{mark}\n\n{table}", text(spend, "/from"), text(spend, "/to"))
}

/// The windows as a table.
pub(super) fn windows(spend: &Value, moment: &Moment) -> String {
    let mut table = Table::new(&["WINDOW", "SPENT", "UNKNOWN", "HELD", "LIMIT", "USED", "RESETS"])
        .right(&[1, 2, 3, 4, 5]);
    for name in ["hour", "day", "month"] {
        let Some(window) = spend.get(name) else { continue };
        table.row([
            name.to_owned(),
            money(window, "/spent_usd"),
            money(window, "/unknown_usd"),
            money(window, "/held_usd"),
            money(window, "/limit_usd"),
            used(amount(window, "/spent_usd"), amount(window, "/limit_usd")),
            moment.relative(window, "/resets_at"),
        ]);
    }
    if let Some(week) = spend.get("week") {
        let (hours, limit) = (week.get("hours").and_then(Value::as_f64), text(week, "/limit_hours"));
        let hours = hours.map(|hours| format!("{hours:.1} h")).unwrap_or_default();
        let none = String::new;
        table.row(["week".to_owned(), hours, none(), none(), format!("{limit} h"), none(), none()]);
    }
    table.to_string()
}

/// The windows as bars, each with what is used of it, when it resets, and when it will be full.
pub(super) fn gauges(spend: &Value, moment: &Moment) -> String {
    let mut table = Table::new(&[]).right(&[2]);
    for name in ["hour", "day", "month"] {
        let Some(window) = spend.get(name) else { continue };
        let of = |key: &str| amount(window, key).unwrap_or_default();
        let (paid, limit) = (of("/spent_usd"), of("/limit_usd"));
        let bar = money_bar(paid, of("/unknown_usd"), of("/held_usd"), limit);
        let mut facts = vec![format!("{paid} of {limit}")];
        for (key, word) in [("/held_usd", "held"), ("/unknown_usd", "unknown")] {
            if of(key) > Nanodollars::ZERO {
                facts.push(format!("{} {word}", of(key)));
            }
        }
        let resets = moment.relative(window, "/resets_at");
        if !resets.is_empty() {
            facts
                .push(format!("{} {resets}", if name == "hour" { "oldest minute leaves" } else { "resets" }));
        }
        facts.extend(ahead(window, moment));
        table.row([name.to_owned(), bar, used(Some(paid), Some(limit)), facts.join(" · ")]);
    }
    if let Some(week) = spend.get("week") {
        let hours = week.get("hours").and_then(Value::as_f64).unwrap_or(0.0);
        let limit = week.get("limit_hours").and_then(Value::as_f64).unwrap_or(0.0);
        let share = if limit > 0.0 { hours / limit * 100.0 } else { 100.0 };
        let mut facts = vec![format!("{hours:.1} h of {limit} h of use")];
        let resets = moment.relative(week, "/resets_at");
        if !resets.is_empty() {
            facts.push(format!("resets {resets}"));
        }
        let bar = bar(hours, 0.0, 0.0, limit);
        table.row(["week".to_owned(), bar, format!("{share:.1} %"), facts.join(" · ")]);
    }
    // The table's own line of headings is empty.
    table.to_string().trim_start_matches('\n').to_owned()
}

/// What the host expects of a window; nothing where it has too little to go by.
fn ahead(window: &Value, moment: &Moment) -> Option<String> {
    match window.pointer("/forecast/outcome").and_then(Value::as_str)? {
        "at" => {
            let at = moment.relative(window, "/forecast/at");
            Some(format!("95 % at {} ({at}) at this rate", moment.clock(window, "/forecast/at")))
        }
        "reached" => Some("95 % is reached".to_owned()),
        "not_before_reset" => Some("95 % not before the reset at this rate".to_owned()),
        _ => None,
    }
}

fn used(spent: Option<Nanodollars>, limit: Option<Nanodollars>) -> String {
    match (spent, limit) {
        (Some(spent), Some(limit)) => format!("{:.1} %", spent.fraction_of(limit) * 100.0),
        _ => String::new(),
    }
}

/// Calls as a table.
pub(super) fn calls(calls: &Value, moment: &Moment) -> String {
    let mut table = Table::new(&["CALL", "WHEN", "STATE", "AGENT", "MODEL", "IN", "OUT", "COST", "DETAIL"])
        .right(&[5, 6, 7]);
    for call in items(calls) {
        let tokens = |key: &str| call.pointer(&format!("/usage/{key}")).and_then(Value::as_u64).unwrap_or(0);
        let input = ["input_tokens", "cache_read_tokens", "cache_write_5m_tokens", "cache_write_1h_tokens"];
        // What is only held has cost nothing yet; the hold is the most that it can.
        let held = call.get("state").and_then(Value::as_str) == Some("held");
        let cost = if held { format!("≤ {}", money(call, "/hold_usd")) } else { money(call, "/cost_usd") };
        table.row([
            text(call, "/id"),
            moment.relative(call, "/held_at"),
            text(call, "/state"),
            text(call, "/agent"),
            text(call, "/model"),
            input.into_iter().map(tokens).sum::<u64>().to_string(),
            tokens("output_tokens").to_string(),
            cost,
            text(call, "/detail"),
        ]);
    }
    table.to_string()
}
