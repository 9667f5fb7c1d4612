//! Settings by flags.

use super::Given;
use super::file::hint_in;
use crate::agents::{AGENT_KEYS, is_agent_name};
use crate::error::SettingProblem;
use crate::schema::{SECTIONS, keys_of};
use crate::source::Source;
use crate::value::Raw;
use anvil_types::nearest::by_slips;
use std::collections::BTreeMap;

/// Adds what flags say.
pub(super) fn add(
    flags: &[(String, String, String)],
    over: &mut BTreeMap<String, Given>,
) -> Vec<SettingProblem> {
    let mut problems = Vec::new();
    for (path, value, flag) in flags {
        if is_known(path) {
            let given = Given { raw: Raw::Word(value.clone()), source: Source::Flag(flag.clone()) };
            over.insert(path.clone(), given);
        } else {
            problems.push(SettingProblem::Unknown {
                what: format!("setting `{path}`"),
                from: flag.clone(),
                hint: hint(path),
            });
        }
    }
    problems
}

fn is_known(path: &str) -> bool {
    if path == "preset" {
        return true;
    }
    let Some((section, name)) = path.split_once('.') else { return false };
    if section == "agents" {
        return name.split_once('.').is_some_and(|(agent, key)| {
            let known = AGENT_KEYS.iter().any(|(known, ..)| *known == key);
            let own = key.strip_prefix("settings.").is_some_and(|key| !key.is_empty());
            is_agent_name(agent) && (known || own)
        });
    }
    keys_of(section).iter().any(|key| key.name == name)
}

fn hint(path: &str) -> String {
    let paths: Vec<String> = SECTIONS
        .iter()
        .flat_map(|section| section.keys)
        .map(crate::Key::path)
        .chain(["preset".to_owned()])
        .collect();
    if let Some(whole) =
        paths.iter().find(|known| known.split_once('.').is_some_and(|(_, name)| name == path))
    {
        return format!("did you mean `{whole}`?");
    }
    if let Some(near) = by_slips(path, paths.iter().map(String::as_str)) {
        return format!("did you mean `{near}`?");
    }
    match path.split_once('.') {
        Some((section, name)) if !keys_of(section).is_empty() => hint_in(section, name),
        _ => "a setting is named by its section and its name, as in `limits.day_usd`; \
              docs/reference/settings.md lists them"
            .to_owned(),
    }
}
