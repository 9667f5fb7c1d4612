//! A text's blocks: lines without a blank one between them.

use crate::layout::{Kind, parts};

/// One block, without the end of its last line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Block {
    pub start: usize,
    pub end: usize,
    /// Nothing of it is code outside of whole fences, or may be part of a string.
    pub plain: bool,
}

/// The blocks, told apart by what they are.
pub(crate) fn blocks(text: &str) -> Vec<Block> {
    let mut blocks: Vec<Block> = Vec::new();
    let (mut at, mut goes_on) = (0, false);
    for part in parts(text) {
        let start = at;
        at += part.text.len();
        if part.kind == Kind::Blank {
            goes_on = false;
            continue;
        }
        let end = at - (part.text.len() - part.text.trim_end_matches('\n').len());
        let plain = matches!(part.kind, Kind::Plain | Kind::Json | Kind::Fenced);
        match blocks.last_mut().filter(|_| goes_on) {
            Some(block) => (block.end, block.plain) = (end.max(block.end), block.plain && plain),
            None => blocks.push(Block { start, end: end.max(start), plain }),
        }
        goes_on = true;
    }
    blocks
}

/// Where blocks begin, whatever they are: what refers to one is read by this alone.
pub(crate) fn beginnings(text: &str) -> impl Iterator<Item = usize> {
    let mut at = 0;
    let mut after_blank = true;
    text.split_inclusive('\n').filter_map(move |line| {
        let start = at;
        at += line.len();
        let blank = line.trim().is_empty();
        let begins = after_blank && !blank;
        after_blank = blank;
        begins.then_some(start)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_told_apart_by_blank_lines_outside_of_code() {
        let text = "a\nb\n\n```\nx\n\ny\n```\n\n    code\n\nend";
        let found: Vec<_> =
            blocks(text).into_iter().map(|block| (&text[block.start..block.end], block.plain)).collect();
        assert_eq!(found, [("a\nb", true), ("```\nx\n\ny\n```", true), ("    code", false), ("end", true)]);
        let begin: Vec<_> = beginnings(text).map(|at| &text[at..=at]).collect();
        assert_eq!(begin, ["a", "`", "y", " ", "e"]);
    }
}
