//! The host that runs, and what it says.

use super::super::Globals;
use super::finding::Finding;
use crate::client::Client;
use crate::connect::connect;
use crate::failure::Failure;
use crate::show::{clean, some};
use anvil_api::{List, Probe, Status};
use anvil_types::{AgentInfo, AgentState};

pub(super) async fn look(globals: &Globals, probe: bool) -> Vec<Finding> {
    // That the settings are wrong has been told.
    let Ok(client) = connect(globals) else { return not_probed(probe, "the settings come first") };
    // First: it may end what is looked at next.
    let probed = if probe { Some(probe_through(&client).await) } else { None };
    let mut found = standing(&client).await;
    found.extend(probed);
    found
}

fn not_probed(probe: bool, why: &str) -> Vec<Finding> {
    if probe { vec![Finding::wrong("probe", format!("not sent: {why}"))] } else { Vec::new() }
}

/// A call through the running host. There is no other way to Claude.
async fn probe_through(client: &Client) -> Finding {
    let probe = client.post::<Probe>(&["upstream", "probe"]).await;
    match probe.and_then(|probe| probe.read()) {
        Ok(probe) => {
            let until = probe.until.map(|until| format!(" (until {until})")).unwrap_or_default();
            let said = format!("{}{until}", clean(&probe.said));
            if probe.answered { Finding::good("probe", said) } else { Finding::wrong("probe", said) }
        }
        Err(Failure::Unreachable { url, .. }) => Finding::wrong(
            "probe",
            format!(
                "not sent: it goes through a running host, and none answers at {url}; start it with `anvil serve`"
            ),
        ),
        Err(failure) => Finding::wrong("probe", failure.to_string()),
    }
}

async fn standing(client: &Client) -> Vec<Finding> {
    let status = client.get::<Status>(&["status"], &[]).await;
    let status = match status.and_then(|status| status.read()) {
        Ok(status) => status,
        Err(Failure::Unreachable { url, .. }) => {
            return vec![Finding::look("host", format!("none answers at {url}; `anvil serve` starts it"))];
        }
        Err(failure) => return vec![Finding::wrong("host", failure.to_string())],
    };
    let mut found = vec![running(&status, &client.base())];
    if status.brake.engaged {
        let reasons: Vec<_> = status.brake.causes.iter().map(|cause| clean(&cause.reason)).collect();
        found.push(Finding::wrong(
            "brake",
            format!("engaged, so that no call goes out: {}", reasons.join("; ")),
        ));
    }
    if let Some(why) = &status.why_idle {
        found.push(Finding::look("jobs", clean(why)));
    }
    let agents = client.get::<List<AgentInfo>>(&["agents"], &[]).await;
    if let Ok(agents) = agents.and_then(|agents| agents.read()) {
        let refused =
            |agent: &&AgentInfo| matches!(agent.state, AgentState::Rejected | AgentState::Quarantined);
        found.extend(agents.items.iter().filter(refused).map(|agent| {
            let (file, why) = (clean(&agent.file), some(agent.reason.as_deref()));
            Finding::wrong("plugins", format!("{file} is {}: {why}", agent.state.name()))
        }));
    }
    found
}

fn running(status: &Status, base: &str) -> Finding {
    let (version, kind) = (clean(&status.version), status.upstream.kind);
    let url = clean(&status.upstream.base_url);
    let what = format!("version {version} answers at {base} and asks the {kind} Claude at {url}");
    if version == env!("CARGO_PKG_VERSION") {
        Finding::good("host", what)
    } else {
        Finding::look("host", format!("{what}; this command line is version {}", env!("CARGO_PKG_VERSION")))
    }
}
