//! The table of docs/saving.md: tokens of `o200k_base` by kind of text, as the transcripts are and as they are sent.

#[path = "../../tests/transcripts/mod.rs"]
mod transcripts;

use anvil_compress::{Compressor, Level};
use transcripts::{KINDS, Said, Transcript, Who, held_out};

fn sent(transcript: &Transcript, level: Level) -> Vec<String> {
    let mut compressor = Compressor::new(level);
    let piece = |said: &Said| match said.who {
        Who::Assistant => {
            compressor.kept(&said.text);
            said.text.clone()
        }
        Who::User => {
            compressor.said(&said.text);
            compressor.piece(&said.text)
        }
        Who::Result => compressor.piece(&said.text),
    };
    transcript.said.iter().map(piece).collect()
}

fn main() {
    let tokenizer = tiktoken_rs::o200k_base().expect("its vocabulary is built in");
    let tokens = |texts: &[String]| -> usize {
        texts.iter().map(|text| tokenizer.encode_ordinary(text).len()).sum()
    };
    let mut rows = Vec::new();
    for kind in KINDS {
        let (mut plain, mut lossless, mut lossy) = (0, 0, 0);
        for transcript in held_out().iter().filter(|transcript| transcript.kind == kind) {
            let as_it_is: Vec<_> = transcript.said.iter().map(|said| said.text.clone()).collect();
            let (before, after) = (tokens(&as_it_is), tokens(&sent(transcript, Level::Lossless)));
            assert!(after <= before, "{}: {after} tokens of {before}", transcript.name);
            plain += before;
            lossless += after;
            lossy += tokens(&sent(transcript, Level::Lossy));
        }
        rows.push((kind, plain, lossless, lossy));
    }
    let percent = |before: usize, after: usize| {
        let fewer = (before - after) * 1_000 / before;
        format!("−{}.{} %", fewer / 10, fewer % 10)
    };
    println!("| kind | tokens | `on` | `lossy` |\n|---|--:|--:|--:|");
    for (kind, plain, lossless, lossy) in &rows {
        println!("| {kind} | {plain} | {} | {} |", percent(*plain, *lossless), percent(*plain, *lossy));
    }
    let (before, after) =
        rows[..3].iter().fold((0, 0), |(before, after), row| (before + row.1, after + row.2));
    println!("JSON, logs and repeated context together: {}", percent(before, after));
    assert!(after * 10 <= before * 8, "{after} tokens of {before}");
}
