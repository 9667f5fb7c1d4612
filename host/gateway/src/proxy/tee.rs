//! An answer's bytes go on as they come, and are read beside that.

use crate::proxy::pass::AnswerPiece;
use crate::upstream::answer::Answer;
use crate::upstream::failed::Failed;
use crate::upstream::observer::{AnswerHead, Ending, Observer, Wanted};
use crate::upstream::reading::Reading;
use crate::upstream::secrets::{Redactor, Shown};
use crate::upstream::sign::Sign;
use bytes::Bytes;
use std::time::Duration;
use tokio::sync::mpsc;

/// The most bytes of one answer that go on: far more than the longest has.
const MOST_BYTES: usize = 64 * 1024 * 1024;
/// The headers that go on: what they say is the answer's own, not its connection's.
const HEADERS: [&str; 5] =
    ["content-type", "content-encoding", "request-id", "retry-after", "x-should-retry"];

/// Hands an answer's bytes on, and reads what they say.
pub(crate) struct Tee<'a> {
    reading: Reading<'a>,
    redactor: &'a Redactor,
    shown: Shown<'a>,
    pieces: &'a mpsc::UnboundedSender<AnswerPiece>,
    bytes: usize,
}

impl<'a> Tee<'a> {
    pub(crate) fn new(
        answer: &'a mut Answer,
        redactor: &'a Redactor,
        idle: Duration,
        pieces: &'a mpsc::UnboundedSender<AnswerPiece>,
    ) -> Self {
        let reading = Reading::new(answer, None, redactor, idle);
        Self { reading, redactor, shown: Shown::new(redactor), pieces, bytes: 0 }
    }

    /// What was read.
    pub(crate) fn verdict(self) -> Result<(), Box<Failed>> {
        self.reading.verdict()
    }

    // Whoever asked may be gone; what is under way is read to its end all the same.
    fn hand_on(&self, bytes: Bytes) {
        if !bytes.is_empty() {
            let _ = self.pieces.send(AnswerPiece::Bytes(bytes));
        }
    }

    // Byte for byte as they came, but for a secret of the upstream's.
    fn clean(&mut self, bytes: &Bytes) -> Bytes {
        if self.redactor.knows_none() {
            return bytes.clone();
        }
        // Each byte as a character of its own.
        let text: String = bytes.iter().map(|byte| char::from(*byte)).collect();
        as_bytes(&self.shown.push(&text))
    }
}

impl Observer for Tee<'_> {
    fn head(&mut self, head: &AnswerHead<'_>) -> Wanted {
        let goes_on = |name: &str| HEADERS.contains(&name) || name.starts_with("anthropic-");
        let headers = head.headers.iter().filter(|(name, _)| goes_on(name.as_str()));
        let headers = headers.filter_map(|(name, value)| {
            Some((name.as_str().to_owned(), self.redactor.clean(value.to_str().ok()?).into_owned()))
        });
        let _ = self.pieces.send(AnswerPiece::Head { status: head.status, headers: headers.collect() });
        self.reading.head(head);
        Wanted::More
    }

    fn chunk(&mut self, bytes: &Bytes, sign: &mut (dyn FnMut(Sign<'_>) + Send)) -> Wanted {
        self.bytes = self.bytes.saturating_add(bytes.len());
        if self.bytes > MOST_BYTES {
            return Wanted::Enough;
        }
        self.reading.chunk(bytes, sign);
        let clean = self.clean(bytes);
        self.hand_on(clean);
        Wanted::More
    }

    fn end(&mut self, ending: &Ending, sign: &mut (dyn FnMut(Sign<'_>) + Send)) {
        self.reading.end(ending, sign);
        let rest = as_bytes(&self.shown.finish());
        self.hand_on(rest);
    }
}

fn as_bytes(text: &str) -> Bytes {
    text.chars().map(|char| u8::try_from(char).unwrap_or(b'?')).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ApiKey;
    use crate::config::Upstream;
    use anvil_types::UpstreamKind;

    #[test]
    fn a_secret_is_taken_out_wherever_it_is_cut_and_every_other_byte_stays() {
        let key = "sk-ant-api03-SECRETSECRETSECRET";
        let base_url = "https://api.anthropic.com".to_owned();
        let upstream = Upstream { kind: UpstreamKind::Live, base_url, api_key: Some(ApiKey::new(key)) };
        let redactor = Redactor::of(&upstream);
        let sent = [b"\xff\x00 your key ", key.as_bytes(), b" is \xc3\xb6dd sk-ant-"].concat();
        for cut in 0..sent.len() {
            let (sender, mut pieces) = mpsc::unbounded_channel();
            let mut answer = Answer::default();
            let mut tee = Tee::new(&mut answer, &redactor, Duration::from_secs(1), &sender);
            for part in [&sent[..cut], &sent[cut..]] {
                tee.chunk(&Bytes::copy_from_slice(part), &mut |_| ());
            }
            tee.end(&Ending::Whole, &mut |_| ());
            let mut got = Vec::new();
            while let Ok(AnswerPiece::Bytes(bytes)) = pieces.try_recv() {
                got.extend_from_slice(&bytes);
            }
            assert_eq!(got, b"\xff\x00 your key [redacted] is \xc3\xb6dd sk-ant-", "cut at {cut}");
        }
    }
}
