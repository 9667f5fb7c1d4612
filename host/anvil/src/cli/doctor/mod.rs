//! `anvil doctor`.

mod finding;
pub(crate) mod here;
mod host;

use super::Globals;
use crate::connect::environment;
use crate::failure::{Exit, Failure};
use crate::show::{print, print_json};
use clap::Args;
use finding::{Finding, How};
use serde_json::json;

/// Looks at settings, key, address, proxies, prices, models and folders as `anvil serve` would read them
/// here, and at the host that runs; says what is wrong and what to do. Changes nothing and spends nothing, but for
/// --probe.
#[derive(Debug, Args)]
pub(crate) struct DoctorArgs {
    /// Have the running host ask Claude for a word: a call like any other, held, paid and in the ledger, by the
    /// host's brake, limits and pace. What the account was refused for is over where it is answered.
    #[arg(long)]
    probe: bool,
}

impl DoctorArgs {
    pub(crate) async fn run(&self, globals: &Globals) -> Result<Exit, Failure> {
        let env = environment();
        let mut findings = here::look(globals, &env);
        findings.extend(host::look(globals, self.probe).await);
        if globals.json {
            let items: Vec<_> = findings.iter().map(Finding::json).collect();
            print_json(&json!({ "items": items }))?;
        } else {
            print(&finding::table(&findings))?;
        }
        let wrong = findings.iter().any(|finding| finding.how == How::Wrong);
        Ok(if wrong { Exit::Unwell } else { Exit::Done })
    }
}
