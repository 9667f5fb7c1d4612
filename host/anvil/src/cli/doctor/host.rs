//! The host that runs, and what it says.

use super::super::Globals;
use super::finding::Finding;
use crate::client::Client;
use crate::connect::connect;
use crate::failure::Failure;
use crate::show::{items, text};
use serde_json::Value;

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
    match client.post(&["upstream", "probe"]).await {
        Ok(probe) => {
            let until = text(&probe, "/until");
            let until = if until.is_empty() { until } else { format!(" (until {until})") };
            let said = format!("{}{until}", text(&probe, "/said"));
            match probe.pointer("/answered") {
                Some(Value::Bool(true)) => Finding::good("probe", said),
                _ => Finding::wrong("probe", said),
            }
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
    let status = match client.get(&["status"], &[]).await {
        Ok(status) => status,
        Err(Failure::Unreachable { url, .. }) => {
            return vec![Finding::look("host", format!("none answers at {url}; `anvil serve` starts it"))];
        }
        Err(failure) => return vec![Finding::wrong("host", failure.to_string())],
    };
    let mut found = vec![running(&status, client.base())];
    if status.pointer("/brake/engaged") == Some(&Value::Bool(true)) {
        let reasons: Vec<_> =
            status["brake"]["causes"].as_array().into_iter().flatten().map(|c| text(c, "/reason")).collect();
        found.push(Finding::wrong(
            "brake",
            format!("engaged, so that no call goes out: {}", reasons.join("; ")),
        ));
    }
    let why = text(&status, "/why_idle");
    if !why.is_empty() {
        found.push(Finding::look("jobs", why));
    }
    if let Ok(agents) = client.get(&["agents"], &[]).await {
        let not = items(&agents)
            .iter()
            .filter(|agent| matches!(text(agent, "/state").as_str(), "rejected" | "quarantined"));
        found.extend(not.map(|agent| {
            Finding::wrong(
                "plugins",
                format!("{} is {}: {}", text(agent, "/file"), text(agent, "/state"), text(agent, "/reason")),
            )
        }));
    }
    found
}

fn running(status: &Value, base: &str) -> Finding {
    let (version, kind, url) =
        (text(status, "/version"), text(status, "/upstream/kind"), text(status, "/upstream/base_url"));
    let what = format!("version {version} answers at {base} and asks the {kind} Claude at {url}");
    if version == env!("CARGO_PKG_VERSION") {
        Finding::good("host", what)
    } else {
        Finding::look("host", format!("{what}; this command line is version {}", env!("CARGO_PKG_VERSION")))
    }
}
