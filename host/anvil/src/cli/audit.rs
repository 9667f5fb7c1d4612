//! `anvil audit`.

use super::Globals;
use crate::answer::Answer;
use crate::client::Client;
use crate::failure::{Exit, Failure};
use crate::show::Table;
use anvil_api::List;
use anvil_types::AuditEntry;
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
        let audit: Answer<List<AuditEntry>> =
            client.get(&["audit"], &[("limit", self.limit.to_string())]).await?;
        audit.show(globals.json, |audit| {
            if audit.items.is_empty() {
                return "Nobody has changed anything yet.".to_owned();
            }
            let moment = client.moment();
            let mut table = Table::new(&["WHEN", "BY", "ACTION", "DETAIL"]);
            for entry in &audit.items {
                table.row([moment.full(entry.at).as_str(), &entry.by, &entry.action, &entry.detail]);
            }
            table.to_string()
        })?;
        Ok(Exit::Done)
    }
}
