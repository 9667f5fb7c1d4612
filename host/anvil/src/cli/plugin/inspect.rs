//! `anvil plugin inspect`.

use super::check;
use super::stage::bytes;
use crate::cli::Globals;
use crate::connect;
use crate::failure::{Exit, Failure};
use crate::show::{clean, print, print_json, size};
use anvil_sandbox::Anatomy;
use anvil_types::AgentInfo;
use anyhow::anyhow;
use serde_json::json;
use std::fmt::Write as _;
use std::path::Path;

/// Shows what a file is made of and, where it is a plugin, what it says of itself. A file that is none is told of, and no
/// failure: that is `check`'s to say.
pub(super) async fn run(file: &Path, globals: &Globals) -> Result<Exit, Failure> {
    let settings = connect::settings(globals)?;
    let most = u64::from(settings.sandbox.plugin_file_mb) * 1024 * 1024;
    let bytes = bytes(file, most)?;
    if bytes.len() as u64 > most {
        let most = size(most);
        return Err(anyhow!("{} is larger than {most}, a plugin's limit", file.display()).into());
    }
    let length = bytes.len() as u64;
    let read = tokio::task::spawn_blocking(move || Anatomy::of(&bytes));
    let anatomy = read.await.map_err(anyhow::Error::from)?;
    let anatomy = anatomy.map_err(|rejection| anyhow!("{} {rejection}", file.display()))?;
    let said = check::examined(file, &settings).await?;
    let said = said.map_err(|rejection| rejection.to_string());
    if globals.json {
        print_json(&as_json(&anatomy, length, &said))?;
    } else {
        print(&text(file, &anatomy, length, &said))?;
    }
    Ok(Exit::Done)
}

fn text(file: &Path, anatomy: &Anatomy, length: u64, said: &Result<AgentInfo, String>) -> String {
    let mut out = format!("{}\n", file.display());
    let mut line = |name: &str, value: &str| {
        let _ = writeln!(out, "  {name:<11}{value}");
    };
    line("kind", anatomy.kind().name());
    line("contract", &anatomy.contract().map_or_else(|| "none is named".to_owned(), clean));
    line("size", &format!("{}, {} core modules", size(length), anatomy.modules));
    for memory in &anatomy.memories {
        let most = memory.most.map_or_else(|| "no bound of its own".to_owned(), size);
        line("memory", &format!("{} at its start, {most}", size(memory.initial)));
    }
    for producer in &anatomy.producers {
        line(
            "made by",
            &format!("{} {} ({})", clean(&producer.name), clean(&producer.version), producer.part),
        );
    }
    for import in &anatomy.imports {
        line("imports", &clean(import));
    }
    for export in &anatomy.exports {
        line("exports", &clean(export));
    }
    if anatomy.unnamed > 0 {
        line("", &format!("and {} more imports and exports", anatomy.unnamed));
    }
    let mut sections: Vec<_> = anatomy.sections.iter().collect();
    sections.sort_by_key(|(_, bytes)| std::cmp::Reverse(**bytes));
    for (name, bytes) in sections {
        line("section", &format!("{name}: {}", size(*bytes)));
    }
    for (name, bytes) in &anatomy.custom {
        line("custom", &format!("{}: {}", clean(name), size(*bytes)));
    }
    match said {
        Ok(agent) => {
            line(
                "agent",
                &format!("{} {}: {}", clean(&agent.name), clean(&agent.version), clean(&agent.summary)),
            );
            for action in agent.actions.iter() {
                line("action", &format!("{}: {}", clean(&action.name), clean(&action.summary)));
            }
        }
        Err(why) => line("no plugin", &clean(&format!("it {why}"))),
    }
    out
}

fn as_json(anatomy: &Anatomy, length: u64, said: &Result<AgentInfo, String>) -> serde_json::Value {
    json!({
        "kind": anatomy.kind().name(),
        "contract": anatomy.contract(),
        "size": length,
        "modules": anatomy.modules,
        "memories": anatomy.memories.iter().map(|memory| json!({ "initial": memory.initial, "most": memory.most })).collect::<Vec<_>>(),
        "producers": anatomy.producers.iter().map(|by| json!({ "part": by.part, "name": by.name, "version": by.version })).collect::<Vec<_>>(),
        "imports": anatomy.imports,
        "exports": anatomy.exports,
        "unnamed": anatomy.unnamed,
        "sections": anatomy.sections,
        "custom": anatomy.custom,
        "description": said.as_ref().ok(),
        "no_plugin": said.as_ref().err(),
    })
}
