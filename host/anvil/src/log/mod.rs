//! The host's log on standard error: one line for each thing that its operator would want to know.
//!
//! The levels come from `ANVIL_LOG`, the form from the setting `log.format`. What the host carries for others
//! (prompts, replies, payloads) is nobody's to log: no call logs such a thing, libraries of others are held at
//! warnings, and a panic's message is shown without what it quotes. Secrets that are known at the start are blotted
//! out of every line besides.

mod levels;
mod line;
mod panic;
mod writer;

use crate::failure::Failure;
use anvil_settings::LogFormat;
use line::Line;
use std::io::{IsTerminal as _, Write as _};
use std::sync::OnceLock;
use tracing_subscriber::layer::SubscriberExt as _;
use writer::Writer;

/// The one writer of this process, once the log has begun.
static WRITER: OnceLock<(Writer, LogFormat)> = OnceLock::new();

/// Begins the log, in `format`, with the levels that `ANVIL_LOG` asks for.
pub(crate) fn start(format: LogFormat, levels: Option<&str>) -> Result<(), Failure> {
    let levels = levels::parse(levels.unwrap_or_default()).map_err(Failure::Usage)?;
    let (writer, _) = WRITER.get_or_init(|| (Writer::start(std::io::stderr(), format), format));
    let colours = format == LogFormat::Human
        && std::io::stderr().is_terminal()
        && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    let layer = tracing_subscriber::fmt::layer()
        .with_ansi(colours)
        .event_format(Line(format))
        .with_writer(writer.clone());
    let subscriber = tracing_subscriber::registry().with(levels).with(layer);
    // A second start in one process would be a test's; the first goes on.
    let _ = tracing::subscriber::set_global_default(subscriber);
    panic::heed();
    Ok(())
}

/// Whether the log can be had as `ANVIL_LOG` asks for it; the sentence says why not.
pub(crate) fn check(levels: &str) -> Result<(), String> {
    levels::parse(levels).map(drop)
}

/// Blots a secret out of every line from now on.
pub(crate) fn hide(secret: &str) {
    if let Some((writer, _)) = WRITER.get() {
        writer.hide(secret);
    }
}

/// Says something to who watches the host's terminal. Where the log is for machines, its own line says the same.
pub(crate) fn say(said: &str) {
    match WRITER.get() {
        Some((_, LogFormat::Json)) => {}
        Some((writer, LogFormat::Human)) => writer.write(said.as_bytes().to_vec()),
        None => {
            // A standard error that is closed ends no command.
            let _ = std::io::stderr().write_all(said.as_bytes());
        }
    }
}

/// Whether standard error belongs to machines.
pub(crate) fn is_json() -> bool {
    WRITER.get().is_some_and(|(_, format)| *format == LogFormat::Json)
}

/// Waits, for a bounded time, until all that was logged is written: before the process ends.
pub(crate) fn flush() {
    if let Some((writer, _)) = WRITER.get() {
        writer.flush();
    }
}
