//! The models' prompt caches as Claude keeps them: what a call reads and writes, by its marks.
//!
//! Source: the Messages API's prompt caching. What is read is the longest beginning that was written before and has not
//! expired; what follows it up to the last mark is written, for that mark's time. An entry can be read once the answer that
//! writes it has begun, and lives from the start of the request that used it last.

use crate::kind::Kind;
use anvil_budget::prompt_cache::caches::Mark;
use anvil_budget::prompt_cache::outline::{Beginning, Digest, Outline};
use anvil_budget::{CacheTtl, cache_minimum};
use anvil_types::{Timestamp, Usage};
use std::collections::HashMap;
use std::time::Duration;

/// How many entries there may be until those that have expired are let go.
const MANY: usize = 4_096;

/// The beginnings of a call's prompt; none where it has nothing that can come again, and so is never marked.
pub(crate) fn outline(kind: &Kind, number: usize, job: u64, call: u32, input: u64) -> Option<Outline> {
    if kind.shared == 0 && kind.grows == 0 {
        return None;
    }
    let digest = |tag: u8, of: u64, at: u64| {
        let mut digest = [0; 32];
        digest[0] = tag;
        digest[8..16].copy_from_slice(&of.to_be_bytes());
        digest[16..24].copy_from_slice(&at.to_be_bytes());
        digest
    };
    let stem = (kind.shared > 0).then(|| (digest(1, number as u64, 0), kind.shared));
    // A turn of the agent's, and Claude's and the agent's with each call after it.
    let first = input - kind.grows * u64::from(call);
    let turns: Vec<_> = if kind.grows > 0 {
        let blocks = |at: u32| 2 + 2 * at as usize;
        let turn = |at: u32| (digest(2, job, at.into()), first + kind.grows * u64::from(at), blocks(at));
        (0..=call).map(turn).collect()
    } else {
        vec![(digest(2, job, call.into()), input, 2)]
    };
    Some(Outline::told(stem, &turns))
}

/// What Claude keeps.
#[derive(Debug, Default)]
pub(crate) struct KeptPrompts {
    kept: HashMap<(String, Digest), Kept>,
}

#[derive(Clone, Copy, Debug)]
struct Kept {
    from: Timestamp,
    until: Timestamp,
    ttl: CacheTtl,
}

impl KeptPrompts {
    /// A call of this prompt goes out; its input as its answer will tell it.
    pub(crate) fn ask(
        &mut self,
        model: &str,
        outline: &Outline,
        marks: &[Mark],
        input: u64,
        now: Timestamp,
        first_byte: Duration,
    ) -> Usage {
        let plain = Usage { input_tokens: input, ..Usage::default() };
        let minimum = cache_minimum(model);
        let length = |beginning: &Beginning| outline.tokens(beginning, input);
        let marked = |mark: &Mark| {
            let found = outline.longest_first().find(|beginning| beginning.place == mark.place);
            found.map(|beginning| (*beginning, mark.ttl))
        };
        let marked: Vec<_> =
            marks.iter().filter_map(marked).filter(|(beginning, _)| length(beginning) >= minimum).collect();
        let Some((last, _)) = marked.last() else { return plain };
        let mut read = 0;
        for beginning in outline.longest_first().filter(|beginning| beginning.place <= last.place) {
            let Some(kept) = self.kept.get_mut(&(model.to_owned(), beginning.digest)) else { continue };
            if kept.from <= now && now < kept.until {
                kept.until = now + kept.ttl.duration();
                read = length(beginning);
                break;
            }
        }
        let mut usage = Usage { cache_read_tokens: read, ..Usage::default() };
        let mut written = read;
        for (beginning, ttl) in &marked {
            let tokens = length(beginning);
            if tokens <= written {
                continue;
            }
            let count = match ttl {
                CacheTtl::FiveMinutes => &mut usage.cache_write_5m_tokens,
                CacheTtl::Hour => &mut usage.cache_write_1h_tokens,
            };
            *count += tokens - written;
            written = tokens;
            let kept = Kept { from: now + first_byte, until: now + ttl.duration(), ttl: *ttl };
            self.kept.insert((model.to_owned(), beginning.digest), kept);
        }
        if self.kept.len() > MANY {
            self.kept.retain(|_, kept| kept.until > now);
        }
        usage.input_tokens = input - written;
        usage
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use anvil_api::PlannedJobs;
    use anvil_budget::prompt_cache::outline::Place;

    const MODEL: &str = "claude-sonnet-5-5";
    const NOW: Timestamp = Timestamp::from_secs(1_795_000_000);
    const BEGINS: Duration = Duration::from_secs(1);

    fn kind(shared: u32, grows: u32) -> Kind {
        let jobs = PlannedJobs {
            input_tokens: 10_000,
            shared_tokens: shared,
            grows_tokens: grows,
            ..PlannedJobs::default()
        };
        Kind::of(&jobs, 0).expect("it makes sense")
    }

    #[test]
    fn what_is_shared_is_written_once_and_read_until_it_expires() {
        let (kind, mut kept) = (kind(8_000, 0), KeptPrompts::default());
        let marks = [Mark { place: Place::Stem, ttl: CacheTtl::FiveMinutes }];
        let mut ask = |job, seconds| {
            let outline = outline(&kind, 0, job, 0, 10_000).expect("something is shared");
            let at = NOW + Duration::from_secs(seconds);
            let usage = kept.ask(MODEL, &outline, &marks, 10_000, at, BEGINS);
            (usage.cache_read_tokens, usage.cache_write_5m_tokens, usage.input_tokens)
        };
        assert_eq!(ask(1, 0), (0, 8_000, 2_000));
        assert_eq!(ask(2, 0), (0, 8_000, 2_000), "the first answer has not begun");
        assert_eq!(ask(3, 200), (8_000, 0, 2_000));
        assert_eq!(ask(4, 499), (8_000, 0, 2_000), "a read renews it");
        assert_eq!(ask(5, 799), (0, 8_000, 2_000), "five minutes after the last use it is gone");
    }

    #[test]
    fn a_conversation_reads_what_came_before_and_writes_what_is_new() {
        let (kind, mut kept) = (kind(0, 1_000), KeptPrompts::default());
        let mut ask = |call: u32| {
            let input = 10_000 + 1_000 * u64::from(call);
            let outline = outline(&kind, 0, 7, call, input).expect("it goes on");
            let marks = [Mark { place: outline.whole().place, ttl: CacheTtl::FiveMinutes }];
            let at = NOW + Duration::from_secs(10) * call;
            let usage = kept.ask(MODEL, &outline, &marks, input, at, BEGINS);
            (usage.cache_read_tokens, usage.cache_write_5m_tokens, usage.input_tokens)
        };
        assert_eq!([ask(0), ask(1), ask(2)], [(0, 10_000, 0), (10_000, 1_000, 0), (11_000, 1_000, 0)]);
    }

    #[test]
    fn what_is_too_short_or_not_marked_is_sent_as_it_is() {
        let outline = outline(&kind(3_000, 0), 0, 1, 0, 10_000).expect("something is shared");
        let mut kept = KeptPrompts::default();
        let short = [Mark { place: Place::Stem, ttl: CacheTtl::Hour }];
        for marks in [&short[..], &[]] {
            assert_eq!(kept.ask(MODEL, &outline, marks, 10_000, NOW, BEGINS).input_tokens, 10_000);
        }
    }
}
