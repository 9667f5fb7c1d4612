//! Texts that were sent before in the same conversation are sent once.

use crate::blocks::{Block, blocks};
use crate::reference::{Sent, is_like_reference};
use crate::tokens::about_tokens;

/// What is shorter, in bytes, is sent again: a reference has to be read, too.
const SHORTEST: usize = 240;
/// Bytes of each piece that are compared with what was sent before, and turn out to be referred to by nothing: so often its own,
const PATIENCE: usize = 8;
/// and so many more.
const LEAST: usize = 1 << 20;
/// What a search for what a reference may mean costs beside, in bytes.
const SEARCH: usize = 4_096;

/// Takes a piece, and answers what of it is sent: what was sent before is replaced by a reference to where it stands first.
/// A piece that is all the same as what stands before it, whatever it is; of others whole plain blocks alone.
pub(crate) fn once(sent: &mut Sent, text: &str) -> String {
    if text.len() < SHORTEST {
        sent.push(text);
        return text.to_owned();
    }
    sent.push("");
    // Nobody could tell its own from those that are put in.
    let blocks = if is_like_reference(text) { Vec::new() } else { blocks(text) };
    let mut seeker = Seeker { text, blocks: &blocks, patience: text.len() * PATIENCE + LEAST };
    let (mut at, mut number) = (0, 0);
    while let Some(block) = blocks.get(number) {
        sent.go_on(&text[at..block.start]);
        if let Some((run, reference)) = seeker.sent_before(sent, number) {
            let end = blocks[number + run - 1].end;
            sent.refer(&reference, &text[block.start..end]);
            at = end;
            number += run;
        } else {
            let end = blocks.get(number + 1).map_or(text.len(), |next| next.start);
            sent.go_on(&text[block.start..end]);
            at = end;
            number += 1;
        }
    }
    sent.go_on(&text[at..]);
    sent.last().to_owned()
}

/// Looks in a piece for what was sent before.
struct Seeker<'t> {
    text: &'t str,
    blocks: &'t [Block],
    /// Bytes that are still compared in vain.
    patience: usize,
}

impl Seeker<'_> {
    /// How many blocks from this one on were sent before, one after the other, and what refers to them and to nothing else.
    fn sent_before(&mut self, sent: &Sent, number: usize) -> Option<(usize, String)> {
        let blocks = &self.blocks[number..];
        let start = blocks.first()?.start;
        if self.patience == 0 {
            return None;
        }
        let before = sent.like(&self.text[start..])?;
        let ends_there = |length: usize| before[length..].is_empty() || before[length..].starts_with('\n');
        let last = blocks.last().filter(|last| {
            number == 0 && before.starts_with(&self.text[start..last.end]) && ends_there(last.end - start)
        });
        if last.is_some() {
            let found = self.reference(sent, blocks, blocks.len());
            if found.is_some() {
                return found;
            }
        }
        let (mut run, mut end) = (0, start);
        for block in blocks.iter().take_while(|block| block.plain) {
            let same =
                before.get(end - start..).is_some_and(|rest| rest.starts_with(&self.text[end..block.end]));
            if !same || !ends_there(block.end - start) {
                break;
            }
            (run, end) = (run + 1, block.end);
        }
        // Where all of them may be several texts, fewer may be one.
        while run > 0 {
            let found = self.reference(sent, blocks, run);
            if found.is_some() {
                return found;
            }
            run /= 2;
        }
        None
    }

    /// A reference to the first blocks, where it means them alone and is shorter.
    fn reference(&mut self, sent: &Sent, blocks: &[Block], run: usize) -> Option<(usize, String)> {
        let same = &self.text[blocks.first()?.start..blocks.get(run.checked_sub(1)?)?.end];
        if same.len() < SHORTEST || self.patience == 0 {
            return None;
        }
        let reference = sent
            .reference_to(same)
            .filter(|reference| reference.len() < same.len() && about_tokens(reference) < about_tokens(same));
        if reference.is_none() {
            self.patience = self.patience.saturating_sub(same.len() + SEARCH);
        }
        Some((run, reference?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reference::rebuilt;

    const RULES: &str = "# Rules\n\nWrite at most a hundred and twenty words on each page, and name every button as it is \
                         called on the screen.\n\nSay what can go wrong, and what is to be done then; never promise when a \
                         transfer arrives, since nobody in this house can know that.";

    fn sent(pieces: &[&str]) -> Vec<String> {
        let mut sent = Sent::default();
        pieces.iter().map(|piece| once(&mut sent, piece)).collect()
    }

    #[test]
    fn what_was_sent_before_is_referred_to_and_can_be_read() {
        let (one, two) =
            (format!("{RULES}\n\nWrite the first page."), format!("{RULES}\n\nWrite the second page.\n"));
        let told = sent(&[&one, &two]);
        assert_eq!(told[0], one);
        let ending = &RULES[RULES.len() - 24..];
        let reference = format!(
            "[The same text as above, from \"# Rules\" to \"{ending}\": {} characters.]",
            RULES.len()
        );
        assert_eq!(told[1], format!("{reference}\n\nWrite the second page.\n"));
        assert_eq!(rebuilt(told.iter().map(String::as_str)), [one, two]);
    }

    #[test]
    fn parts_of_code_are_never_replaced_and_all_of_it_is() {
        let code = format!("def f():\n    return 1\n\n    # {}\n\ndef g():\n    return 2\n", "x".repeat(300));
        let changed = code.replace("return 2", "return 3");
        let told = sent(&[&code, &changed, &code]);
        assert_eq!(told[1], changed);
        assert!(told[2].len() < 200 && told[2].ends_with("]\n"), "{}", told[2]);
        assert_eq!(rebuilt(told.iter().map(String::as_str)), [code.clone(), changed, code]);
    }

    #[test]
    fn a_text_that_has_a_reference_of_its_own_stays() {
        let own = format!("[The same text as above, from \"x\" to \"y\": 3 characters.]\n\n{RULES}");
        assert_eq!(sent(&[RULES, &own])[1], own);
    }

    #[test]
    fn what_is_short_is_sent_again() {
        assert_eq!(sent(&["Go on.\n\nPlease.", "Go on.\n\nPlease."]), ["Go on.\n\nPlease."; 2]);
    }
}
