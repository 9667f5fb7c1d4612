//! The journal of a running attempt: what earlier runs were answered, and where this one is in it.

use anvil_sandbox::Stop;
use anvil_store::{JournalEntry, JournalKind, StoreError};
use anvil_types::words::HostTrouble;
use anvil_types::{CallError, Json, Reply, Timestamp};
use std::collections::BTreeMap;

/// What a call is answered.
pub(crate) type Answer = Result<Reply, CallError>;

/// What tells one question from another.
pub(crate) fn hash<T: serde::Serialize + ?Sized>(request: &T) -> [u8; 32] {
    *blake3::hash(Json::of(request).as_str().as_bytes()).as_bytes()
}

/// What ends an attempt where the store did not do as asked.
pub(crate) fn stop(error: StoreError) -> Stop {
    match error {
        StoreError::LeaseLost | StoreError::Refused(_) => Stop::LeaseLost,
        error => Stop::Store(error.to_string()),
    }
}

/// What an entry has, whatever that is.
pub(crate) fn read<T: serde::de::DeserializeOwned>(entry: &JournalEntry) -> Result<T, Stop> {
    serde_json::from_str(entry.answer.as_str()).map_err(|error| {
        let position = entry.position;
        Stop::Store(HostTrouble::JournalUnreadable { position, why: error.to_string() }.to_string())
    })
}

/// A place in the job's journal, and whose answer it is for.
#[derive(Clone, Copy)]
pub(crate) struct JournalSlot {
    pub(crate) position: u32,
    pub(crate) request_hash: [u8; 32],
}

/// What the journal says to the next question.
#[derive(Debug, PartialEq)]
pub(crate) enum Next {
    /// It was asked before: this is the answer.
    Known(JournalEntry),
    /// It is new.
    Live {
        /// Its place.
        position: u32,
        /// Whether the journal goes another way from here: the rest is to be put aside.
        cut: bool,
    },
}

/// A job's journal while an attempt runs.
#[derive(Debug)]
pub(crate) struct Journal {
    entries: BTreeMap<u32, JournalEntry>,
    position: u32,
    time: Timestamp,
}

impl Journal {
    /// A journal from its beginning; the guest's clock begins at `time`.
    pub(crate) fn new(entries: Vec<JournalEntry>, time: Timestamp) -> Self {
        Self {
            entries: entries.into_iter().map(|entry| (entry.position, entry)).collect(),
            position: 0,
            time,
        }
    }

    /// Moves on to the next question. An entry that answers another question makes all that follows
    /// live. A place that was never answered (one of several questions at once, when the host went)
    /// is live by itself.
    pub(crate) fn next(&mut self, kind: JournalKind, request_hash: [u8; 32]) -> Next {
        let position = self.position;
        self.position += 1;
        match self.entries.get(&position) {
            Some(entry) if entry.kind == kind && entry.request_hash == request_hash => {
                self.time = self.time.max(entry.at);
                Next::Known(entry.clone())
            }
            Some(_) => {
                self.entries.split_off(&position);
                Next::Live { position, cut: true }
            }
            None => Next::Live { position, cut: false },
        }
    }

    /// The place of the next question.
    pub(crate) fn position(&self) -> u32 {
        self.position
    }

    /// A live answer came at this time.
    pub(crate) fn answered(&mut self, at: Timestamp) {
        self.time = self.time.max(at);
    }

    /// The time that the guest's clocks show.
    pub(crate) fn time(&self) -> Timestamp {
        self.time
    }

    /// Whether answers of an earlier run are still to come: the guest has said all this before.
    pub(crate) fn replaying(&self) -> bool {
        self.entries.last_key_value().is_some_and(|(last, _)| *last >= self.position)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use anvil_types::Json;

    fn entry(position: u32, hash: u8) -> JournalEntry {
        JournalEntry {
            position,
            kind: JournalKind::Call,
            request_hash: [hash; 32],
            answer: Json::null(),
            at: Timestamp::from_secs(i64::from(position) + 10),
        }
    }

    fn ask(journal: &mut Journal, hash: u8) -> Next {
        journal.next(JournalKind::Call, [hash; 32])
    }

    #[test]
    fn the_same_questions_get_the_same_answers_at_the_same_times() {
        let mut journal = Journal::new(vec![entry(0, 1), entry(1, 2)], Timestamp::from_secs(5));
        assert_eq!(journal.time(), Timestamp::from_secs(5));
        assert!(matches!(ask(&mut journal, 1), Next::Known(_)));
        assert_eq!(journal.time(), Timestamp::from_secs(10));
        assert!(journal.replaying());
        assert!(matches!(ask(&mut journal, 2), Next::Known(_)));
        assert!(!journal.replaying());
        assert_eq!(ask(&mut journal, 3), Next::Live { position: 2, cut: false });
    }

    #[test]
    fn at_the_first_difference_the_rest_is_live() {
        let mut journal = Journal::new(vec![entry(0, 1), entry(1, 2), entry(2, 3)], Timestamp::default());
        assert!(matches!(ask(&mut journal, 1), Next::Known(_)));
        assert_eq!(ask(&mut journal, 9), Next::Live { position: 1, cut: true });
        assert_eq!(ask(&mut journal, 3), Next::Live { position: 2, cut: false });
    }

    #[test]
    fn a_gap_is_live_by_itself() {
        let mut journal = Journal::new(vec![entry(0, 1), entry(2, 3)], Timestamp::default());
        assert!(matches!(ask(&mut journal, 1), Next::Known(_)));
        assert_eq!(ask(&mut journal, 2), Next::Live { position: 1, cut: false });
        assert!(matches!(ask(&mut journal, 3), Next::Known(_)));
    }
}
