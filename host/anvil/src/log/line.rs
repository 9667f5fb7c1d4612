//! One event, one line: for people, or as JSON.

use crate::show::clean;
use anvil_settings::LogFormat;
use serde_json::{Map, Value};
use std::fmt::{self, Debug, Write as _};
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::{FormatTime as _, SystemTime};
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::registry::LookupSpan;

/// The most characters of one field: what a plugin or an upstream is quoted with is as long as it likes.
const MOST_CHARS: usize = 2_000;

/// How an event is written.
pub(super) struct Line(pub(super) LogFormat);

impl<S, N> FormatEvent<S, N> for Line
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        _: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let mut fields = Fields::default();
        event.record(&mut fields);
        let mut time = String::new();
        SystemTime.format_time(&mut Writer::new(&mut time))?;
        let (level, target) = (*event.metadata().level(), event.metadata().target());
        let colours = writer.has_ansi_escapes();
        writeln!(writer, "{}", fields.line(self.0, &time, level, target, colours))
    }
}

/// The fields of an event, each on one line and harmless on a terminal.
#[derive(Default)]
struct Fields {
    message: String,
    others: Vec<(&'static str, Value)>,
}

impl Fields {
    fn line(self, format: LogFormat, time: &str, level: Level, target: &str, colours: bool) -> String {
        match format {
            LogFormat::Json => self.json(time, level, target),
            LogFormat::Human => self.human(time, level, target, colours),
        }
    }

    fn json(self, time: &str, level: Level, target: &str) -> String {
        let mut line = Map::new();
        line.insert("time".to_owned(), time.into());
        line.insert("level".to_owned(), level.as_str().to_ascii_lowercase().into());
        line.insert("target".to_owned(), target.into());
        line.insert("message".to_owned(), self.message.into());
        for (name, value) in self.others {
            line.insert(name.to_owned(), value);
        }
        Value::Object(line).to_string()
    }

    fn human(self, time: &str, level: Level, target: &str, colours: bool) -> String {
        let colour = match level {
            Level::ERROR => "31",
            Level::WARN => "33",
            Level::INFO => "32",
            _ => "34",
        };
        let (on, off) =
            if colours { (format!("\u{1b}[{colour}m"), "\u{1b}[0m") } else { (String::new(), "") };
        let mut line = format!("{time} {on}{level:>5}{off} {target}: {}", self.message);
        for (name, value) in self.others {
            let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            let bare = !value.is_empty() && !value.contains([' ', '"', '=']);
            let _ = if bare { write!(line, " {name}={value}") } else { write!(line, " {name}={value:?}") };
        }
        line
    }

    fn add(&mut self, field: &Field, value: Value) {
        match field.name() {
            "message" => value.as_str().unwrap_or_default().clone_into(&mut self.message),
            name => self.others.push((name, value)),
        }
    }
}

impl Visit for Fields {
    fn record_i64(&mut self, field: &Field, value: i64) {
        self.add(field, value.into());
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.add(field, value.into());
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.add(field, value.into());
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.add(field, bounded(value).into());
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.add(field, bounded(&format!("{value:?}")).into());
    }
}

fn bounded(text: &str) -> String {
    let mut cut = text.char_indices();
    match cut.nth(MOST_CHARS) {
        Some((end, _)) => format!("{}…", clean(&text[..end])),
        None => clean(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(message: &str, others: &[(&'static str, &str)]) -> Fields {
        let others = others.iter().map(|(name, value)| (*name, Value::from(bounded(value)))).collect();
        Fields { message: bounded(message), others }
    }

    #[test]
    fn an_event_is_one_line_whatever_a_stranger_put_into_it() {
        let forged = "it\n2026-01-01T00:00:00Z ERROR anvil: all is lost \u{1b}[2J";
        let event = || fields("plugin rejected", &[("file", "x.wasm"), ("reason", forged), ("empty", "")]);
        let human = event().human("T", Level::WARN, "anvil_sandbox", false);
        assert_eq!(human.lines().count(), 1);
        assert!(
            human.starts_with("T  WARN anvil_sandbox: plugin rejected file=x.wasm reason=\"it 2026"),
            "{human}"
        );
        assert!(human.ends_with("empty=\"\"") && !human.contains('\u{1b}'), "{human}");
        let json = event().json("T", Level::WARN, "anvil_sandbox");
        assert_eq!(json.lines().count(), 1);
        let json: Value = serde_json::from_str(&json).expect("JSON");
        assert_eq!((json["level"].as_str(), json["file"].as_str()), (Some("warn"), Some("x.wasm")));
        assert_eq!(json["message"], "plugin rejected");
    }

    #[test]
    fn a_field_without_end_is_cut() {
        assert_eq!(bounded(&"é".repeat(MOST_CHARS)).chars().count(), MOST_CHARS);
        let cut = bounded(&"é".repeat(2_000_000));
        assert!(cut.chars().count() == MOST_CHARS + 1 && cut.ends_with('…'));
    }
}
