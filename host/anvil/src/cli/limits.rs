//! `anvil limits`.

use super::Globals;
use super::serve::pair;
use crate::client::Client;
use crate::failure::{Exit, Failure};
use crate::show::{Moment, Table, items, money, print, print_json, text};
use anvil_types::LimitsPatch;
use clap::{Args, Subcommand};
use reqwest::Method;
use serde_json::{Map, Value, json};

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
    /// Changes what is to be changed; the scope's limits as they stand then.
    async fn run(&self, client: &Client) -> Result<Value, Failure> {
        let scope = format!("agent:{}", self.name);
        if !self.limits.is_empty() || !self.reset.is_empty() {
            let mut body = patch(&self.limits)?;
            if !self.reset.is_empty() {
                body["reset"] = json!(self.reset);
            }
            return client.send(Method::PUT, &["limits", "scopes", &scope], &body).await;
        }
        let all = client.get(&["limits", "scopes"], &[]).await?;
        let one = items(&all).iter().find(|one| text(one, "/scope") == scope);
        Ok(one.cloned().unwrap_or_else(|| json!({ "scope": scope, "windows": [] })))
    }
}

impl LimitsArgs {
    pub(crate) async fn run(&self, client: &Client, globals: &Globals) -> Result<Exit, Failure> {
        let scopes = match &self.command {
            Some(LimitsCommand::Agent(args)) => Some(args.run(client).await?),
            Some(LimitsCommand::Scopes) => Some(client.get(&["limits", "scopes"], &[]).await?),
            _ => None,
        };
        if let Some(view) = scopes {
            if globals.json {
                print_json(&view)?;
            } else {
                print(&show_scopes(&view, &Moment::now()))?;
            }
            return Ok(Exit::Done);
        }
        let view = match &self.command {
            Some(LimitsCommand::Set { limits }) => {
                client.send(Method::PUT, &["limits"], &patch(limits)?).await?
            }
            Some(LimitsCommand::Reset { names, all }) => {
                let names: Vec<&str> = names.iter().map(String::as_str).collect();
                let names = if *all { LimitsPatch::NAMES } else { names.as_slice() };
                client.send(Method::PUT, &["limits"], &json!({ "reset": names })).await?
            }
            _ => client.get(&["limits"], &[]).await?,
        };
        if globals.json {
            print_json(&view)?;
        } else {
            print(&show(&view, &Moment::now()))?;
        }
        Ok(Exit::Done)
    }
}

/// The changes as the API takes them: numbers. Which limits there are is the host's to say.
fn patch(limits: &[(String, String)]) -> Result<Value, Failure> {
    let mut patch = Map::new();
    for (name, text) in limits {
        let digits = text.trim().trim_start_matches('$').replace('_', "");
        let number: serde_json::Number = digits.parse().map_err(|_| {
            Failure::Usage(format!("`{name}={text}`: the value of a limit is a number, as in day_usd=20"))
        })?;
        if patch.insert(name.clone(), Value::Number(number)).is_some() {
            return Err(Failure::Usage(format!("`{name}` is set twice")));
        }
    }
    Ok(Value::Object(patch))
}

fn show(view: &Value, moment: &Moment) -> String {
    let mut table = Table::new(&["LIMIT", "VALUE", "FROM"]).right(&[1]);
    let limits = view.get("limits").and_then(Value::as_object);
    let known = LimitsPatch::NAMES.iter().map(|name| (*name).to_owned());
    let others = limits.into_iter().flat_map(|limits| limits.keys().cloned());
    let mut names: Vec<String> = Vec::new();
    for name in known.chain(others) {
        if limits.is_some_and(|limits| limits.contains_key(&name)) && !names.contains(&name) {
            names.push(name);
        }
    }
    for name in names {
        let pointer = format!("/limits/{name}");
        let value = if name.ends_with("_usd") { money(view, &pointer) } else { text(view, &pointer) };
        let from = source(view.pointer(&format!("/sources/{name}")).unwrap_or(&Value::Null), moment);
        table.row([name, value, from]);
    }
    table.to_string()
}

/// The limits of one scope or of a list of scopes.
fn show_scopes(view: &Value, moment: &Moment) -> String {
    let scopes = if view.get("scope").is_some() { std::slice::from_ref(view) } else { items(view) };
    let mut table =
        Table::new(&["OF", "LIMIT", "VALUE", "SPENT", "HELD", "LEFT", "RESETS", "FROM"]).right(&[2, 3, 4, 5]);
    let mut any = false;
    for scope in scopes {
        let windows = scope.get("windows").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        for window in windows {
            any = true;
            table.row([
                text(scope, "/scope"),
                format!("{}_usd", text(window, "/window")),
                money(window, "/limit_usd"),
                money(window, "/spent_usd"),
                money(window, "/held_usd"),
                money(window, "/left_usd"),
                moment.relative(window, "/resets_at"),
                format!("set by {}, {}", text(window, "/by"), moment.relative(window, "/at")),
            ]);
        }
    }
    match view.get("scope") {
        _ if any => table.to_string(),
        Some(_) => {
            format!("{} has no limits of its own; everything's hold for it too.", text(view, "/scope"))
        }
        None => "No agent has limits of its own: anvil limits agent NAME day_usd=5 sets one.".to_owned(),
    }
}

fn source(source: &Value, moment: &Moment) -> String {
    match source.get("from").and_then(Value::as_str) {
        Some("run_time") => {
            format!("changed by {}, {}", text(source, "/by"), moment.relative(source, "/at"))
        }
        Some("settings") => text(source, "/name"),
        _ => text(source, "/from"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_sent_as_the_numbers_they_are() {
        let pairs =
            [("day_usd".to_owned(), "$20.5".to_owned()), ("queue_max".to_owned(), "1_000".to_owned())];
        assert_eq!(patch(&pairs).expect("numbers"), json!({ "day_usd": 20.5, "queue_max": 1_000 }));
        assert!(patch(&[("day_usd".to_owned(), "lots".to_owned())]).is_err());
    }
}
