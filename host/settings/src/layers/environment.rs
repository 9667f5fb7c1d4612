//! `ANVIL_…` variables.

use super::Given;
use crate::agents::AGENT_KEYS;
use crate::error::SettingProblem;
use crate::schema::SECTIONS;
use crate::source::Source;
use crate::value::Raw;
use anvil_types::nearest::by_slips;
use std::collections::BTreeMap;

/// Variables that are read elsewhere: where the command line finds the host, the log's levels, the file.
const OTHERS: [&str; 4] = ["ANVIL_URL", "ANVIL_TOKEN", "ANVIL_LOG", "ANVIL_CONFIG"];

/// Adds what the environment says.
pub(super) fn add(env: &[(String, String)], over: &mut BTreeMap<String, Given>) -> Vec<SettingProblem> {
    let mut known: BTreeMap<String, String> =
        SECTIONS.iter().flat_map(|section| section.keys).map(|key| (key.env(), key.path())).collect();
    known.insert("ANVIL_PRESET".to_owned(), "preset".to_owned());
    let mut problems = Vec::new();
    let ours = env.iter().filter(|(name, _)| name.starts_with("ANVIL_"));
    for (name, value) in ours.filter(|(name, _)| !is_read_elsewhere(name)) {
        if !known.contains_key(name) && is_of_a_service(name, value) {
            continue;
        }
        if let Some(path) = known.get(name).cloned().or_else(|| agent_path(name)) {
            over.insert(path, Given { raw: Raw::Word(value.clone()), source: Source::Env(name.clone()) });
        } else {
            let names = known.keys().map(String::as_str).chain(OTHERS);
            let hint = by_slips(name, names).map_or_else(
                || "docs/reference/settings.md lists the settings".to_owned(),
                |near| format!("did you mean `{near}`?"),
            );
            problems.push(SettingProblem::UnknownVariable { name: name.clone(), hint });
        }
    }
    problems
}

fn is_read_elsewhere(name: &str) -> bool {
    OTHERS.contains(&name) || name.starts_with("ANVIL_TEST_")
}

/// Whether Kubernetes (or a link of Docker's) set it, for a service with `anvil` in its name: `ANVIL_PORT` with an
/// address, `ANVIL_SERVICE_HOST`, `ANVIL_PORT_8787_TCP_ADDR`, `ANVIL_WEB_SERVICE_PORT_HTTP` and the like.
///
/// Source: Kubernetes, "Accessing the Service", environment variables.
fn is_of_a_service(name: &str, value: &str) -> bool {
    let is_address = ["tcp://", "udp://", "sctp://"].iter().any(|scheme| value.starts_with(scheme));
    if name.ends_with("_SERVICE_HOST") || name.contains("_SERVICE_PORT") {
        return true;
    }
    let of_port = |rest: &str| {
        let mut parts = rest.split('_');
        parts.next().is_some_and(|port| port.parse::<u16>().is_ok())
            && parts.next().is_some_and(|protocol| matches!(protocol, "TCP" | "UDP" | "SCTP"))
    };
    name.ends_with("_PORT") && is_address
        || name.match_indices("_PORT_").any(|(at, found)| of_port(&name[at + found.len()..]))
}

/// `ANVIL_AGENTS_CODE_GENERATOR_WALL_S` is `agents.code-generator.wall_s`; what follows `_SETTINGS_` is
/// the agent's own.
fn agent_path(name: &str) -> Option<String> {
    let rest = name.strip_prefix("ANVIL_AGENTS_")?;
    let agent = |name: &str| name.to_lowercase().replace('_', "-");
    if let Some((name, key)) = rest.split_once("_SETTINGS_") {
        return Some(format!("agents.{}.settings.{}", agent(name), key.to_lowercase()));
    }
    AGENT_KEYS.iter().find_map(|(key, ..)| {
        let name = rest.strip_suffix(&format!("_{}", key.to_uppercase()))?;
        Some(format!("agents.{}.{key}", agent(name)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_kubernetes_says_of_a_service_is_no_setting() {
        for (name, value, is) in [
            ("ANVIL_PORT", "tcp://10.0.0.1:8787", true),
            ("ANVIL_PORT", "9000", false),
            ("ANVIL_SERVICE_HOST", "10.0.0.1", true),
            ("ANVIL_SERVICE_PORT", "8787", true),
            ("ANVIL_SERVICE_PORT_HTTP", "8787", true),
            ("ANVIL_PORT_8787_TCP", "tcp://10.0.0.1:8787", true),
            ("ANVIL_PORT_8787_TCP_PROTO", "tcp", true),
            ("ANVIL_WEB_PORT_80_UDP_ADDR", "10.0.0.1", true),
            ("ANVIL_PORT_NUMBER", "1", false),
            ("ANVIL_LIMITS_DAYUSD", "1", false),
        ] {
            assert_eq!(is_of_a_service(name, value), is, "{name}");
        }
    }
}
