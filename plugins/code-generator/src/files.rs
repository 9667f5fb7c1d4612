//! Turns the blocks of an answer into files: exactly those that a person would make of it.

use crate::fences::{self, Block, End};
use crate::language::{self, Kind};
use crate::{names, naming, sound};
use serde::Serialize;
use std::collections::BTreeMap;

/// Why a block beside other files is no file: most likely it is an example.
const NO_NAME: &str = "it has no file name";
/// Why a block is left out though nothing is missing.
const KEPT: &str = "a later version was cut off; the earlier, complete one is kept";

/// Blocks are looked for this deep in Markdown blocks that only wrap an answer.
const WRAPPERS: usize = 3;

/// A file, complete.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// Its name: a relative path that keeps the contract's rules.
    pub name: String,
    /// Its language, as its fence says it.
    pub language: String,
    /// Its content, with `\n` at the end of each line.
    pub content: String,
}

/// What looked like a file and was not handed over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Skipped {
    /// Its name as Claude gave it, made harmless to show.
    pub name: String,
    /// Why.
    pub reason: String,
}

impl Skipped {
    /// Something skipped for a reason.
    pub fn new(name: &str, reason: impl Into<String>) -> Self {
        let mut shown: String = name.chars().take(100).flat_map(char::escape_debug).collect();
        if name.chars().nth(100).is_some() {
            shown.push('…');
        }
        Self { name: shown, reason: reason.into() }
    }
}

/// What an answer holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Harvest {
    /// The files, in the order in which they were first named.
    pub files: Vec<File>,
    /// What was left out, and why.
    pub skipped: Vec<Skipped>,
    /// How many unnamed blocks were taken for commands, output or examples.
    pub ignored: usize,
}

/// Reads the texts of an answer as one.
///
/// Of several complete blocks with one name the last counts; one that is not complete never takes
/// the place of one that is.
pub fn harvest<'a>(texts: impl IntoIterator<Item = &'a str>) -> Harvest {
    let mut blocks = Vec::new();
    for text in texts {
        unwrap(fences::scan(text), WRAPPERS, &mut blocks);
    }
    let mut harvest = Harvest::default();
    let mut incomplete = BTreeMap::new();
    let mut unnamed = Vec::new();
    for block in &blocks {
        match name_of(block) {
            Some(raw) => match names::clean(&raw) {
                Err(reason) => harvest.skipped.push(Skipped::new(&raw, reason.to_string())),
                Ok(name) if block.end == End::Closed => {
                    incomplete.remove(&name);
                    harvest.put(name, block);
                }
                Ok(name) => {
                    incomplete.insert(name, block.end);
                }
            },
            None if language::kind(&block.info.language) == Kind::Program => unnamed.push(block),
            None => harvest.ignored += 1,
        }
    }
    for (name, end) in incomplete {
        let reason = why_incomplete(end, harvest.files.iter().any(|file| file.name == name));
        harvest.skipped.push(Skipped::new(&name, reason));
    }
    harvest.take_unnamed(&unnamed);
    harvest
}

impl Harvest {
    /// What of it Claude has to mend before it can be used: files that do not parse, those that are not whole or have a
    /// name that cannot be, and an answer without any file.
    pub fn faults(&self) -> Vec<Skipped> {
        let parse = self.files.iter().filter_map(|file| Some(Skipped::new(&file.name, unsound(file)?)));
        let skipped = self
            .skipped
            .iter()
            .filter(|skipped| skipped.reason != KEPT && (self.files.is_empty() || skipped.reason != NO_NAME));
        let mut faults: Vec<Skipped> = parse.chain(skipped.cloned()).collect();
        if faults.is_empty() && self.files.is_empty() {
            faults.push(Skipped::new("the answer", "it holds no file in a fenced block"));
        }
        faults
    }

    /// With what Claude gave in place of what was at fault: what parses now takes its place.
    #[must_use]
    pub fn mended(mut self, faults: &[Skipped], mended: Self) -> Self {
        let at_fault = |name: &str| faults.iter().any(|fault| fault.name == name);
        let renamed = mended.files.iter().any(|file| self.files.iter().all(|had| had.name != file.name));
        self.skipped.retain(|skipped| {
            // A name that cannot be has another one now.
            !at_fault(&skipped.name)
                || (!renamed && mended.files.iter().all(|file| file.name != skipped.name))
        });
        for file in mended.files {
            // A good one that is given again and does not parse now stays as it was.
            if unsound(&file).is_none() || !self.has(&file.name) {
                self.add(file);
            }
        }
        for skipped in mended.skipped {
            if skipped.reason != NO_NAME && !self.has(&skipped.name) {
                self.skipped.retain(|had| had.name != skipped.name);
                self.skipped.push(skipped);
            }
        }
        self
    }

    /// Whether a file of this name can be used.
    fn has(&self, name: &str) -> bool {
        self.files.iter().any(|file| file.name == name && unsound(file).is_none())
    }

    /// Without the files that do not parse, which are left out with the reason.
    #[must_use]
    pub fn sound(mut self) -> Self {
        let (bad, good): (Vec<File>, Vec<File>) =
            self.files.into_iter().partition(|file| unsound(file).is_some());
        self.files = good;
        for file in bad {
            let reason = unsound(&file).unwrap_or_default();
            self.skipped.retain(|had| had.name != file.name);
            self.skipped.push(Skipped::new(&file.name, reason));
        }
        self
    }

    fn put(&mut self, name: String, block: &Block<'_>) {
        let language = language::of_file(&block.info.language, &name);
        self.add(File { name, language, content: block.content() });
    }

    fn add(&mut self, file: File) {
        match self.files.iter_mut().find(|earlier| earlier.name == file.name) {
            Some(earlier) => *earlier = file,
            None => self.files.push(file),
        }
    }

    /// The only block of an answer is its file, named or not; beside other files, an unnamed block
    /// is most likely an example.
    fn take_unnamed(&mut self, unnamed: &[&Block<'_>]) {
        let alone = self.files.is_empty() && self.skipped.is_empty() && unnamed.len() == 1;
        for block in unnamed {
            let word = &block.info.language;
            match block.end {
                End::Closed if alone => self.put(language::usual_name(word), block),
                End::Closed => {
                    self.skipped.push(Skipped::new(&format!("unnamed {word} block"), NO_NAME));
                }
                end => {
                    let name = format!("unnamed {word} block");
                    self.skipped.push(Skipped::new(&name, why_incomplete(end, false)));
                }
            }
        }
    }
}

/// Why a file cannot be used as it is.
fn unsound(file: &File) -> Option<String> {
    sound::fault(file).map(|fault| format!("it does not parse: {fault}"))
}

fn why_incomplete(end: End, kept: bool) -> &'static str {
    match (end, kept) {
        (End::Interrupted, false) => "its block was never closed before the next file began",
        (_, false) => "cut off: the answer ended before the file did",
        (_, true) => KEPT,
    }
}

/// The name that a block gives itself, good or bad.
pub fn name_of(block: &Block<'_>) -> Option<String> {
    if let Some(name) = &block.info.name {
        return Some(name.clone());
    }
    let word = &block.info.language;
    let kind = language::kind(word);
    if kind == Kind::Transcript {
        return None;
    }
    // `package.json` above a block of commands is not the commands' name.
    let fits = |name: &String| kind == Kind::Program || word.is_empty() || language::fits(word, name);
    let above = block.line_above.and_then(naming::of_line).filter(fits);
    let comment = naming::of_comment(&block.lines).filter(fits);
    match (above, comment) {
        (Some(above), Some(comment)) if comment.ends_with(&format!("/{above}")) => Some(comment),
        (above, comment) => above.or(comment),
    }
}

/// Puts blocks in place of an unnamed Markdown block that holds them: some answers come wrapped.
fn unwrap<'a>(blocks: Vec<Block<'a>>, depth: usize, into: &mut Vec<Block<'a>>) {
    for block in blocks {
        let wraps = depth > 0 && language::is_markdown(&block.info.language, None);
        if wraps && name_of(&block).is_none() {
            let inner = fences::scan_lines(&block.lines);
            if inner.iter().any(|block| name_of(block).is_some()) {
                unwrap(inner, depth - 1, into);
                continue;
            }
        }
        into.push(block);
    }
}
