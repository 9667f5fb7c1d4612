//! A note that somebody leaves.

use crate::problem::Problem;

/// The longest note, in bytes.
const LONGEST_NOTE: usize = 1_000;

/// The note of whoever knows of an alert; it may be empty.
pub(crate) fn checked_note(note: &str) -> Result<&str, Problem> {
    let note = note.trim();
    if note.len() > LONGEST_NOTE {
        let detail = format!("the note has {} bytes, the most is {LONGEST_NOTE}", note.len());
        return Err(Problem::invalid("invalid-value", "A value makes no sense", detail));
    }
    Ok(note)
}
