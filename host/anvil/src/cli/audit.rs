//! `anvil audit`.

use super::Globals;
use crate::client::Client;
use crate::failure::{Exit, Failure};
use crate::show::{Moment, Table, items, print, print_json, text};
use clap::Args;

/// Who changed what and when: limits, prices, brake, queue, agents, schedules, webhooks, jobs, time.
#[derive(Debug, Args)]
pub(crate) struct AuditArgs {
    /// How many entries, at most 1000.
    #[arg(long, value_name = "COUNT", default_value_t = 20)]
    limit: u32,
}

impl AuditArgs {
    pub(crate) async fn run(&self, client: &Client, globals: &Globals) -> Result<Exit, Failure> {
        let audit = client.get(&["audit"], &[("limit", self.limit.to_string())]).await?;
        if globals.json {
            print_json(&audit)?;
            return Ok(Exit::Done);
        }
        if items(&audit).is_empty() {
            print("Nobody has changed anything yet.")?;
            return Ok(Exit::Done);
        }
        let moment = Moment::now();
        let mut table = Table::new(&["WHEN", "BY", "ACTION", "DETAIL"]);
        for entry in items(&audit) {
            table.row([
                moment.full(entry, "/at"),
                text(entry, "/by"),
                text(entry, "/action"),
                text(entry, "/detail"),
            ]);
        }
        print(&table.to_string())?;
        Ok(Exit::Done)
    }
}
