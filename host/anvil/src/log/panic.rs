//! What a panic leaves in the log.

use std::backtrace::{Backtrace, BacktraceStatus};
use std::panic::PanicHookInfo;

/// The most characters of a panic's message.
const MOST_CHARS: usize = 300;

/// Logs each panic, in place of what Rust prints by itself.
pub(super) fn heed() {
    std::panic::set_hook(Box::new(|info| {
        let place = info.location().map(ToString::to_string).unwrap_or_default();
        let thread = std::thread::current();
        let thread = thread.name().unwrap_or("unnamed");
        tracing::error!(thread, place, "panic: {}", message(info));
        let backtrace = Backtrace::capture();
        if backtrace.status() == BacktraceStatus::Captured {
            tracing::error!(place, %backtrace, "the panic's backtrace");
        }
        // The process may end here.
        super::flush();
    }));
}

fn message(info: &PanicHookInfo<'_>) -> String {
    match (info.payload().downcast_ref::<&str>(), info.payload().downcast_ref::<String>()) {
        // Written in the source.
        (Some(literal), _) => (*literal).to_owned(),
        (_, Some(made)) => unquoted(made),
        _ => "no message".to_owned(),
    }
}

/// The message without what it quotes: a slice that is cut in a character shows all of the text, which may be a
/// prompt, and so does an error's `Debug`.
fn unquoted(message: &str) -> String {
    let mut shown = String::new();
    let mut inside = None;
    let mut escaped = false;
    for c in message.chars() {
        match inside {
            None => {
                shown.push(c);
                if matches!(c, '`' | '"') {
                    inside = Some(c);
                    shown.push('…');
                }
            }
            Some(_) if escaped => escaped = false,
            Some('"') if c == '\\' => escaped = true,
            Some(quote) if c == quote => {
                shown.push(c);
                inside = None;
            }
            Some(_) => {}
        }
        if shown.len() >= MOST_CHARS {
            break;
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log::line::Line;
    use crate::log::writer::Writer;
    use anvil_settings::LogFormat;
    use std::sync::{Arc, Mutex};
    use tracing_subscriber::layer::SubscriberExt as _;

    #[derive(Clone, Default)]
    struct Bytes(Arc<Mutex<Vec<u8>>>);

    impl std::io::Write for Bytes {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().expect("the bytes").extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_panic_is_one_line_with_its_place_and_without_a_prompt() {
        let bytes = Bytes::default();
        let writer = Writer::start(bytes.clone(), LogFormat::Human);
        let layer = tracing_subscriber::fmt::layer()
            .with_ansi(false)
            .event_format(Line(LogFormat::Human))
            .with_writer(writer.clone());
        let usual = std::panic::take_hook();
        heed();
        tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), || {
            let prompt = "é is the prompt".to_owned();
            let cut = std::panic::catch_unwind(|| prompt[1..].len());
            assert!(cut.is_err(), "it is cut inside a character");
        });
        std::panic::set_hook(usual);
        writer.flush();
        let said = String::from_utf8(bytes.0.lock().expect("the bytes").clone()).expect("text");
        let line = said.lines().next().expect("a line");
        assert!(line.contains("ERROR anvil::log::panic: panic: ") && line.contains("panic.rs:"), "{said}");
        assert!(!said.contains("is the prompt"), "{said}");
    }

    #[test]
    fn a_panic_does_not_tell_what_it_quotes() {
        for (message, shown) in [
            (
                "end byte index 1 is not a char boundary; it is inside 'é' (bytes 0..2) of `é, my prompt`",
                "end byte index 1 is not a char boundary; it is inside 'é' (bytes 0..2) of `…`",
            ),
            (
                r#"called `Result::unwrap()` on an `Err` value: Error("a \"b\" my reply", line: 1)"#,
                r#"called `…` on an `…` value: Error("…", line: 1)"#,
            ),
            (
                "index out of bounds: the len is 3 but the index is 9",
                "index out of bounds: the len is 3 but the index is 9",
            ),
            ("a text that `never ends", "a text that `…"),
        ] {
            assert_eq!(unquoted(message), shown);
        }
        assert!(unquoted(&"x".repeat(10_000)).len() <= 300);
    }
}
