//! Where a guest was when it trapped, by the names that its file has.

use crate::log::cut;
use std::fmt::Write as _;
use wasmtime::WasmBacktrace;

/// Functions that are shown, the innermost first.
const FRAMES: usize = 8;
/// The longest name that is shown, in bytes.
const NAME_BYTES: usize = 120;
/// The longest mangled name that is looked at, in bytes: to read one takes time and memory that grow with it.
const MANGLED_BYTES: usize = 1_024;

/// The innermost functions of a trap, ` (in a ← b)`; empty where nothing is known of them.
pub(crate) fn of(error: &wasmtime::Error) -> String {
    let Some(trace) = error.downcast_ref::<WasmBacktrace>() else { return String::new() };
    let frames = trace.frames();
    let mut told = String::new();
    for frame in frames.iter().take(FRAMES) {
        let between = if told.is_empty() { "" } else { " ← " };
        let name = match frame.func_name() {
            Some(name) => readable(name),
            // The file has no names, or not of this one: its place is what a tool can look up.
            None => format!("function {}", frame.func_index()),
        };
        let _ = write!(told, "{between}{name}");
    }
    match frames.len().checked_sub(FRAMES) {
        _ if told.is_empty() => String::new(),
        None | Some(0) => format!(" (in {told})"),
        Some(more) => format!(" (in {told} ← {more} more)"),
    }
}

/// A name as its language has it, on one line and cut.
fn readable(name: &str) -> String {
    let demangled = if name.len() > MANGLED_BYTES { None } else { demangled(name) };
    let name = demangled.as_deref().unwrap_or(name);
    let plain: String = name.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    cut(&plain, NAME_BYTES).to_owned()
}

/// The name behind one that Rust or C++ wrote; none where it is as it is meant.
fn demangled(name: &str) -> Option<String> {
    if let Ok(rust) = rustc_demangle::try_demangle(name) {
        // Without its hash, and no longer than is shown: what it stands for can be far longer than itself.
        let mut text = Bounded::default();
        let _ = write!(text, "{rust:#}");
        return Some(text.0);
    }
    if !name.starts_with("_Z") {
        return None;
    }
    let limits = cpp_demangle::ParseOptions::default().recursion_limit(64);
    let symbol = cpp_demangle::Symbol::new_with_options(name, &limits).ok()?;
    let options = cpp_demangle::DemangleOptions::new().no_params().recursion_limit(64);
    let mut text = Bounded::default();
    // That it is longer than is shown ends it too.
    let _ = symbol.structured_demangle(&mut text, &options);
    (!text.0.is_empty()).then_some(text.0)
}

/// A text of as many bytes as are shown; what would follow is an error, so that whoever writes it stops.
#[derive(Debug, Default)]
struct Bounded(String);

impl std::fmt::Write for Bounded {
    fn write_str(&mut self, text: &str) -> std::fmt::Result {
        let room = NAME_BYTES.saturating_sub(self.0.len());
        self.0.push_str(cut(text, room));
        if text.len() > room { Err(std::fmt::Error) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_read_as_their_language_has_them() {
        for (name, shown) in [
            ("main", "main"),
            ("writer.Plan", "writer.Plan"),
            ("_ZN4core9panicking5panic17h0123456789abcdefE", "core::panicking::panic"),
            ("_RNvC6_123foo3bar", "123foo::bar"),
            ("_ZN5boost6detail4failEi", "boost::detail::fail"),
            ("_Zwrong", "_Zwrong"),
            ("two\nlines\u{7}", "two lines "),
        ] {
            assert_eq!(readable(name), shown, "{name}");
        }
    }

    #[test]
    fn whatever_a_file_calls_its_functions_takes_little_room() {
        let long = "x".repeat(10_000);
        assert_eq!(readable(&long).len(), NAME_BYTES);
        // Each substitution stands for all before it, so that twenty of them would be a megabyte.
        let mut bomb = "_Z1fIi".to_owned();
        for _ in 0..200 {
            bomb.push_str("S_S_");
        }
        bomb.push_str("EvT_");
        assert!(readable(&bomb).len() <= NAME_BYTES);
        assert!(readable(&format!("_ZN{}E", "1a".repeat(500))).len() <= NAME_BYTES);
    }
}
