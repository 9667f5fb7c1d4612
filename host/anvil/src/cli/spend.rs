//! `anvil spend`.

use super::Globals;
use crate::client::Client;
use crate::failure::{Exit, Failure};
use crate::show::{Moment, Table, amount, items, money, print, print_json, text};
use anvil_types::Nanodollars;
use clap::Args;
use serde_json::Value;

/// Spent includes what is unknown: calls that broke off count as the most that they can have cost.
#[derive(Debug, Args)]
pub(crate) struct SpendArgs {
    /// Show the last so many calls of the ledger too.
    #[arg(long, value_name = "COUNT", num_args = 0..=1, default_missing_value = "20")]
    calls: Option<u32>,
}

impl SpendArgs {
    pub(crate) async fn run(&self, client: &Client, globals: &Globals) -> Result<Exit, Failure> {
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
