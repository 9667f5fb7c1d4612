//! `ANVIL_LOG`: how much is logged, for all rooms of the house and for each.

use tracing_subscriber::filter::{LevelFilter, Targets};

/// What a room's lines are called.
const ROOMS: [&str; 11] = [
    "types", "budget", "settings", "store", "gateway", "alerts", "sandbox", "runner", "control", "sim", "web",
];
const LEVELS: [&str; 6] = ["off", "error", "warn", "info", "debug", "trace"];

/// Reads `info`, `debug,store=warn` and the like. Libraries of others say warnings and errors alone, whatever is
/// asked for: below that they print what passes through them.
pub(super) fn parse(text: &str) -> Result<Targets, String> {
    let mut own = LevelFilter::INFO;
    let mut rooms = Vec::new();
    for part in text.split(',').map(str::trim).filter(|part| !part.is_empty()) {
        match part.split_once('=') {
            None => own = level(part)?,
            Some((room, of)) => rooms.push((room_of(room.trim())?, level(of.trim())?)),
        }
    }
    let targets = Targets::new().with_default(own.min(LevelFilter::WARN)).with_target("anvil", own);
    Ok(targets.with_targets(rooms))
}

fn level(text: &str) -> Result<LevelFilter, String> {
    let name = text.to_ascii_lowercase();
    if LEVELS.contains(&name.as_str())
        && let Ok(level) = name.parse()
    {
        return Ok(level);
    }
    Err(format!(
        "ANVIL_LOG: there is no level `{text}`; the levels are {}. It is one of them, or has one for each room as well, \
         as in `info,gateway=debug`",
        LEVELS.join(", ")
    ))
}

fn room_of(text: &str) -> Result<String, String> {
    let name = text.trim_start_matches("anvil").trim_start_matches(['_', '-']);
    if ROOMS.contains(&name) {
        return Ok(format!("anvil_{name}"));
    }
    Err(format!(
        "ANVIL_LOG: there is no room `{text}`; the rooms are {}. Libraries that Anvil uses log warnings and errors only, \
         since below that they may print what passes through them",
        ROOMS.join(", ")
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use tracing::Level;

    #[test]
    fn rooms_have_levels_of_their_own_and_others_say_warnings_alone() {
        let levels = parse(" DEBUG , store=warn, anvil_web = off,").expect("levels");
        for (target, level, enabled) in [
            ("anvil::serve", Level::DEBUG, true),
            ("anvil_gateway::flight", Level::DEBUG, true),
            ("anvil_gateway::flight", Level::TRACE, false),
            ("anvil_store::sqlite", Level::WARN, true),
            ("anvil_store::sqlite", Level::INFO, false),
            ("anvil_web", Level::ERROR, false),
            ("hyper::proto", Level::WARN, true),
            ("hyper::proto", Level::INFO, false),
        ] {
            assert_eq!(levels.would_enable(target, &level), enabled, "{target} {level}");
        }
        let usual = parse("").expect("levels");
        assert!(usual.would_enable("anvil_runner", &Level::INFO));
        assert!(!usual.would_enable("anvil_runner", &Level::DEBUG));
        let off = parse("off").expect("levels");
        assert!(!off.would_enable("anvil", &Level::ERROR) && !off.would_enable("hyper", &Level::ERROR));
    }

    #[test]
    fn what_is_no_level_and_no_room_is_an_error_that_lists_them() {
        for (text, part) in [
            ("verbose", "there is no level `verbose`; the levels are off, error"),
            ("5", "there is no level `5`"),
            ("gateway=loud", "there is no level `loud`"),
            ("hyper=trace", "there is no room `hyper`; the rooms are types"),
            ("=info", "there is no room ``"),
        ] {
            let error = parse(text).expect_err(text);
            assert!(error.contains(part), "{text}: {error}");
        }
    }
}
