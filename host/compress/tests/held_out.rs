//! What compression does to the transcripts that were chosen before its rules were written. In tokens of `o200k_base`: `host/compress/measure`.

mod transcripts;

use anvil_compress::{Compressor, Level, about_tokens};
use std::fmt::Write as _;
use transcripts::{Transcript, Who, held_out};

/// What is sent of it.
fn sent(transcript: &Transcript, level: Level) -> Vec<String> {
    let mut compressor = Compressor::new(level);
    let piece = |said: &transcripts::Said| match said.who {
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

#[test]
fn the_transcripts_are_those_that_were_chosen_before_the_rules() {
    let mut found = String::new();
    for transcript in held_out() {
        let mut hasher = blake3::Hasher::new();
        for said in &transcript.said {
            let who = match said.who {
                Who::User => "user",
                Who::Assistant => "assistant",
                Who::Result => "result",
            };
            hasher.update(format!("{who}\0{}\0", said.text).as_bytes());
        }
        let _ = writeln!(found, "{} {}", &hasher.finalize().to_hex()[..32], transcript.name);
    }
    assert!(found == include_str!("transcripts/DIGESTS"), "others than were chosen:\n{found}");
}

#[test]
fn by_kind_of_text_tokens_fall_and_none_rises() {
    let tokens = |texts: &[String]| -> u64 { texts.iter().map(|text| about_tokens(text)).sum() };
    let mut of_the_three = (0, 0);
    for transcript in held_out() {
        let as_it_is: Vec<_> = transcript.said.iter().map(|said| said.text.clone()).collect();
        let shorter = sent(&transcript, Level::Lossless);
        let (before, after) = (tokens(&as_it_is), tokens(&shorter));
        assert!(after <= before, "{}: {after} tokens of {before}", transcript.name);
        if ["json", "logs", "repeated"].contains(&transcript.kind) {
            of_the_three.0 += before;
            of_the_three.1 += after;
        }
    }
    let (before, after) = of_the_three;
    assert!(after * 10 <= before * 8, "{after} tokens of {before}");
}
