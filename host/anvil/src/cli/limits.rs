//! `anvil limits`.

use super::Globals;
use super::serve::pair;
use crate::answer::Answer;
use crate::client::Client;
use crate::failure::{Exit, Failure};
use crate::show::{Moment, Table, clean, print, print_json};
use anvil_api::{LimitsRequest, LimitsView, List, NamedLimits, ScopeLimitsRequest, ScopeLimitsView};
use anvil_types::{LimitSource, LimitsPatch, Nanodollars};
use clap::{Args, Subcommand};
use reqwest::Method;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// What is changed here applies at once, is kept over a restart, and wins over the settings until it
/// is reset.
#[derive(Debug, Args)]
pub(crate) struct LimitsArgs {
    #[command(subcommand)]
    command: Option<LimitsCommand>,
}

#[derive(Debug, Subcommand)]
enum LimitsCommand {
    /// Show the limits in force and where each comes from.
    Show,
    /// Change limits, as in `anvil limits set day_usd=20 agents_max=5`.
    Set {
        /// The limits and their new values.
        #[arg(required = true, value_name = "NAME=VALUE", value_parser = pair)]
        limits: Vec<(String, String)>,
    },
    /// Show or change the limits of one agent, as in `anvil limits agent code-generator day_usd=5`.
    Agent(ScopeArgs),
    /// Show the limits of all agents that have any.
    Scopes,
    /// Put limits back to what the settings say.
    Reset {
        /// The limits.
        #[arg(required_unless_present = "all", value_name = "NAME")]
        names: Vec<String>,
        /// All of them.
        #[arg(long, conflicts_with = "names")]
        all: bool,
    },
}

#[derive(Debug, Args)]
struct ScopeArgs {
    /// Its name.
    name: String,
    /// The limits and their new values: hour_usd, day_usd, month_usd.
    #[arg(value_name = "NAME=VALUE", value_parser = pair)]
    limits: Vec<(String, String)>,
    /// Take this limit away; can be given several times.
    #[arg(long, value_name = "LIMIT")]
    reset: Vec<String>,
}

impl ScopeArgs {
    async fn run(&self, client: &Client, globals: &Globals) -> Result<(), Failure> {
        let scope = format!("agent:{}", self.name);
        if !self.limits.is_empty() || !self.reset.is_empty() {
            let body = ScopeLimitsRequest { set: named(&self.limits)?, reset: self.reset.clone() };
            let changed: Answer<ScopeLimitsView> =
                client.send(Method::PUT, &["limits", "scopes", &scope], &body).await?;
            return changed
                .show(globals.json, |one| one_scope(&one.scope.to_string(), Some(one), &client.moment()));
        }
        let all: Answer<List<ScopeLimitsView>> = client.get(&["limits", "scopes"], &[]).await?;
        if globals.json {
            let all: List<OfScope<Value>> = all.read_as()?;
            let one = all.items.into_iter().find(|one| one.scope == scope);
            return print_json(&json!(one.unwrap_or_else(|| OfScope { scope, rest: no_windows() })));
        }
        let all = all.read()?;
        let one = all.items.iter().find(|one| one.scope.to_string() == scope);
        print(&one_scope(&scope, one, &client.moment()))
    }
}

/// A scope's limits as they came.
#[derive(Deserialize, Serialize)]
struct OfScope<T> {
    scope: String,
    #[serde(flatten)]
    rest: BTreeMap<String, T>,
}

fn no_windows() -> BTreeMap<String, Value> {
    BTreeMap::from([("windows".to_owned(), json!([]))])
}

impl LimitsArgs {
    pub(crate) async fn run(&self, client: &Client, globals: &Globals) -> Result<Exit, Failure> {
        let view: Answer<LimitsView<NamedLimits>> = match &self.command {
            Some(LimitsCommand::Agent(args)) => {
                args.run(client, globals).await?;
                return Ok(Exit::Done);
            }
            Some(LimitsCommand::Scopes) => {
                let all: Answer<List<ScopeLimitsView>> = client.get(&["limits", "scopes"], &[]).await?;
                all.show(globals.json, |all| {
                    scopes(&all.items, &client.moment()).unwrap_or_else(|| {
                        "No agent has limits of its own: anvil limits agent NAME day_usd=5 sets one."
                            .to_owned()
                    })
                })?;
                return Ok(Exit::Done);
            }
            Some(LimitsCommand::Set { limits }) => {
                let body = LimitsRequest { set: named(limits)?, reset: Vec::new() };
                client.send(Method::PUT, &["limits"], &body).await?
            }
            Some(LimitsCommand::Reset { names, all }) => {
                let every = || LimitsPatch::NAMES.iter().map(ToString::to_string).collect();
                let reset = if *all { every() } else { names.clone() };
                client.send(Method::PUT, &["limits"], &LimitsRequest { reset, ..Default::default() }).await?
            }
            None | Some(LimitsCommand::Show) => client.get(&["limits"], &[]).await?,
        };
        view.show(globals.json, |view| show(view, &client.moment()))?;
        Ok(Exit::Done)
    }
}

/// The changes as the API takes them: numbers. Which limits there are is the host's to say.
fn named(limits: &[(String, String)]) -> Result<NamedLimits, Failure> {
    let mut named = NamedLimits::new();
    for (name, text) in limits {
        let digits = text.trim().trim_start_matches('$').replace('_', "");
        let number: serde_json::Number = digits.parse().map_err(|_| {
            Failure::Usage(format!("`{name}={text}`: the value of a limit is a number, as in day_usd=20"))
        })?;
        if named.insert(name.clone(), number).is_some() {
            return Err(Failure::Usage(format!("`{name}` is set twice")));
        }
    }
    Ok(named)
}

/// Limits in the order in which they are known here; a newer host's others behind them.
fn show(view: &LimitsView<NamedLimits>, moment: &Moment) -> String {
    let mut table = Table::new(&["LIMIT", "VALUE", "FROM"]).right(&[1]);
    let known = LimitsPatch::NAMES.iter().copied().filter(|name| view.limits.contains_key(*name));
    let others = view.limits.keys().map(String::as_str).filter(|name| !LimitsPatch::NAMES.contains(name));
    for name in known.chain(others) {
        let value = view.limits[name].to_string();
        let money = Nanodollars::from_decimal(&value).filter(|_| name.ends_with("_usd"));
        let value = money.map_or(value, |money| money.to_string());
        let from = view.sources.get(name).map(|from| source(from, moment)).unwrap_or_default();
        table.row([name, value.as_str(), &from]);
    }
    table.to_string()
}

fn one_scope(scope: &str, limits: Option<&ScopeLimitsView>, moment: &Moment) -> String {
    let table = limits.and_then(|one| scopes(std::slice::from_ref(one), moment));
    table.unwrap_or_else(|| {
        format!("{} has no limits of its own; everything's hold for it too.", clean(scope))
    })
}

/// The limits of scopes as a table; none where there are none.
fn scopes(scopes: &[ScopeLimitsView], moment: &Moment) -> Option<String> {
    let mut table =
        Table::new(&["OF", "LIMIT", "VALUE", "SPENT", "HELD", "LEFT", "RESETS", "FROM"]).right(&[2, 3, 4, 5]);
    for (scope, window) in scopes.iter().flat_map(|one| one.windows.iter().map(|window| (&one.scope, window)))
    {
        table.row([
            scope.to_string(),
            format!("{}_usd", window.window.name()),
            window.limit_usd.to_string(),
            window.spent_usd.to_string(),
            window.held_usd.to_string(),
            window.left_usd.to_string(),
            moment.relative(window.resets_at),
            format!("set by {}, {}", window.by, moment.relative(window.at)),
        ]);
    }
    scopes.iter().any(|one| !one.windows.is_empty()).then(|| table.to_string())
}

fn source(source: &LimitSource, moment: &Moment) -> String {
    match source {
        LimitSource::RunTime { by, at } => format!("changed by {by}, {}", moment.relative(*at)),
        LimitSource::Settings { name } => name.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_sent_as_the_numbers_they_are() {
        let pairs =
            [("day_usd".to_owned(), "$20.5".to_owned()), ("queue_max".to_owned(), "1_000".to_owned())];
        let body = LimitsRequest { set: named(&pairs).expect("numbers"), reset: Vec::new() };
        assert_eq!(json!(body), json!({ "day_usd": 20.5, "queue_max": 1_000 }));
        assert!(named(&[("day_usd".to_owned(), "lots".to_owned())]).is_err());
    }

    #[test]
    fn a_limit_that_only_a_newer_host_has_is_shown_behind_the_others() {
        let newer = json!({
            "limits": { "agents_max": 4, "dreams_max": 3, "day_usd": 20.5 },
            "sources": { "dreams_max": { "from": "settings", "name": "built-in", "since": "noon" } },
        });
        let view = serde_json::from_value(newer).expect("it can be read");
        let shown = show(&view, &Moment::now());
        let rows: Vec<Vec<&str>> = shown.lines().map(|line| line.split_whitespace().collect()).collect();
        assert_eq!(
            rows[1..],
            [vec!["day_usd", "$20.50"], vec!["agents_max", "4"], vec!["dreams_max", "3", "built-in"]]
        );
    }
}
