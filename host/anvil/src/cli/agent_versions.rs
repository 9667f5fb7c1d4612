//! `anvil agents versions`, `rollback`, `forward` and `release`.

use super::Globals;
use crate::client::Client;
use crate::failure::{Exit, Failure};
use crate::show::{Moment, Table, clean, size};
use anvil_api::{List, RollBackRequest};
use anvil_types::{AgentInfo, AgentVersion};
use reqwest::Method;

/// Shows the versions of an agent that the host keeps.
pub(super) async fn list(client: &Client, globals: &Globals, agent: &str) -> Result<Exit, Failure> {
    let versions = client.get::<List<AgentVersion>>(&["agents", agent, "versions"], &[]).await?;
    versions.show(globals.json, |versions| table(&versions.items, &client.moment()))?;
    Ok(Exit::Done)
}

/// Goes back to one of them.
pub(super) async fn roll_back(
    client: &Client,
    globals: &Globals,
    agent: &str,
    to: Option<&str>,
) -> Result<Exit, Failure> {
    let body = RollBackRequest { to: to.map(str::to_owned) };
    let now = client.send::<AgentInfo>(Method::POST, &["agents", agent, "rollback"], &body).await?;
    now.show(globals.json, in_force)?;
    Ok(Exit::Done)
}

/// Ends what keeps the version of an agent's file from being in force: `forward` or `release`.
pub(super) async fn end(client: &Client, globals: &Globals, agent: &str, how: &str) -> Result<Exit, Failure> {
    client.post::<AgentInfo>(&["agents", agent, how]).await?.show(globals.json, in_force)?;
    Ok(Exit::Done)
}

/// Which version of an agent is in force now.
fn in_force(agent: &AgentInfo) -> String {
    let digest: String = clean(&agent.digest).chars().take(12).collect();
    let mut out =
        format!("{} {} ({digest}) is {}", clean(&agent.name), clean(&agent.version), agent.state.name());
    if let Some(replaced) = &agent.instead_of {
        out = format!("{out}: {}", clean(&replaced.reason));
    } else if let Some(reason) = &agent.reason {
        out = format!("{out}: {}", clean(reason));
    }
    out
}

fn table(versions: &[AgentVersion], moment: &Moment) -> String {
    if versions.is_empty() {
        return "The host keeps no version of it.".to_owned();
    }
    let columns = ["VERSION", "DIGEST", "STATE", "FILE", "FIRST IN FORCE", "SIZE", "JOBS", "WHY"];
    let mut table = Table::new(&columns).right(&[5, 6]);
    for version in versions {
        table.row([
            version.version.clone(),
            version.digest.chars().take(12).collect(),
            version.state.name().replace('_', " "),
            version.file.clone(),
            moment.relative(version.first_seen),
            size(version.size),
            version.jobs.to_string(),
            version.reason.clone().unwrap_or_default(),
        ]);
    }
    table.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use anvil_types::{Timestamp, VersionState};

    #[test]
    fn versions_are_told_with_what_keeps_them_back_and_what_needs_them() {
        let at = Timestamp::from_secs(1_700_000_000);
        let version = |version: &str, state, jobs, reason: Option<&str>| AgentVersion {
            version: version.to_owned(),
            digest: format!("{version}0123456789abcdef"),
            file: "a.wasm".to_owned(),
            size: 2_048,
            first_seen: at,
            last_seen: at,
            state,
            reason: reason.map(str::to_owned),
            jobs,
        };
        let why = "ann went back from it";
        let versions = [
            version("2.0.0", VersionState::RolledBack, 0, Some(why)),
            version("1.0.0", VersionState::InForce, 7, None),
        ];
        let shown = table(&versions, &Moment::at(at));
        assert!(shown.contains("rolled back") && shown.contains(why), "{shown}");
        assert!(
            shown.lines().last().is_some_and(|line| line.contains("in force") && line.contains('7')),
            "{shown}"
        );
    }
}
