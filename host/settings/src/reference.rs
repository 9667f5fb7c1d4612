//! `anvil.example.toml` and the reference page, out of the schema.

use crate::agents::AGENT_KEYS;
use crate::bundled::BUNDLED;
use crate::key::{Key, Section, one_line};
use crate::preset::Preset;
use crate::reader::between;
use crate::schema::SECTIONS;
use std::fmt::Write as _;

const WIDTH: usize = 96;

/// A settings file with every setting, its default, and what it means. All settings are commented out, so
/// that it changes nothing until something in it is changed.
pub fn example_toml() -> String {
    let mut out = String::new();
    comment(
        &mut out,
        "Every setting of Anvil with its default. Copy this to anvil.toml and uncomment what you change.",
    );
    comment(
        &mut out,
        "Environment variables (ANVIL_LIMITS_DAY_USD=20) and flags (--set limits.day_usd=20) win over this file.",
    );
    out.push_str("\n# The defaults under all other settings:\n");
    for preset in Preset::ALL {
        let _ = writeln!(out, "#   {:<14} {}", preset.name(), preset.summary().replace('`', ""));
    }
    let _ = writeln!(out, "#preset = \"{}\"", Preset::default());
    for section in SECTIONS {
        out.push('\n');
        comment(&mut out, &section.sentence());
        let _ = writeln!(out, "[{}]", section.name);
        for key in section.keys {
            comment(&mut out, &key.sentence());
            let _ = writeln!(out, "#{} = {}", key.name, key.default());
        }
    }
    out.push('\n');
    comment(&mut out, "What is different for one agent, by its name.");
    out.push_str("#[agents.code-generator]\n");
    for ((name, _, doc), value) in AGENT_KEYS.iter().zip(["4000", "16000", "600"]) {
        comment(&mut out, &one_line(doc));
        let _ = writeln!(out, "#{name} = {value}");
    }
    comment(&mut out, "What the agent itself reads; see what it documents.");
    out.push_str("#settings = { house_rules = \"Python 3.13, with type hints.\" }\n");
    out
}

/// The reference page: every setting in a table.
pub fn reference_markdown() -> String {
    let mut out = String::from(
        "# Settings\n\n\
         <!-- Generated out of host/settings/src/schema.rs: `cargo run -p anvil-settings --example reference`. -->\n\n\
         Settings come in layers, each over the one before: the preset, the file (`--config FILE`, or `anvil.toml` in \
         the folder where `anvil` is started), the environment, flags. A setting that does not exist is an error that \
         names the nearest one.\n\n\
         | layer | how `day_usd` in `[limits]` is set there |\n|---|---|\n\
         | preset | `--preset max-100`, `ANVIL_PRESET`, or `preset = \"max-100\"` in the file |\n\
         | file | `[limits]`, and `day_usd = 20` below it |\n\
         | environment | `ANVIL_LIMITS_DAY_USD=20` |\n\
         | flag | `--set limits.day_usd=20` |\n\n\
         Units stand in the names: `_usd` dollars, `_s` seconds, `_ms` milliseconds, `_kb` and `_mb` KiB and MiB. The \
         limits can also be changed while the host runs (`anvil limits set day_usd=20`).\n\n\
         The API key is no setting: `ANTHROPIC_API_KEY` (or `ANTHROPIC_AUTH_TOKEN`) and `ANTHROPIC_BASE_URL` are read \
         from the environment. Without any of them, the built-in simulator answers.\n\n\
         ## Presets\n\n| preset | for | differs from `max-200` in |\n|---|---|---|\n",
    );
    for preset in Preset::ALL {
        let values: Vec<_> = preset.values().iter().map(|(key, value)| format!("`{key}` {value}")).collect();
        let _ = writeln!(out, "| `{preset}` | {} | {} |", preset.summary(), values.join(", "));
    }
    for section in SECTIONS {
        section_markdown(&mut out, section);
    }
    out.push_str(
        "\n## `[agents.NAME]`\n\nWhat is different for one agent. In the environment `code-generator` is written \
         `CODE_GENERATOR`: `ANVIL_AGENTS_CODE_GENERATOR_WALL_S=600`.\n\n| setting | what it means | value |\n|---|---|---|\n",
    );
    for (name, expected, doc) in AGENT_KEYS {
        let _ = writeln!(out, "| `{name}` | {} | {expected} |", one_line(doc));
    }
    out.push_str(
        "| `settings` | What the agent itself reads, as in `settings = { house_rules = \"Python 3.13, with type hints.\" }`, \
         which each of the agents that Anvil comes with tells Claude. What an agent does not read does nothing. | texts by \
         name |\n",
    );
    out.push_str("\nWhere nothing else is said, agents that Anvil comes with have:\n\n");
    for (path, value) in BUNDLED {
        let _ = writeln!(out, "- `{path}`: `{value}`");
    }
    out
}

fn section_markdown(out: &mut String, section: &Section) {
    let _ = writeln!(out, "\n## `[{}]`\n\n{}\n", section.name, section.sentence());
    out.push_str("| setting | default | what it means | value |\n|---|---|---|---|\n");
    for key in section.keys {
        let _ =
            writeln!(out, "| `{}` | `{}` | {} | {} |", key.name, key.default(), key.sentence(), value(key));
    }
}

fn value(key: &Key) -> String {
    match key.range {
        Some((least, most)) => format!("{}, {}", key.expected, between(least, most)),
        None => key.expected.to_owned(),
    }
}

/// Words as comment lines.
fn comment(out: &mut String, words: &str) {
    let mut line = String::from("#");
    for word in words.replace('`', "").split(' ') {
        if line.len() + 1 + word.len() > WIDTH {
            let _ = writeln!(out, "{line}");
            line = String::from("#");
        }
        let _ = write!(line, " {word}");
    }
    let _ = writeln!(out, "{line}");
}
