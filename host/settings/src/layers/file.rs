//! The settings file.

use super::Given;
use crate::agents::{AGENT_KEYS, AGENT_NAME, is_agent_name};
use crate::bounded::read_bounded;
use crate::error::SettingProblem;
use crate::schema::{SECTIONS, keys_of};
use crate::source::Source;
use crate::value::Raw;
use anvil_types::encoding;
use anvil_types::nearest::by_slips;
use std::collections::BTreeMap;
use std::ops::Range;
use std::path::Path;
use toml::de::{DeTable, DeValue};

/// The most bytes of a settings file.
const MOST_BYTES: u64 = 4 << 20;

/// Adds what the file says.
pub(super) fn add(path: &Path, over: &mut BTreeMap<String, Given>) -> Vec<SettingProblem> {
    match read_bounded(path, MOST_BYTES) {
        Ok(bytes) => read(path, &bytes, over),
        Err(source) => vec![SettingProblem::Unreadable { path: path.to_owned(), source }],
    }
}

/// Adds what these bytes of the file say.
pub(super) fn read(path: &Path, bytes: &[u8], over: &mut BTreeMap<String, Given>) -> Vec<SettingProblem> {
    let text = match encoding::utf8(bytes) {
        Ok(text) => text,
        Err(error) => {
            let message = error.to_string();
            return vec![SettingProblem::NotToml { path: path.to_owned(), line: None, message }];
        }
    };
    let mut file = File { path, text, over, problems: Vec::new() };
    match DeTable::parse(text) {
        Ok(table) => file.top(table.get_ref()),
        Err(error) => file.problems.push(SettingProblem::NotToml {
            path: path.to_owned(),
            line: error.span().map(|span| line_of(text, &span)),
            message: error.message().to_owned(),
        }),
    }
    file.problems
}

struct File<'a> {
    path: &'a Path,
    text: &'a str,
    over: &'a mut BTreeMap<String, Given>,
    problems: Vec<SettingProblem>,
}

impl File<'_> {
    fn top(&mut self, table: &DeTable<'_>) {
        for (key, value) in table {
            let name = key.get_ref().as_ref();
            match value.get_ref() {
                DeValue::Table(agents) if name == "agents" => self.agents(agents),
                DeValue::Table(section) if !keys_of(name).is_empty() => self.section(name, section),
                DeValue::Table(_) => {
                    let hint = hint(name, &sections(), "the sections are", |near| format!("[{near}]"));
                    self.unknown(format!("section [{name}]"), &key.span(), hint);
                }
                _ if name == "preset" => self.give(name.to_owned(), value.get_ref(), &key.span()),
                _ => {
                    let hint = hint_outside(name);
                    self.unknown(format!("setting `{name}` outside of any section"), &key.span(), hint);
                }
            }
        }
    }

    fn section(&mut self, section: &str, table: &DeTable<'_>) {
        for (key, value) in table {
            let name = key.get_ref().as_ref();
            if keys_of(section).iter().any(|known| known.name == name) {
                self.give(format!("{section}.{name}"), value.get_ref(), &key.span());
            } else {
                let hint = hint_in(section, name);
                self.unknown(format!("setting `{name}` in [{section}]"), &key.span(), hint);
            }
        }
    }

    fn agents(&mut self, agents: &DeTable<'_>) {
        for (key, value) in agents {
            let name = key.get_ref().as_ref();
            match value.get_ref() {
                DeValue::Table(table) if is_agent_name(name) => self.agent(name, table),
                DeValue::Table(_) => {
                    let hint = format!("an agent's name is {AGENT_NAME}, as in `code-generator`");
                    self.unknown(format!("agent `{name}` in [agents]"), &key.span(), hint);
                }
                _ => {
                    let hint = "settings of an agent stand in [agents.NAME]".to_owned();
                    self.unknown(format!("setting `{name}` in [agents]"), &key.span(), hint);
                }
            }
        }
    }

    fn agent(&mut self, agent: &str, table: &DeTable<'_>) {
        for (key, value) in table {
            let name = key.get_ref().as_ref();
            match value.get_ref() {
                DeValue::Table(settings) if name == "settings" => {
                    for (key, value) in settings {
                        let path = format!("agents.{agent}.settings.{}", key.get_ref());
                        self.give(path, value.get_ref(), &key.span());
                    }
                }
                value if AGENT_KEYS.iter().any(|(known, ..)| *known == name) => {
                    self.give(format!("agents.{agent}.{name}"), value, &key.span());
                }
                _ if name == "settings" => {
                    let hint =
                        "it is a table of texts, as in `settings = { language = \"python\" }`".to_owned();
                    self.unknown(format!("value of `settings` in [agents.{agent}]"), &key.span(), hint);
                }
                _ => {
                    let known = AGENT_KEYS.iter().map(|(known, ..)| *known).chain(["settings"]);
                    let hint = hint(name, &known.collect::<Vec<_>>(), "its settings are", |near| {
                        format!("`{near}`")
                    });
                    self.unknown(format!("setting `{name}` in [agents.{agent}]"), &key.span(), hint);
                }
            }
        }
    }

    fn give(&mut self, path: String, value: &DeValue<'_>, span: &Range<usize>) {
        let line = line_of(self.text, span);
        let source = Source::File { path: self.path.to_owned(), line };
        self.over.insert(path, Given { raw: Raw::of(value), source });
    }

    fn unknown(&mut self, what: String, span: &Range<usize>, hint: String) {
        let from = format!("{} line {}", self.path.display(), line_of(self.text, span));
        self.problems.push(SettingProblem::Unknown { what, from, hint });
    }
}

fn sections() -> Vec<&'static str> {
    SECTIONS.iter().map(|section| section.name).chain(["agents"]).collect()
}

fn line_of(text: &str, span: &Range<usize>) -> usize {
    text.as_bytes().iter().take(span.start).filter(|byte| **byte == b'\n').count() + 1
}

/// The nearest name; where nothing is near, all of them.
fn hint(name: &str, known: &[&'static str], all: &str, show: impl Fn(&str) -> String) -> String {
    match by_slips(name, known.iter().copied()) {
        Some(near) => format!("did you mean {}?", show(near)),
        None => format!("{all} {}", known.join(", ")),
    }
}

/// A name that its section does not know: a slip, or a setting of another section.
pub(super) fn hint_in(section: &str, name: &str) -> String {
    let own: Vec<_> = keys_of(section).iter().map(|key| key.name).collect();
    if by_slips(name, own.iter().copied()).is_none()
        && let Some(key) = SECTIONS.iter().flat_map(|section| section.keys).find(|key| key.name == name)
    {
        return format!("did you mean `{}` in [{}]?", key.name, key.section);
    }
    hint(name, &own, "its settings are", |near| format!("`{near}`"))
}

/// A name outside of any section: the section's header is missing, or `preset` is misspelt.
fn hint_outside(name: &str) -> String {
    if by_slips(name, ["preset"]).is_some() {
        return "did you mean `preset`?".to_owned();
    }
    let keys = || SECTIONS.iter().flat_map(|section| section.keys);
    let near = by_slips(name, keys().map(|key| key.name));
    match near.and_then(|near| keys().find(|key| key.name == near)) {
        Some(key) => format!("did you mean `{}` in [{}]?", key.name, key.section),
        None if sections().contains(&name) => format!("[{name}] is a section"),
        None => format!("only `preset` stands there; the sections are {}", sections().join(", ")),
    }
}
