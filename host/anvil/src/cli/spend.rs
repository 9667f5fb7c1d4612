//! `anvil spend`.

use super::Globals;
use crate::answer::Answer;
use crate::client::Client;
use crate::failure::{Exit, Failure};
use crate::show::{Moment, Table, print, print_json, print_raw};
use crate::show::{bar, money_bar};
use anvil_api::{
    By, CacheMisses, CompressionReport, Ledger, Spend, SpendStatus, Status, Sum, TierOutcomes, WindowStatus,
};
use anvil_budget::Forecast;
use anvil_types::{CallRecord, CallState, Nanodollars};
use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use serde::Deserialize;
use serde_json::{Value, json};
use std::fmt::Write as _;

/// Without options: how the windows stand. With `--by` or a stretch of time: what was spent in it, today
/// where none is given. Spent includes what is unknown: calls that broke off count as the most that they
/// can have cost.
#[derive(Debug, Args)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a flag, and clap sees to it that they go together"
)]
pub(crate) struct SpendArgs {
    /// Tell it apart by this. Dollars by kind of token are an estimate each, exact together.
    #[arg(long, value_parser = by())]
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
    /// Show what the prompt cache saved, and by agent and reason what its misses cost; today where no time is given.
    #[arg(long, conflicts_with_all = ["by", "csv", "calls"])]
    misses: bool,
    /// Show what compression saved, and what each agent's latest calls would have cost more without it; today where no time
    /// is given.
    #[arg(long, conflicts_with_all = ["by", "csv", "calls", "misses"])]
    compression: bool,
    /// Show how the jobs ended that are over, by agent, action and the strongest tier that answered them; today's where no time is
    /// given.
    #[arg(long, conflicts_with_all = ["by", "csv", "calls", "misses", "compression"])]
    tiers: bool,
}

/// What spend is told apart by.
fn by() -> impl TypedValueParser<Value = By> {
    PossibleValuesParser::new(By::ALL.map(|(_, name)| name)).try_map(|name| name.parse::<By>())
}

impl SpendArgs {
    pub(crate) async fn run(&self, client: &Client, globals: &Globals) -> Result<Exit, Failure> {
        if self.misses {
            let query = self.stretch();
            let misses = client.get::<CacheMisses>(&["spend", "misses"], &query).await?;
            misses.show(globals.json, super::misses::shown)?;
            return Ok(Exit::Done);
        }
        if self.compression {
            let report = client.get::<CompressionReport>(&["spend", "compression"], &self.stretch()).await?;
            report.show(globals.json, |report| {
                super::compression::shown(report, super::status::mark(report.upstream))
            })?;
            return Ok(Exit::Done);
        }
        if self.tiers {
            let tiers = client.get::<TierOutcomes>(&["spend", "tiers"], &self.stretch()).await?;
            tiers.show(globals.json, |tiers| {
                super::tiers::shown(tiers, super::status::mark(tiers.upstream))
            })?;
            return Ok(Exit::Done);
        }
        if self.csv || self.by.is_some() || self.from.is_some() || self.to.is_some() {
            return self.grouped(client, globals).await;
        }
        let status: Answer<Status> = client.get(&["status"], &[]).await?;
        let calls: Option<Answer<Ledger>> = match self.calls {
            Some(count) => Some(client.get(&["ledger"], &[("limit", count.to_string())]).await?),
            None => None,
        };
        if globals.json {
            let Windows { spend } = status.read_as()?;
            let json = match calls {
                Some(calls) => json!({ "spend": spend, "calls": calls.json() }),
                None => spend,
            };
            print_json(&json)?;
            return Ok(Exit::Done);
        }
        let status = status.read()?;
        let moment = Moment::at(status.now);
        let mut out = windows(&status.spend, &moment);
        let mark = super::status::mark(status.upstream.kind);
        let _ = writeln!(out, "\nin all  {}{mark}", status.spend.total);
        if let Some(calls) = calls {
            out += "\n";
            out += &self::calls(&calls.read()?.items, &moment);
        }
        print(&out)?;
        Ok(Exit::Done)
    }

    /// The stretch of time that is asked for, as a query.
    fn stretch(&self) -> Vec<(&'static str, String)> {
        let named = [("from", &self.from), ("to", &self.to)];
        named.into_iter().filter_map(|(name, time)| Some((name, time.clone()?))).collect()
    }

    async fn grouped(&self, client: &Client, globals: &Globals) -> Result<Exit, Failure> {
        let by = self.by.unwrap_or(By::Agent);
        let mut query = vec![("by", by.name().to_owned())];
        query.extend(self.stretch());
        if self.csv && globals.json {
            return Err(Failure::Usage("`--csv` and `--json` are two forms; choose one of them".to_owned()));
        }
        if self.csv {
            query.push(("format", "csv".to_owned()));
            print_raw(&client.bytes_of(&["spend"], &query).await?)?;
            return Ok(Exit::Done);
        }
        client.get::<Spend>(&["spend"], &query).await?.show(globals.json, groups)?;
        Ok(Exit::Done)
    }
}

/// The part of a status that is money, as it came.
#[derive(Deserialize)]
struct Windows {
    spend: Value,
}

/// Spend of a stretch of time as a table, with its total.
fn groups(spend: &Spend) -> String {
    let mut table = Table::new(&[
        spend.by.name().to_uppercase().as_str(),
        "CALLS",
        "INPUT",
        "OUTPUT",
        "CACHE READ",
        "CACHE WRITTEN",
        "UNKNOWN",
        "SPENT",
    ])
    .right(&[1, 2, 3, 4, 5, 6, 7]);
    let row = |name: &str, sum: &Sum| {
        let tokens = &sum.tokens;
        let some = |count: u64| if count == 0 { String::new() } else { count.to_string() };
        let unknown = Some(sum.unknown).filter(|unknown| *unknown > Nanodollars::ZERO);
        [
            name.to_owned(),
            sum.calls.map(|calls| calls.to_string()).unwrap_or_default(),
            some(tokens.input),
            some(tokens.output),
            some(tokens.cache_read),
            some(tokens.cache_write_5m + tokens.cache_write_1h),
            unknown.map(|unknown| unknown.to_string()).unwrap_or_default(),
            sum.spent.to_string(),
        ]
    };
    for item in &spend.items {
        table.row(row(item.name.as_deref().filter(|name| !name.is_empty()).unwrap_or("-"), &item.sum));
    }
    table.row(row("together", &spend.total));
    format!("{} to {}{}\n\n{table}", spend.from, spend.to, super::status::mark(spend.upstream))
}

fn named(spend: &SpendStatus) -> [(&'static str, &WindowStatus); 3] {
    [("hour", &spend.hour), ("day", &spend.day), ("month", &spend.month)]
}

/// The windows as a table.
pub(super) fn windows(spend: &SpendStatus, moment: &Moment) -> String {
    let mut table = Table::new(&["WINDOW", "SPENT", "UNKNOWN", "HELD", "LIMIT", "USED", "RESETS"])
        .right(&[1, 2, 3, 4, 5]);
    for (name, window) in named(spend) {
        table.row([
            name.to_owned(),
            window.spent_usd.to_string(),
            window.unknown_usd.to_string(),
            window.held_usd.to_string(),
            window.limit_usd.to_string(),
            used(window),
            moment.relative(window.resets_at),
        ]);
    }
    let (hours, limit) = (format!("{:.1} h", spend.week.hours), format!("{} h", spend.week.limit_hours));
    table.row(["week", hours.as_str(), "", "", limit.as_str(), "", ""]);
    table.to_string()
}

/// The windows as bars, each with what is used of it, when it resets, and when it will be full.
pub(super) fn gauges(spend: &SpendStatus, moment: &Moment) -> String {
    let mut table = Table::new(&[]).right(&[2]);
    for (name, window) in named(spend) {
        let WindowStatus { spent_usd: paid, unknown_usd: unknown, held_usd: held, limit_usd: limit, .. } =
            *window;
        let mut facts = vec![format!("{paid} of {limit}")];
        for (amount, word) in [(held, "held"), (unknown, "unknown")] {
            if amount > Nanodollars::ZERO {
                facts.push(format!("{amount} {word}"));
            }
        }
        let begins = if name == "hour" { "oldest minute leaves" } else { "resets" };
        facts.push(format!("{begins} {}", moment.relative(window.resets_at)));
        facts.extend(ahead(window.forecast, moment));
        table.row([name.to_owned(), money_bar(paid, unknown, held, limit), used(window), facts.join(" · ")]);
    }
    let (hours, limit) = (spend.week.hours, f64::from(spend.week.limit_hours));
    let share = if limit > 0.0 { hours / limit * 100.0 } else { 100.0 };
    let resets = moment.relative(spend.week.resets_at);
    table.row([
        "week".to_owned(),
        bar(hours, 0.0, 0.0, limit),
        format!("{share:.1} %"),
        format!("{hours:.1} h of {limit} h of use · resets {resets}"),
    ]);
    // The table's own line of headings is empty.
    table.to_string().trim_start_matches('\n').to_owned()
}

/// What the host expects of a window; nothing where it has too little to go by.
fn ahead(forecast: Forecast, moment: &Moment) -> Option<String> {
    match forecast {
        Forecast::At { at } => {
            Some(format!("95 % at {} ({}) at this rate", moment.clock(at), moment.relative(at)))
        }
        Forecast::Reached => Some("95 % is reached".to_owned()),
        Forecast::NotBeforeReset => Some("95 % not before the reset at this rate".to_owned()),
        Forecast::TooLittle => None,
    }
}

fn used(window: &WindowStatus) -> String {
    format!("{:.1} %", window.spent_usd.fraction_of(window.limit_usd) * 100.0)
}

/// Calls as a table.
pub(super) fn calls(calls: &[CallRecord], moment: &Moment) -> String {
    // Most calls have nothing to do with a cache.
    let has = |call: &CallRecord| {
        let told = call.miss.is_some() || call.reply_of.is_some() || call.early.is_some();
        told || call.saved != Nanodollars::ZERO
    };
    let cached = calls.iter().any(has);
    let mut headings = vec!["CALL", "WHEN", "STATE", "AGENT", "MODEL", "IN", "OUT", "COST"];
    headings.extend(if cached { &["SAVED", "DETAIL", "CACHE"][..] } else { &["DETAIL"] });
    let mut table = Table::new(&headings).right(if cached { &[5, 6, 7, 8] } else { &[5, 6, 7] });
    for call in calls {
        // What is only held has cost nothing yet; the hold is the most that it can.
        let held = call.state == CallState::Held;
        let cost = if held { format!("≤ {}", call.hold) } else { call.cost.to_string() };
        let mut row = vec![
            call.id.to_string(),
            moment.relative(call.held_at),
            call.state.name().to_owned(),
            call.agent.clone().unwrap_or_default(),
            call.model.clone(),
            call.usage.prompt_tokens().to_string(),
            call.usage.output_tokens.to_string(),
            cost,
        ];
        row.extend(cached.then(|| (call.saved + call.reply_saved + call.batch_saved).to_string()));
        row.push(call.detail.clone().unwrap_or_default());
        let miss = call.miss.as_ref().map(super::misses::cell);
        let kept = call.reply_of.map(|_| "kept reply".to_owned());
        let early = call.early.as_ref().map(|why| format!("went out before its turn: {why}"));
        let cache: Vec<_> = [miss, kept, early].into_iter().flatten().collect();
        row.extend((!cache.is_empty()).then(|| cache.join("; ")));
        table.row(row);
    }
    table.to_string()
}
