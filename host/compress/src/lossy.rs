//! What leaves something out that may be missed, and says so where it stood.

mod comments;
mod logs;
mod traces;

pub use comments::without_comments;
pub use logs::without_log_middles;
pub use traces::without_trace_middles;

use std::borrow::Cow;
use std::ops::Range;

/// The text with these lines of it replaced by a word on them. What would not become shorter stays.
fn with_left_out<'t>(text: &'t str, gaps: &[Range<usize>], word: impl Fn(usize) -> String) -> Cow<'t, str> {
    let lines: Vec<_> = text.split_inclusive('\n').collect();
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    for gap in gaps {
        let left_out: usize = lines[gap.clone()].iter().map(|line| line.len()).sum();
        let word = word(gap.len());
        if word.len() >= left_out {
            continue;
        }
        lines[at..gap.start].iter().for_each(|line| out.push_str(line));
        out.push_str(&word);
        at = gap.end;
    }
    if at == 0 {
        return Cow::Borrowed(text);
    }
    lines[at..].iter().for_each(|line| out.push_str(line));
    Cow::Owned(out)
}
